// SPDX-License-Identifier: Apache-2.0
#include "probes/elf/mappings.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace aspis::elf {
namespace {

// What stands in the file at an offset stands in memory where the mappings say: of this program.
TEST(Mappings, LeadFromTheFileToItsBytesInMemory) {
  const auto mappings = mappings_of(::getpid());
  ASSERT_TRUE(mappings) << mappings.error().text();
  struct stat self{};
  ASSERT_EQ(::stat("/proc/self/exe", &self), 0);
  std::ifstream file("/proc/self/exe", std::ios::binary);
  int compared = 0;
  for (const Mapping& mapping : *mappings) {
    if (mapping.inode != self.st_ino || !mapping.allows('x')) continue;
    const std::uint64_t offset = mapping.offset + 64;
    const auto addresses = addresses_of(*mappings, mapping, offset, 'x');
    ASSERT_EQ(addresses.size(), 1U);
    char bytes[64];
    file.seekg(static_cast<std::streamoff>(offset));
    ASSERT_TRUE(file.read(bytes, sizeof(bytes)));
    EXPECT_EQ(std::memcmp(bytes, reinterpret_cast<const void*>(addresses[0]), sizeof(bytes)), 0);
    EXPECT_TRUE(addresses_of(*mappings, mapping, offset, 'w').empty());
    ++compared;
  }
  EXPECT_EQ(compared, 1);
}

TEST(Mappings, OfNoProcessAreAnError) {
  EXPECT_FALSE(mappings_of(-1));
}

}  // namespace
}  // namespace aspis::elf
