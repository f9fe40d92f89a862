// SPDX-License-Identifier: Apache-2.0
// `audited` rules: what Python announces is granted, what native code does is not. Each case of
// policy_audited.py in a process of its own.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <span>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

namespace fs = std::filesystem;

struct Case {
  const char* name;
  const char* steps;  ///< errno of each: 13 is a denial, 2 a file that is not there
};

constexpr Case kCases[] = {
    {"open_to_read", "0"},
    {"open_to_write", "0 0 0 0"},
    {"native_open", "13"},
    {"native_openat", "13"},
    {"native_create", "13"},
    {"raw_open", "13"},
    {"native_where_plain", "0"},
    {"another_file", "2 13"},
    {"another_event", "2 13"},
    {"used_up", "0 13"},
    {"used_up_by_a_plain_rule", "0 13"},
    {"other_operation", "0 13"},
    {"only_to_read", "13"},
    {"only_to_append", "0 13"},
    {"relative_names", "0 0 0 0 0 0 0 0"},
    {"bytes_names", "0 0"},
    {"path_objects", "0 0 0"},
    {"names_beyond_ascii", "0 0 0 0 0 0 0 0 0 0"},
    {"long_names", "0 0 0"},
    {"os_open", "0"},
    {"from_a_directory", "0 0 0 0 0 0 13"},
    {"through_a_link", "13"},
    {"through_a_linked_directory", "13"},
    {"back_from_a_linked_directory", "2 13"},
    {"in_a_chroot", "0 0"},
    {"links", "0 0 0 0 0"},
    {"native_link", "13"},
    {"link_beyond_what_is_announced", "13"},
    {"native_rename", "13"},
    {"native_unlink", "13"},
    {"native_symlink", "13"},
    {"attributes", "0 0 0 0 0 0"},
    {"native_chmod", "13"},
    {"native_truncate", "13"},
    {"what_is_open", "0 0 0 0"},
    {"open_to_append_only", "0 13"},
    {"directories", "0 0 0 0 0 0 0"},
    {"listed_what_is_no_directory", "0 13"},
    {"native_mkdir", "13"},
    {"native_list", "0 13"},
    {"another_thread", "13 0"},
    {"many_at_once", "0 0 0 0"},
    {"in_a_flood", "0"},
    {"with_a_hook", "0"},
    {"executes", "0 0 0 0 0 0 0"},
    {"native_exec", "13"},
    {"native_exec_after_a_child", "0 13"},
    {"native_exec_in_place_of_a_child", "13"},
    {"loaded", "0 0"},
    {"imported", "0 0"},
    {"temporary", "0 0 0"},
    {"sockets", "0 0"},
    {"native_connect", "0 13"},
    {"denied_all_the_same", "13"},
    {"told", "0"},
    {"of_the_owner", "0 13"},
};

/// What is printed: all steps and an end; or those before the one that kills, and nothing more.
std::string printed(const Case& one, bool kills) {
  std::string out;
  std::istringstream steps(one.steps);
  for (std::string step; steps >> step;) {
    if (step == "13" && kills) return out + "killed";
    out += step + " ";
  }
  return out + "end";
}

