// SPDX-License-Identifier: Apache-2.0
// Which function code belongs to, in stripped files, against readelf(1) and nm(1), and what is made
// of it where the compiler has made several functions of the one that raises audit events.
#include "probes/cpython/functions.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/fd.h"
#include "probes/cpython/find.h"
#include "probes/cpython/raising.h"
#include "tests/unit/probes/pythons.h"
#include "tests/unit/probes/symbols.h"

namespace aspis::cpython {
namespace {

using elf::Extent;
using testing::functions_of;
using testing::Range;

/// A file that stays open.
struct Opened {
  explicit Opened(const std::string& path)
      : fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        file(elf::ElfFile::open(elf::ByteSource(fd.get(), std::filesystem::file_size(path)),
                                reason)) {}
  std::string reason;
  Fd fd;
  std::optional<elf::ElfFile> file;
};

/// What readelf(1) says of .eh_frame: "… FDE cie=… pc=BEGIN..END".
std::vector<Extent> unwind_entries(const std::string& path) {
  std::vector<Extent> found;
  std::istringstream lines(testing::run("readelf --debug-dump=frames '" + path + "'").text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at =
        line.find(" FDE ") == std::string::npos ? std::string::npos : line.find(" pc=");
    if (at == std::string::npos) continue;
    const std::size_t middle = line.find("..", at);
    found.push_back({std::stoull(line.substr(at + 4), nullptr, 16),
                     std::stoull(line.substr(middle + 2), nullptr, 16)});
  }
  return found;
}

/// An upstream build with symbols: the library that has its code.
std::vector<std::string> files_with_symbols() {
  std::vector<std::string> files;
  for (const std::string& python : testing::pyenv_pythons())
    if (const std::string file = testing::code_file(python); !file.empty()) files.push_back(file);
  return files;
}

TEST(UnwindTable, SaysWhatReadelfSays) {
  std::vector<std::string> files{"/proc/self/exe"};
  if (std::filesystem::exists("/usr/bin/python3.11")) files.emplace_back("/usr/bin/python3.11");
  for (const std::string& path : files) {
    const Opened opened(path);
    const auto table = elf::UnwindTable::read(*opened.file);
    ASSERT_TRUE(table) << path;
    const auto entries = unwind_entries(std::filesystem::canonical(path));
    ASSERT_GT(entries.size(), 100U) << path;
    std::set<std::uint64_t> begins;
    for (const Extent& entry : entries) {
      EXPECT_EQ(table->find(entry.begin), entry) << path;
      EXPECT_EQ(table->find(entry.end - 1), entry) << path;
      begins.insert(entry.begin);
    }
    for (const Extent& entry : entries)
      EXPECT_TRUE(begins.contains(entry.end) || !table->find(entry.end)) << path;
    EXPECT_FALSE(table->find(0));
    EXPECT_FALSE(table->find(~std::uint64_t{0}));
  }
}

// GCC names what it puts elsewhere FUNCTION.cold.
TEST(Functions, KnowWhatColdCodeBelongsTo) {
  auto files = files_with_symbols();
  files.push_back(std::filesystem::canonical("/proc/self/exe"));
  std::size_t known = 0;
  for (const std::string& path : files) {
    const auto symbols = functions_of(path);
    const Opened opened(path);
    const auto code = opened.file->code();
    const auto functions = Functions::of(*opened.file, code);
    ASSERT_TRUE(functions) << path;
    std::size_t looked_at = 0;
    for (const auto& [name, range] : symbols) {
      const std::size_t dot = name.find(".cold");
      const auto owner = symbols.find(name.substr(0, dot));
      if (dot == std::string::npos || owner == symbols.end()) continue;
      const auto found = functions->function_of(range.begin + (range.end - range.begin) / 2);
      // Of much there is no telling: of all that ends in a call that does not return.
      EXPECT_TRUE(!found || found->begin == owner->second.begin) << name;
      known += found.has_value();
      if (constexpr std::size_t kMax = 200; ++looked_at == kMax) break;
    }
  }
  EXPECT_GT(known, 0U);
}

TEST(Functions, KnowHowFunctionsAreCalled) {
  int seen = 0;
  for (const std::string& path : files_with_symbols()) {
    const auto symbols = functions_of(path);
    const Opened opened(path);
    const auto code = opened.file->code();
    const auto functions = Functions::of(*opened.file, code);
    ASSERT_TRUE(functions) << path;
    const auto variadic = [&](const char* name) {
      const auto function = functions->function_at(symbols.at(name).begin);
      return function && functions->is_variadic_after_three(*function);
    };
    EXPECT_TRUE(variadic("PyOS_snprintf")) << path;
    EXPECT_TRUE(variadic("_PyErr_Format")) << path;
    EXPECT_FALSE(variadic("PySys_Audit")) << path;
    EXPECT_FALSE(variadic("PyErr_Format")) << path;
    EXPECT_FALSE(variadic("PyObject_CallFunctionObjArgs")) << path;
    EXPECT_FALSE(variadic("PyOS_vsnprintf")) << path;
    EXPECT_TRUE(!symbols.contains("_PySys_Audit") || variadic("_PySys_Audit")) << path;
    ++seen;
  }
  if (seen == 0) GTEST_SKIP() << "no upstream builds of CPython 3.8 or later here";
}

class Copies : public ::testing::Test {
 protected:
  /// audit_copies.c, stripped; `symbols` before that.
  std::string build(const std::string& options) {
    const std::string source = std::filesystem::path(__FILE__).parent_path() / "audit_copies.c";
    const auto built = testing::run("gcc -O2 -shared -fPIC -fvisibility=hidden " + options +
                                    " -o " + path_ + " " + source);
    EXPECT_EQ(built.status, 0) << built.text;
    symbols_ = functions_of(path_);
    EXPECT_EQ(testing::run("strip -s " + path_).status, 0);
    return path_;
  }

