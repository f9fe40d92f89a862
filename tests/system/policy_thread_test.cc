// SPDX-License-Identifier: Apache-2.0
// Rules that look at the thread: packages on its stack, its context, a profile that it changes to
// on an audit event. Each case of policy_thread.py in a process of its own.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

struct Case {
  const char* name;
  const char* steps;  ///< errno of each; 9: the process is killed, whatever the backend
};

constexpr Case kCases[] = {
    {"exec_of_the_program", "0"},      {"exec_through_yaml", "0 13 0"},
    {"denied_only_in_one_class", "0"}, {"deep_below_yaml", "13"},
    {"thread_of_yaml", "0"},           {"generator_of_yaml", "13 0"},
    {"single_file_package", "13"},     {"restricted_to", "0 0 0 13"},
    {"restricted_socket", "0 13"},     {"restricted_link", "0 13"},
    {"restricted_names", "0 13"},      {"both_at_once", "0 13"},
    {"event_of_the_program", "0"},     {"event_in_yaml", "9"},
    {"context_unset", "13"},           {"context_set", "0 13"},
    {"context_unset_again", "13"},     {"context_changed", "0 13"},
    {"context_beyond_ascii", "0 13"},  {"context_that_begins_alike", "13"},
    {"context_refused_keeps", "0 13"}, {"context_locked", "0 13"},
    {"context_unlocked", "0 13"},      {"context_of_threads", "0 0 0 13"},
    {"context_of_children", "0 13"},   {"many_contexts", "0 13"},
    {"context_in_a_flood", "0 13"},    {"changes_on_event", "0 0 0 13"},
};

/// What is printed: all steps and an end; or those before the one that kills, and nothing more.
std::string printed(const Case& one, bool kills) {
  std::string out;
  std::istringstream steps(one.steps);
  const std::string name = one.name;
  // A child that is killed is what its parent sees as refused.
  if (name == "context_of_children") kills = false;
  const bool executes = name.find("yaml") != std::string::npos || name == "single_file_package";
  for (std::string step; steps >> step;) {
    if (step == "13" && kills && executes)
      step = "0";  // the stack is gone by then, and that is said
    if (step == "9" || (step == "13" && kills)) return out + "killed";
    out += step + " ";
  }
  return out + "end";
}

class PolicyThread : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (system_python().empty()) GTEST_SKIP() << "/usr/bin/python3 is not installed";
    const std::string why = why_not_decide(GetParam(), Tracepoint::kNatively);
    if (!why.empty()) GTEST_SKIP() << why;
  }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = directory_.path(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  void write_files() const {
    const std::string package =
        "def call(action):\n    return action()\n"
        "def each(actions):\n    for action in actions:\n        yield action()\n";
    write("site-packages/yaml/__init__.py", package);
    write("site-packages/Some_Name.py", package);
    write("site-packages/some_name.py", package);
    write("site-packages/strict/__init__.py", package);
    for (const char* user : {"alice", "bob", "ali", "zo\u00eb\u20ac"})
      write(std::string("users/") + user + "/file", "x");
    write("free/a", "x");
    write("free/x", "x");
  }

  void write_policy() const {
    std::string rules = R"(abi <kernel>,
profile start {
  / r,
  /{usr,lib,lib64,bin,opt,proc,dev,sys}/** rmix,
  /dev/{null,tty} rw,
  /etc/** r,
  @D@/err w,
  @D@/ r,
  @D@/script r,
  @D@/site-packages/{,**} r,
  @D@/users/@{ctx.user}/** rw,
  @D@/free/** rwl,
  @SOURCE@/tests/system/{,**} r,
  capability,
  network,
  unix,
  signal,
  change_profile on python app.ready -> start//ready,
  package yaml {
    deny /** x,
    deny python app.no,
  }
  package some.name {
    deny /** x,
  }
  package strict {
    /etc/hostname r,
    network inet,
  }
  profile ready {
    / r,
    /{usr,lib,lib64,bin,opt,proc,dev,sys}/** rmix,
    /etc/hostname r,
    @SOURCE@/tests/system/{,**} r,
  }
}
)";
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

  TemporaryDirectory directory_;
};

TEST_P(PolicyThread, StackContextAndEvent) {
  write_files();
  write_policy();
  std::ofstream script(directory_.path("script"));
  for (const Case& one : kCases)
    script << "echo \"" << one.name << " $(" << system_python() << " -SB " << ASPIS_SOURCE_DIR
           << "/tests/system/policy_thread.py " << directory_.path("") << " " << one.name << " 2>>"
           << directory_.path("err") << " || echo killed)\"\n";
  script.close();
  const auto seen = observe(GetParam(), {"sh", directory_.path("script")},
                            {"--profile", directory_.path("policy")});
  ASSERT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
  const bool kills = std::string(GetParam()) == "tracepoint";
  std::string expected;
  for (const Case& one : kCases)
    expected += std::string(one.name) + " " + printed(one, kills) + "\n";
  std::ifstream errors(directory_.path("err"));
  EXPECT_EQ(seen.outcome.out, expected) << std::string(std::istreambuf_iterator<char>(errors), {});

  // A package that has no say leaves the profile's word; one that has is named.
  const auto denied = matching(seen.events, {{"package", "strict"}, {"verdict", "denied"}});
  EXPECT_GE(denied.size(), 4U);
  for (const auto& event : denied) {
    EXPECT_EQ(field(event, "profile"), "start") << event;
    EXPECT_EQ(field(event, "info"), "not allowed by package strict") << event;
  }
  // What a context refused is told, with the reason.
  EXPECT_EQ(matching(seen.events, {{"python.event", "aspis.context"},
                                   {"verdict", "denied"},
                                   {"info", "wrong token of a hat"}})
                .size(),
            3U);
  EXPECT_GE(matching(seen.events, {{"python.event", "aspis.context"},
                                   {"verdict", "denied"},
                                   {"info", "no context has such a key or value"}})
                .size(),
            9U);
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Backends, PolicyThread, testing::Values("lsm", "fmod_ret", "tracepoint"),
                         name_of);

}  // namespace
}  // namespace aspis::test