constexpr const char* kRules = R"(
  / r,
  /{usr,lib,lib64,bin,opt,proc,dev,sys}/** rmix,
  /dev/{null,tty} rw,
  /etc/** r,
  @D@/{,err,script} rw,
  @SOURCE@/tests/system/{,**} r,
  @D@/*/plain rw,
  @D@/*/both r,
  @D@/*/log a,
  audited @D@/*/{both,log} w,
  audited @D@/*/up/{,**} rwklm,
  audited link subset @D@/*/plain_too -> @D@/*/up/**,
  @D@/*/plain_too rw,
  audited owner @D@/*/owned/* r,
  audit audited @D@/*/up/told r,
  deny @D@/*/up/no/** rw,
  audited @D@/*/bin/* rix,
  capability,
  network,
  unix,
  signal,
)";

class PolicyAudited : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
    const std::string why = why_not_decide(GetParam(), Tracepoint::kNatively);
    if (!why.empty()) GTEST_SKIP() << why;
  }

  [[nodiscard]] bool kills() const { return std::string(GetParam()) == "tracepoint"; }

  void write(const std::string& name, const std::string& text = "x") const {
    const fs::path path = directory_.path(name);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  void copy(const fs::path& from, const std::string& name) const {
    fs::create_directories(fs::path(directory_.path(name)).parent_path());
    fs::copy_file(from, directory_.path(name), fs::copy_options::overwrite_existing);
  }

  /// What each case finds, in a directory of its own.
  void write_files(const std::string& name) const {
    for (const char* file : {"/plain", "/both", "/log", "/up/file", "/up/no/file", "/up/told",
                             "/up/sub/file", "/owned/mine", "/owned/others"})
      write(name + file);
    write(name + "/up/modules/said_module.py", "value = 1\n");
    copy("/usr/bin/true", name + "/bin/true");
    copy(extension(), name + "/up/extension.so");
    copy(extension(), name + "/up/library.so");
    ASSERT_EQ(::chown(directory_.path(name + "/owned/others").c_str(), 4711, 0), 0);
    fs::create_symlink("up/file", directory_.path(name + "/link"));
    fs::create_directory_symlink("up", directory_.path(name + "/linked"));
    fs::create_directory_symlink("up/sub", directory_.path(name + "/linked_sub"));
  }

  /// A module of the distribution's that needs no library.
  [[nodiscard]] static fs::path extension() {
    for (const auto& version : fs::directory_iterator("/usr/lib")) {
      if (!version.path().filename().string().starts_with("python3.")) continue;
      for (const auto& file : fs::directory_iterator(version.path() / "lib-dynload"))
        if (file.path().filename().string().starts_with("_contextvars.")) return file.path();
    }
    return {};
  }

  void write_policy(const std::string& flags) const {
    std::string rules = "abi <kernel>,\nprofile start " + flags + " {" + kRules + "}\n";
    for (const auto& [mark, value] :
         {std::pair<std::string, std::string>{"@D@", directory_.path("")},
          {"@SOURCE@", ASPIS_SOURCE_DIR}}) {
      std::string text = value;
      while (text.ends_with('/')) text.pop_back();
      for (std::size_t at = 0; (at = rules.find(mark, at)) != std::string::npos;)
        rules.replace(at, mark.size(), text);
    }
    write("policy", rules);
  }

  /// Each case in a process of its own, all under one observation.
  [[nodiscard]] Observation run_all(std::span<const Case> cases, const std::string& flags) const {
    write_policy(flags);
    std::ofstream script(directory_.path("script"));
    for (const Case& one : cases) {
      write_files(one.name);
      script << "echo \"" << one.name << " $(" << system_python() << " -SB " << ASPIS_SOURCE_DIR
             << "/tests/system/policy_audited.py " << directory_.path(one.name) << " " << one.name
             << " 2>>" << directory_.path("err") << " || echo killed)\"\n";
    }
    script.close();
    return observe(GetParam(), {"sh", directory_.path("script")},
                   {"--profile", directory_.path("policy"), "--denials"});
  }

  /// The case that a file is of.
  [[nodiscard]] std::string case_of(const nlohmann::json& event) const {
    return fs::relative(field(event, "file.path"), directory_.path()).begin()->string();
  }

  void expect_printed(const Observation& seen, std::span<const Case> cases) const {
    ASSERT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
    std::string expected;
    for (const Case& one : cases)
      expected += std::string(one.name) + " " + printed(one, kills()) + "\n";
    std::ifstream errors(directory_.path("err"));
    EXPECT_EQ(seen.outcome.out, expected)
        << std::string(std::istreambuf_iterator<char>(errors), {});
  }

  TemporaryDirectory directory_;
};

TEST_P(PolicyAudited, OnlyWhatIsAnnounced) {
  const auto seen = run_all(kCases, "");
  expect_printed(seen, kCases);
  std::set<std::string> expected, unannounced;
  for (const Case& one : kCases)
    if (std::string(one.steps).find("13") != std::string::npos) expected.insert(one.name);
  for (const auto& event : matching(seen.events, {{"verdict", "denied"}}))
    if (field(event, "info") == "no audit event announced it") unannounced.insert(case_of(event));
  // what is not denied for want of an announcement
  for (const char* other : {"denied_all_the_same", "link_beyond_what_is_announced", "of_the_owner"})
    expected.erase(other);
  EXPECT_EQ(unannounced, expected);

  const auto told = matching(seen.events, {{"type", "file.open"}, {"audited", "true"}});
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(field(told[0], "file.path"), directory_.path("told/up/told"));
}

TEST_P(PolicyAudited, ComplainAllowsAndTells) {
  static constexpr Case kComplained[] = {
      {"open_to_read", "0"},   {"native_open", "0"},   {"used_up", "0 0"},
      {"through_a_link", "0"}, {"native_create", "0"}, {"denied_all_the_same", "13"},
  };
  const auto seen = run_all(kComplained, "flags=(complain)");
  expect_printed(seen, kComplained);
  const auto complained = matching(seen.events, {{"verdict", "complain"}, {"type", "file.open"}});
  std::map<std::string, int> told;
  for (const auto& event : complained) {
    EXPECT_EQ(field(event, "info"), "no audit event announced it") << event;
    ++told[case_of(event)];
  }
  EXPECT_EQ(told,
            (std::map<std::string, int>{
                {"native_open", 1}, {"used_up", 1}, {"through_a_link", 1}, {"native_create", 1}}));
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Backends, PolicyAudited, testing::Values("lsm", "fmod_ret", "tracepoint"),
                         name_of);

}  // namespace
}  // namespace aspis::test