  /// Why it is refused.
  std::string refusal(const std::string& options) {
    const Opened opened(build(options));
    std::string why;
    const auto sites = find_raising_sites(*opened.file, 13, why);
    EXPECT_TRUE(sites.empty()) << options;
    return why;
  }

  void SetUp() override {
    if (testing::run("echo '#include <sys/sdt.h>' | gcc -E -").status != 0)
      GTEST_SKIP() << "no gcc, or no sys/sdt.h";
  }
  void TearDown() override { std::remove(path_.c_str()); }

  std::string path_ = "/tmp/aspis-copies-" + std::to_string(::getpid()) + ".so";
  std::map<std::string, Range> symbols_;
};

TEST_F(Copies, AreEnteredByTheirVariableArguments) {
  const Opened opened(build(""));
  // what it is about: the probe is in two places, neither of them in a function's own extent
  const Sites seen = find_sites(*opened.file, 13);
  ASSERT_EQ(seen.sites.size(), 2U);
  for (const Site& site : seen.sites)
    EXPECT_TRUE(symbols_.at("sys_audit_tstate.cold").contains(site.row.location) ||
                symbols_.at("_PySys_Audit_copy.cold").contains(site.row.location));
  std::string why;
  const auto sites = find_raising_sites(*opened.file, 13, why);
  std::map<std::uint64_t, int> forms;
  for (const Site& site : sites) {
    forms[site.row.location] = site.row.form;
    EXPECT_EQ(site.row.offset, 8U);
    EXPECT_EQ(site.row.raise_function, symbols_.at("PyErr_SetString").begin);
    EXPECT_EQ(site.semaphore, seen.sites[0].semaphore);
  }
  const std::map<std::uint64_t, int> expected{
      {symbols_.at("PySys_Audit").begin, ASPIS_SITE_ENTRY},
      {symbols_.at("_PySys_Audit").begin, ASPIS_SITE_INNER},
      {symbols_.at("_PySys_Audit_copy").begin, ASPIS_SITE_INNER}};
  EXPECT_EQ(forms, expected) << why;
}

TEST_F(Copies, AreLeftAloneWhereAnythingIsNotSure) {
  const auto says = [&](const std::string& options, const std::string& what) {
    const std::string why = refusal(options);
    EXPECT_NE(why.find(what), std::string::npos) << options << ": " << why;
  };
  says("-DIN_ANOTHER_FUNCTION", "the arguments of its function at 0x");
  says("-DWITH_FEWER_ARGUMENTS", "it is not sure which function has the code at 0x");
  says("-DCALLED_BY_ANOTHER", "it is not sure which function has the code at 0x");
  says("-DWITHOUT_FORMAT", "no format of arguments is seen to be passed at 0x");
  says("-DONE_CALLS_ANOTHER", "the functions that raise its events call one another");
  says("-Wl,--no-eh-frame-hdr", "it has no unwind table");
}

}  // namespace
}  // namespace aspis::cpython
