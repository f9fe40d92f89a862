// SPDX-License-Identifier: Apache-2.0
// SipHash-1-3 as CPython computes it: from 3.11 on it hashes bytes so, with the key 0 where
// PYTHONHASHSEED is 0.
#include "bpf/lib/siphash.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>

namespace aspis {
namespace {

std::uint64_t hash_of(std::string_view text, std::uint64_t key0, std::uint64_t key1) {
  siphash hash = siphash_begin(key0, key1);
  const std::size_t length = text.size();
  std::uint64_t word = 0;
  for (; text.size() >= sizeof(word); text.remove_prefix(sizeof(word))) {
    std::memcpy(&word, text.data(), sizeof(word));
    siphash_word(&hash, word);
  }
  word = 0;
  std::memcpy(&word, text.data(), text.size());
  return siphash_end(&hash, word, length);
}

std::string output_of(const char* command) {
  std::string out;
  FILE* pipe = ::popen(command, "r");
  if (pipe == nullptr) return out;
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof(buffer), pipe))
    out.append(buffer, got);
  ::pclose(pipe);
  return out;
}

TEST(SipHash, IsCPythons) {
  std::istringstream told(output_of(
      "PYTHONHASHSEED=0 /usr/bin/python3 -c 'import sys\n"
      "if sys.hash_info.algorithm == \"siphash13\":\n"
      "    for n in range(1, 300): print(hash(b\"a\" * (n // 2) + b\"/\" * (n - n // 2)))' 2>&1"));
  std::int64_t expected = 0;
  std::size_t length = 1;
  for (; told >> expected; length++) {
    const std::string text = std::string(length / 2, 'a') + std::string(length - length / 2, '/');
    EXPECT_EQ(static_cast<std::int64_t>(hash_of(text, 0, 0)), expected) << length;
  }
  if (length == 1) GTEST_SKIP() << "/usr/bin/python3 is none that hashes by SipHash-1-3";
  EXPECT_EQ(length, 300U);
}

TEST(SipHash, TheKeyAndEachByteCount) {
  const std::string path = "/srv/uploads/alice/photo.jpg";
  const std::uint64_t hash = hash_of(path, 1, 2);
  EXPECT_NE(hash, hash_of(path, 1, 3));
  EXPECT_NE(hash, hash_of(path, 2, 2));
  EXPECT_NE(hash, hash_of(path + '\0', 1, 2));
  for (std::size_t at = 0; at < path.size(); at++) {
    std::string other = path;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_NE(hash, hash_of(other, 1, 2)) << at;
  }
}

}  // namespace
}  // namespace aspis
