// SPDX-License-Identifier: Apache-2.0
// ELF files of our own making: what is found in them, and that no damage to one does harm.
#include "probes/elf/elf_file.h"

#include <gtest/gtest.h>

#include "probes/cpython/find.h"
#include "tests/unit/probes/tiny_elf.h"

namespace aspis::cpython {
namespace {

using aspis::testing::TinyElf;

std::optional<Interpreter> look(const TinyElf& elf, std::string_view name = "/opt/python",
                                std::string* reason = nullptr) {
  return inspect_bytes(elf.build(), name, reason);
}

TEST(Inspect, FindsProbeSymbolsAndBuildId) {
  const auto found = look(TinyElf{});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->sites.probe, Probe::kUsdt);
  EXPECT_EQ(found->sites.sites.size(), 2U);
  EXPECT_FALSE(found->free_threaded);
  EXPECT_EQ(found->build_id, "01abff");
  EXPECT_EQ(found->library, "");
  EXPECT_EQ(found->path, "/opt/python");
}

TEST(Inspect, TakesTheVersionFromThePyVersionSymbol) {
  const auto found = look(TinyElf{}, "/opt/python3.9");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->major, 3);
  EXPECT_EQ(found->minor, 13);
  EXPECT_EQ(found->micro, 2);
}

TEST(Inspect, TakesTheVersionFromNames) {
  TinyElf elf;
  elf.exports = {"PySys_Audit"};
  auto found = look(elf, "/opt/python3.9/bin/python3.10");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->minor, 10);
  EXPECT_EQ(found->micro, -1);
  elf.soname = "libpython3.8.so.1.0";
  found = look(elf, "/opt/python3.10");
  EXPECT_EQ(found->minor, 8);
  elf.soname.clear();
  found = look(elf, "/opt/python3");
  EXPECT_EQ(found->major, 0);
}

TEST(Inspect, TakesTheVersionFromStrings) {
  TinyElf elf;
  elf.exports = {"PySys_Audit"};
  elf.rodata = std::string("x\0003.9.18+\0", 10);
  auto found = look(elf, "/opt/python3");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->minor, 9);
  EXPECT_EQ(found->micro, 18);
  // Not a version of its own: only believed when it says what the file's name says.
  elf.rodata = std::string("/opt/3.9.18\0", 12);
  EXPECT_EQ(look(elf, "/opt/python3")->major, 0);
  EXPECT_EQ(look(elf, "/opt/python3.9")->micro, 18);
  EXPECT_EQ(look(elf, "/opt/python3.10")->micro, -1);
}

TEST(Inspect, KnowsFreeThreadedBuilds) {
  TinyElf elf;
  elf.soname = "libpython3.13t.so.1.0";
  EXPECT_TRUE(look(elf)->free_threaded);
  elf.soname.clear();
  EXPECT_TRUE(look(elf, "/opt/python3.13t")->free_threaded);
  elf.exports.emplace_back("_Py_MergeZeroLocalRefcount");
  EXPECT_TRUE(look(elf)->free_threaded);
}

TEST(Inspect, CountsPythonAuditProbesOnly) {
  TinyElf elf;
  elf.probe = "gc__start";
  EXPECT_NE(look(elf)->sites.probe, Probe::kUsdt);
  elf.probe = "audit";
  elf.provider = "ruby";
  EXPECT_NE(look(elf)->sites.probe, Probe::kUsdt);
  elf.provider = "python";
  elf.semaphore = 0;
  EXPECT_EQ(look(elf)->sites.sites.at(0).semaphore, 0U);
}

// An extension module calls PySys_Audit, it doesn't have it.
TEST(Inspect, DoesNotTakeAnImportForAnExport) {
  TinyElf elf;
  elf.locations = 0;
  elf.exports = {"PyInit_x"};
  elf.imports = {"PySys_Audit"};
  EXPECT_FALSE(look(elf, "x.cpython-311-x86_64-linux-gnu.so"));
}

TEST(Inspect, NamesTheLibraryOfALauncher) {
  TinyElf elf;
  elf.locations = 0;
  elf.exports = {"main"};
  elf.needed = "libpython3.12.so.1.0";
  elf.runpath = "$ORIGIN/../lib";
  const auto found = look(elf);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->library, "libpython3.12.so.1.0");
  EXPECT_EQ(found->runpath, "$ORIGIN/../lib");
  EXPECT_EQ(found->minor, 12);
  elf.needed = "libpython3.7m.so.1.0";  // has no audit events
  EXPECT_FALSE(look(elf));
}

TEST(Inspect, SaysWhyNot) {
  std::string reason;
  EXPECT_FALSE(inspect_bytes({}, "empty", &reason));
  EXPECT_EQ(reason, "not an ELF file");
  TinyElf elf;
  elf.machine = EM_AARCH64;
  EXPECT_FALSE(look(elf, "python3.11", &reason));
  EXPECT_EQ(reason, "built for another machine than x86-64");
  elf.machine = EM_X86_64;
  elf.type = ET_REL;
  EXPECT_FALSE(look(elf, "python3.11", &reason));
  EXPECT_EQ(reason, "neither an executable nor a shared object");
  elf.type = ET_DYN;
  elf.locations = 0;
  elf.exports = {"main"};
  EXPECT_FALSE(look(elf, "python3.11", &reason));
  EXPECT_EQ(reason, "no CPython 3.8 or later in it");
  EXPECT_TRUE(look(TinyElf{}, "python3.11", &reason));
  EXPECT_EQ(reason, "");
}

// Under AddressSanitizer these show reads outside the file.
TEST(Inspect, SurvivesEveryTruncation) {
  const std::string file = TinyElf{}.build();
  for (std::size_t length = 0; length < file.size(); ++length) {
    const std::string part = file.substr(0, length);
    EXPECT_FALSE(inspect_bytes(part, "python3.13")) << length;
  }
}

TEST(Inspect, SurvivesEveryDamagedByte) {
  TinyElf elf;
  elf.soname = "libpython3.13.so.1.0";
  elf.exports.emplace_back("main");
  std::string file = elf.build();
  int found = 0;
  for (std::size_t at = 0; at < file.size(); ++at) {
    const char right = file[at];
    for (const int wrong : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      file[at] = static_cast<char>(wrong);
      found += inspect_bytes(file, "python3.13").has_value() ? 1 : 0;
    }
    file[at] = right;
  }
  EXPECT_GT(found, 0);
}

}  // namespace
}  // namespace aspis::cpython
