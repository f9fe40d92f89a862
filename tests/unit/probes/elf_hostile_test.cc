// SPDX-License-Identifier: Apache-2.0
// Damaged and hostile ELF files: nothing outside of them is read (AddressSanitizer shows it), the
// time that they take is bounded, and nothing is said of them that cannot be true.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "probes/cpython/raising.h"
#include "probes/elf/unwind_table.h"
#include "tests/unit/probes/elf_claims.h"
#include "tests/unit/probes/small_elfs.h"

namespace aspis::cpython {
namespace {

using testing::small_elfs;
using testing::TinyElf;
using testing::wrong_claim;

std::optional<Interpreter> look(const TinyElf& elf) {
  return inspect_bytes(elf.build(), "python3.13");
}

/// A file's bytes in a block of just its size, so that a byte too far is seen.
std::vector<char> exact(std::string_view bytes) {
  return {bytes.begin(), bytes.end()};
}

std::string debians_python() {
  std::ifstream file("/usr/bin/python3.11", std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(HostileElf, SmallOnesHaveWhatIsLookedFor) {
  const auto files = small_elfs();
  ASSERT_EQ(files.size(), 6U);
  EXPECT_EQ(inspect_bytes(files[0], "python3.13")->sites.probe, Probe::kUsdt);
  const auto functions = inspect_bytes(files[1], "python3.13");
  EXPECT_EQ(functions->sites.probe, Probe::kCalls);
  EXPECT_EQ(functions->sites.sites.size(), 3U);
  EXPECT_TRUE(functions->sites.missed.empty());
  EXPECT_EQ(inspect_bytes(files[5], "python3.13")->library, "libpython3.12.so.1.0");
  for (const std::string& file : files) EXPECT_EQ(wrong_claim(exact(file)), "");
}

TEST(HostileElf, CodeThatIsNotExecutableIsNotProbed) {
  TinyElf elf;
  elf.flags = PF_R | PF_W;
  EXPECT_TRUE(look(elf)->sites.sites.empty());
  EXPECT_EQ(look(elf)->sites.probe, Probe::kNone);
  elf.functions = true;
  EXPECT_TRUE(look(elf)->sites.sites.empty());
  EXPECT_EQ(look(elf)->sites.probe, Probe::kNone);
}

TEST(HostileElf, SemaphoreThatCannotBeWrittenIsNoProbe) {
  TinyElf elf;
  elf.flags = PF_R | PF_X;
  EXPECT_NE(look(elf)->sites.probe, Probe::kUsdt);
  elf.semaphore = false;
  EXPECT_EQ(look(elf)->sites.probe, Probe::kUsdt);
}

TEST(HostileElf, NoteThatPointsToNoNopIsNoProbe) {
  TinyElf elf;
  elf.nop = '\x55';  // push %rbp
  EXPECT_NE(look(elf)->sites.probe, Probe::kUsdt);
}

// One file must not use up the table of sites, which is for all.
TEST(HostileElf, ThousandsOfLocationsAreNotAllProbed) {
  TinyElf elf;
  elf.locations = 5000;
  const auto found = look(elf);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sites.sites.size(), 16U);
  ASSERT_EQ(found->sites.missed.size(), 1U);
  EXPECT_EQ(found->sites.missed[0], "4984 of 5000 places of the USDT probe");
}

// Each word of data names each of the texts: looking for every pair would take hours.
TEST(HostileElf, TextsAndMethodsWithoutEndAreGivenUp) {
  TinyElf elf;
  elf.functions = true;
  elf.locations = 0;
  for (int i = 0; i < 1'000'000; ++i) elf.rodata.append("audit\0", 6);
  elf.words.assign(300'000, TinyElf::kBase);
  const auto begin = std::chrono::steady_clock::now();
  const auto found = look(elf);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  ASSERT_TRUE(found);
  EXPECT_FALSE(found->sites.missed.empty());
}

TEST(HostileElf, EveryDamagedByteOfSmallOnes) {
  for (const std::string& whole : small_elfs()) {
    std::vector<char> file = exact(whole);
    for (std::size_t at = 0; at < file.size(); ++at) {
      const char right = file[at];
      for (const int wrong : {0x00, 0x01, 0x7f, 0x80, 0xff, right ^ 0x10}) {
        file[at] = static_cast<char>(wrong);
        ASSERT_EQ(wrong_claim(file), "") << "byte " << at << " as " << wrong;
      }
      file[at] = right;
    }
  }
}

TEST(HostileElf, ManyDamagesAtOnce) {
  std::mt19937_64 random(11);
  for (const std::string& whole : small_elfs()) {
    for (int round = 0; round < 5000; ++round) {
      std::string bytes = whole;
      for (std::uint64_t count = 1 + random() % 6; count != 0; --count) {
        const std::size_t at = random() % (bytes.size() / 8) * 8;
        const std::uint64_t words[] = {random(),     random() % bytes.size(),
                                       ~0ULL,        1ULL << 63,
                                       bytes.size(), TinyElf::kBase + random() % bytes.size()};
        std::memcpy(bytes.data() + at, &words[random() % std::size(words)], 8);
      }
      if (random() % 4 == 0) bytes.resize(random() % bytes.size());
      ASSERT_EQ(wrong_claim(exact(bytes)), "") << "round " << round;
    }
  }
}

// Its headers, notes, symbol and section tables.
TEST(HostileElf, DamagedTablesOfARealInterpreter) {
  std::string whole = debians_python();
  if (whole.empty()) GTEST_SKIP() << "no /usr/bin/python3.11";
  ASSERT_EQ(wrong_claim(exact(whole)), "");
  Elf64_Ehdr head;
  std::memcpy(&head, whole.data(), sizeof(head));
  struct Part {
    std::size_t begin, length;
  };
  std::vector<Part> parts = {{0, sizeof(head) + head.e_phnum * sizeof(Elf64_Phdr)},
                             {head.e_shoff, head.e_shnum * sizeof(Elf64_Shdr)}};
  for (unsigned i = 0; i < head.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, whole.data() + head.e_shoff + i * sizeof(section), sizeof(section));
    if (section.sh_type == SHT_NOTE || section.sh_type == SHT_DYNSYM ||
        section.sh_type == SHT_DYNAMIC || section.sh_type == SHT_STRTAB)
      parts.push_back({section.sh_offset, section.sh_size});
  }
  ASSERT_GT(parts.size(), 6U);
  std::mt19937_64 random(12);
  std::vector<char> file = exact(whole);
  for (const Part& part : parts) {
    for (int round = 0; round < 100; ++round) {
      std::vector<std::size_t> damaged;
      for (std::uint64_t count = 1 + random() % 4; count != 0; --count) {
        damaged.push_back(part.begin + random() % part.length);
        file[damaged.back()] = static_cast<char>(random());
      }
      ASSERT_EQ(wrong_claim(file, "python3.11"), "") << "round " << round << " at " << part.begin;
      for (const std::size_t at : damaged) file[at] = whole[at];
    }
  }
}

// What says where functions begin, and is what threads are sent elsewhere by.
TEST(HostileElf, DamagedUnwindTableOfARealInterpreter) {
  const std::string whole = debians_python();
  if (whole.empty()) GTEST_SKIP() << "no /usr/bin/python3.11";
  std::vector<char> file = exact(whole);
  std::string reason;
  const auto elf = elf::ElfFile::open(elf::ByteSource(file), reason);
  ASSERT_TRUE(elf);
  const auto sites = [&] { return cpython::find_raising_sites(*elf, 11, reason).size(); };
  ASSERT_EQ(sites(), 2U) << reason;
  const auto header = elf->segment(PT_GNU_EH_FRAME);
  ASSERT_TRUE(header);
  const std::size_t begin = *elf->offset_of(header->address), length = header->bytes.size();
  for (const std::size_t at : {0, 1, 2, 3, 11}) {  // version, encodings, number of entries
    file[begin + at] = static_cast<char>(file[begin + at] ^ 0x40);
    EXPECT_EQ(sites(), 0U) << at;
    file[begin + at] = whole[begin + at];
  }
  std::mt19937_64 random(13);
  const std::size_t after = begin + length;  // .eh_frame is next, in the same segment
  for (int round = 0; round < 300; ++round) {
    std::vector<std::size_t> damaged;
    for (int count = 0; count < 20000; ++count) {
      damaged.push_back(begin + random() % (2 * length));
      file[damaged.back()] = static_cast<char>(random());
    }
    EXPECT_EQ(round % 100 == 0 ? testing::wrong_raising(file, *elf, 11) : "", "") << round;
    if (const auto table = elf::UnwindTable::read(*elf)) {
      for (int count = 0; count < 1000; ++count) {
        const std::uint64_t address = count % 2 == 0 ? random() : 0x400000 + random() % after;
        const auto found = table->find(address);
        ASSERT_TRUE(!found || found->contains(address)) << round;
      }
    }
    for (const std::size_t at : damaged) file[at] = whole[at];
  }
}

// Without USDT all of its code is searched; what is cut off leaves headers that lead nowhere.
TEST(HostileElf, ShrunkAndTruncatedRealInterpreter) {
  const std::string whole = debians_python();
  if (whole.empty()) GTEST_SKIP() << "no /usr/bin/python3.11";
  for (const std::size_t most : {64, 512, 4096, 65536}) {
    const std::string small = testing::shrunk_elf(whole, most);
    EXPECT_EQ(wrong_claim(exact(small), "python3.11"), "") << most;
    for (std::size_t length = 0; length < small.size(); length += small.size() / 40 + 1)
      EXPECT_EQ(wrong_claim(exact(small.substr(0, length)), "python3.11"), "") << length;
  }
}

}  // namespace
}  // namespace aspis::cpython
