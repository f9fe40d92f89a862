// SPDX-License-Identifier: Apache-2.0
// Where audit events are read, against the symbols that the builds have.
#include "probes/cpython/sites.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "probes/cpython/find.h"
#include "probes/cpython/layouts.h"
#include "probes/cpython/operand.h"
#include "probes/cpython/prologue.h"
#include "tests/unit/probes/pythons.h"
#include "tests/unit/probes/symbols.h"

namespace aspis::cpython {
namespace {

using testing::code_file;
using testing::functions_of;
using testing::Range;

struct Found {
  std::uint64_t calls_outer = 0, calls_inner = 0, sys_audit = 0, entry = 0, elsewhere = 0;
};

Found sort_out(const Sites& sites, const std::map<std::string, Range>& functions) {
  Found found;
  for (const Site& site : sites.sites) {
    const auto in = [&](const char* name) {
      const auto entry = functions.find(name);
      return entry != functions.end() && entry->second.contains(site.row.location);
    };
    if (site.row.form == ASPIS_SITE_CALL && in("PySys_Audit"))
      ++found.calls_outer;
    else if (site.row.form == ASPIS_SITE_CALL && in("_PySys_Audit"))
      ++found.calls_inner;
    else if (site.row.form == ASPIS_SITE_SYS_AUDIT && in("sys_audit"))
      ++found.sys_audit;
    else if (site.row.form == ASPIS_SITE_ENTRY && in("PySys_Audit"))
      ++found.entry;
    else
      ++found.elsewhere;
  }
  return found;
}

TEST(Sites, AreInTheFunctionsThatRaiseEvents) {
  int seen = 0;
  for (const std::string& python : testing::pyenv_pythons()) {
    const std::string file = code_file(python);
    if (file.empty()) continue;
    const auto functions = functions_of(file);
    ASSERT_TRUE(functions.contains("sys_audit")) << file;
    // Stripped: only what is exported has a name left.
    const std::string stripped = "/tmp/aspis-stripped-" + std::to_string(::getpid());
    ASSERT_EQ(testing::run("strip -s -o " + stripped + " '" + file + "'").status, 0);
    for (const std::string& one : {file, stripped}) {
      const auto interpreter = inspect(one)->value();
      const Found found = sort_out(interpreter.sites, functions);
      EXPECT_EQ(found.sys_audit, 1U) << file;
      EXPECT_EQ(found.elsewhere, 0U) << file;
      if (interpreter.minor == 8) {
        EXPECT_EQ(probe_name(interpreter.sites.probe), "entry");
        EXPECT_EQ(found.entry, 1U) << file;
      } else {
        EXPECT_EQ(probe_name(interpreter.sites.probe), "calls") << file;
        EXPECT_EQ(found.calls_outer, 1U) << file;
        EXPECT_EQ(found.calls_inner, 1U) << file;
      }
      EXPECT_TRUE(interpreter.sites.missed.empty()) << file << interpreter.sites.missed.front();
      EXPECT_GE(interpreter.layout, 0) << file << ": " << interpreter.layout_problem;
    }
    std::remove(stripped.c_str());
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no upstream builds of CPython 3.8 or later here";
}

// Where the kernel sends a thread elsewhere, anything but the first instruction of the right
// function would be its end.
TEST(Sites, ExceptionsAreRaisedAtTheBeginningsOfFunctions) {
  int seen = 0;
  for (const std::string& python : testing::pyenv_pythons()) {
    const std::string file = code_file(python);
    if (file.empty()) continue;
    const auto functions = functions_of(file);
    const auto interpreter = inspect(file)->value();
    const auto sites = raising_sites(interpreter);
    ASSERT_TRUE(sites) << file << ": " << sites.error().text();
    ASSERT_EQ(sites->size(), 2U) << file;
    const bool first = interpreter.minor == 8;
    EXPECT_EQ((*sites)[0].row.form, first ? ASPIS_SITE_ENTRY : ASPIS_SITE_CALL);
    EXPECT_EQ((*sites)[0].row.location,
              functions.at(first ? "PySys_Audit" : "sys_audit_tstate").begin)
        << file;
    EXPECT_EQ((*sites)[1].row.form, ASPIS_SITE_SYS_AUDIT);
    EXPECT_EQ((*sites)[1].row.location, functions.at("sys_audit").begin) << file;
    for (const Site& site : *sites) {
      EXPECT_EQ(site.row.raise_function, functions.at("PyErr_SetString").begin) << file;
      EXPECT_EQ(site.row.raise_exception, functions.at("PyExc_PermissionError").begin) << file;
      EXPECT_EQ(site.semaphore, 0U);
    }
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no upstream builds of CPython 3.8 or later here";
}

// Debian's has USDT in one place, and is stripped: the functions that call sys_audit_tstate, by
// objdump(1) and readelf(1).
TEST(Sites, ExceptionsAreRaisedInAnOptimisedBuild) {
  const std::string debian = "/usr/bin/python3.11";
  if (!std::filesystem::exists(debian)) GTEST_SKIP() << "no " << debian;
  const auto said = testing::run("file=" + debian + R"(
    code() { objdump -d --no-show-raw-insn "$@" $file; }
    audit=$(nm -D $file | sed -n 's/^0*\([0-9a-f]*\) T PySys_Audit$/\1/p')
    echo $audit
    inner=$(code --start-address=0x$audit | sed -n 's/.*call  *\([0-9a-f]*\) .*/\1/p; /\tret/q')
    for call in $(code | sed -n "s/^ *\([0-9a-f]*\):.*call  *$inner .*/\1/p"); do
      readelf --debug-dump=frames $file | sed -n 's/.* FDE .* pc=\(.*\)\.\.\(.*\)/\1 \2/p' |
        while read -r begin end; do
          if [ $((0x$call)) -ge $((0x$begin)) ] && [ $((0x$call)) -lt $((0x$end)) ]; then
            echo $begin
          fi
        done
    done)");
  std::istringstream words(said.text);
  std::string audit;
  words >> audit;
  std::map<std::uint64_t, int> expected;
  for (std::string begin; words >> begin;)
    expected[std::stoull(begin, nullptr, 16)] =
        std::stoull(begin, nullptr, 16) == std::stoull(audit, nullptr, 16) ? ASPIS_SITE_ENTRY
                                                                           : ASPIS_SITE_INNER;
  ASSERT_EQ(expected.size(), 2U) << said.text;
  const auto sites = raising_sites(inspect(debian)->value());
  ASSERT_TRUE(sites) << sites.error().text();
  std::map<std::uint64_t, int> found;
  for (const Site& site : *sites) found[site.row.location] = site.row.form;
  EXPECT_EQ(found, expected);
}

// Debian's interpreter has USDT; without its notes it is one that was built with PGO and LTO, and
// is stripped.
TEST(Sites, AreFoundInAnOptimisedBuildWithoutUsdt) {
  constexpr const char* kDebian = "/usr/bin/python3.11";
  if (!std::filesystem::exists(kDebian)) GTEST_SKIP() << "no " << kDebian;
  const auto whole = inspect(kDebian)->value();
  EXPECT_EQ(probe_name(whole.sites.probe), "usdt");
  ASSERT_EQ(whole.sites.sites.size(), 1U);
  EXPECT_NE(whole.sites.sites[0].semaphore, 0U);
  const std::string copy = "/tmp/aspis-python3.11-" + std::to_string(::getpid());
  ASSERT_EQ(
      testing::run("objcopy --remove-section .note.stapsdt " + std::string(kDebian) + " " + copy)
          .status,
      0);
  const auto without = inspect(copy)->value();
  std::remove(copy.c_str());
  EXPECT_EQ(probe_name(without.sites.probe), "calls");
  EXPECT_EQ(without.sites.sites.size(), 3U);
  EXPECT_TRUE(without.sites.missed.empty());
  EXPECT_GE(without.layout, 0) << without.layout_problem;
}

TEST(Layout, IsRefusedWhereTheFileContradictsIt) {
  constexpr const char* kDebian = "/usr/bin/python3.11";
  if (!std::filesystem::exists(kDebian)) GTEST_SKIP() << "no " << kDebian;
  const int fd = ::open(kDebian, O_RDONLY | O_CLOEXEC);
  std::string reason;
  const auto file =
      elf::ElfFile::open(elf::ByteSource(fd, std::filesystem::file_size(kDebian)), reason);
  ASSERT_TRUE(file);
  EXPECT_EQ(layout_problem(*file, *layout_for(3, 11)), "");
  EXPECT_EQ(layout_problem(*file, *layout_for(3, 12)), "objects of type str have 80 bytes, not 64");
  EXPECT_NE(layout_problem(*file, *layout_for(3, 13, true)), "");
  aspis_python_layout wrong = *layout_for(3, 11);
  wrong.tuple_items += 8;
  EXPECT_EQ(layout_problem(*file, wrong), "objects of type tuple have 24 bytes, not 32");
  wrong = *layout_for(3, 11);
  wrong.type_flags -= 8;
  EXPECT_EQ(layout_problem(*file, wrong), "PyUnicode_Type has other flags than expected");
  ::close(fd);
}

TEST(Operand, ReadsTheAssemblersWords) {
  const auto two = parse_operands("8@%rbx 8@-16(%rbp)");
  ASSERT_TRUE(two);
  EXPECT_EQ((*two)[0].form, ASPIS_OPERAND_REGISTER);
  EXPECT_EQ((*two)[0].regs, 40U);  // rbx: the sixth word of struct pt_regs
  EXPECT_EQ((*two)[1].form, ASPIS_OPERAND_MEMORY);
  EXPECT_EQ((*two)[1].regs, 32U);
  EXPECT_EQ((*two)[1].offset, -16);
  EXPECT_EQ(parse_operand("$-5")->offset, -5);
  EXPECT_EQ(parse_operand("(%rax)")->form, ASPIS_OPERAND_MEMORY);
  for (const char* wrong :
       {"4@%rbx", "8@%ebx", "8@(%rax,%rbx,8)", "8@name(%rip)", "8%rbx", "8@", "8@$x"})
    EXPECT_FALSE(parse_operands(wrong)) << wrong;
  EXPECT_TRUE(parse_operands("")->empty());
}

std::string bytes(std::initializer_list<int> list) {
  std::string text;
  for (const int one : list) text += static_cast<char>(one);
  return text;
}

constexpr unsigned kAll = kRdi | kRsi | kRdx | kRcx | kR8 | kR9;

TEST(Prologue, StopsAtTheFirstEmulatedInstruction) {
  const auto push = find_prologue_site(bytes({0x41, 0x57, 0x90}), kAll);  // push %r15
  EXPECT_TRUE(push.emulated);
  EXPECT_EQ(push.offset, 0U);
  EXPECT_EQ(push.stack, 8U);
  const auto marked =
      find_prologue_site(bytes({0xf3, 0x0f, 0x1e, 0xfa, 0x55}), kAll);  // endbr64; push
  EXPECT_EQ(marked.offset, 4U);
  // sub $0xd8,%rsp; mov %rdx,0x30(%rsp); test %al,%al; je
  const auto jump = find_prologue_site(bytes({0x48, 0x81, 0xec, 0xd8, 0, 0, 0, 0x48, 0x89, 0x54,
                                              0x24, 0x30, 0x84, 0xc0, 0x74, 0x37}),
                                       kAll);
  EXPECT_TRUE(jump.emulated);
  EXPECT_EQ(jump.offset, 14U);
  EXPECT_EQ(jump.stack, 8U + 0xd8);
}

TEST(Prologue, NeverPassesAChangeOfWhatIsNeeded) {
  const auto code = bytes({0x48, 0x8b, 0x3e, 0x53});  // mov (%rsi),%rdi; push %rbx
  EXPECT_FALSE(find_prologue_site(code, kAll).emulated);
  const auto others = find_prologue_site(code, kRsi | kRdx);
  EXPECT_TRUE(others.emulated);
  EXPECT_EQ(others.offset, 3U);
  EXPECT_FALSE(find_prologue_site(bytes({0x0f, 0x05, 0x53}), kAll).emulated);  // syscall
  EXPECT_FALSE(find_prologue_site("", kAll).emulated);
  EXPECT_FALSE(find_prologue_site(bytes({0x48, 0x81, 0xec}), kAll).emulated);  // cut
}

}  // namespace
}  // namespace aspis::cpython
