// SPDX-License-Identifier: Apache-2.0
// python=(…): the profile that the real interpreter begins under, by what it is started to run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

/// A command of the shell, in the directory of the test, and the profile that its interpreter is
/// under. "@" is the word by which its process.exec is found again, $PY the interpreter.
struct Case {
  const char* name;
  const char* command;
  const char* profile;
};

constexpr Case kCases[] = {
    // Of a profile with a fallback (pix).
    {"script_path", "wide/tool @", "wide"},
    {"script_path_else", "wide/else @", "interpreter"},
    {"absolute", "$PY $PWD/app/one.py @", "app"},
    {"relative", "$PY app/one.py @", "app"},
    {"directory", "$PY app @", "app_itself"},
    {"slash", "$PY app/ @", "start"},
    {"dots", "$PY ./else/../app/./one.py @", "app"},
    {"dots_out", "$PY app/../else/one.py @", "start"},
    {"dots_of_cwd", "cd app/sub; $PY ..//one.py @", "app"},
    {"dots_above_root", "$PY ../../../../../../../../..$PWD/app/one.py @", "app"},
    {"longest", "$PY app/longest.py @", "longest"},
    {"by_path", "$PY path/one.py @", "path"},
    {"no_script", "$PY else/one.py @", "start"},
    {"missing", "$PY app/missing.py @", "app"},
    {"shebang", "app/tool @", "app"},
    {"shebang_env", "app/tool_env @", "app"},
    {"shebang_option", "app/tool_option @", "app"},
    {"shebang_attached", "app/attached @", "attached"},
    {"env", "env python3 -S app/one.py @", "app"},
    {"venv", "venv/bin/python -m tabnanny @", "module"},
    {"module", "$PY -m tabnanny @", "module"},
    {"module_joined", "$PY -Ibmtabnanny @", "module"},
    {"module_else", "$PY -m stat @", "start"},
    {"options", "$PY -u -X dev -W ignore -c pass @", "command"},
    {"options_grouped", "$PY -IBWignore -Xutf8 -cpass @", "command"},
    {"options_script", "$PY -W ignore -X @ -- app/one.py", "app"},
    {"options_long", "$PY --check-hash-based-pycs never app/one.py @", "app"},
    {"options_large", "$PY -X @ -X $(printf %09000d 0) app/one.py", "app"},
    {"stdin", "$PY - @ < /dev/null", "stdin"},
    {"no_argument", "$PY -I -X @ < /dev/null", "stdin"},
    {"nothing", "$PY -V @", "start"},
    {"conflict", "$PY -m keyword @", "start"},
    // Without one.
    {"strict_script", "./sh_strict -c '$PY app/one.py @; :'", "app"},
    {"strict_shebang", "./sh_strict -c 'app/tool @; :'", "app"},
    // Of a profile's children.
    {"child", "./sh_parent -c '$PY -c pass @; :'", "parent//child"},
    {"child_plain", "./sh_parent -c '$PY -m tabnanny @; :'", "parent//plain"},
    // Unconfined, by a profile and without one.
    {"unconfined", "./sh_free -c '$PY app/one.py @; :'", "app"},
    {"unconfined_else", "./sh_free -c '$PY -m stat @; :'", "free"},
    {"unconfined_shebang", "./sh_free -c 'app/tool @; :'", "app"},
    {"none", "./sh_none -c '$PY app/one.py @; :'", "app"},
    {"none_else", "./sh_none -c '$PY -m stat @; :'", ""},
    {"none_shebang", "./sh_none -c 'app/tool @; :'", "app"},
    {"none_conflict", "./sh_none -c '$PY -m keyword @; :'", ""},
    // An interpreter that a profile without python=(…) is for, too.
    {"snake_command", "./snake -S -c pass @", "snake_command"},
    {"snake_else", "./snake -S -m stat @", "snake"},
};

class Launches : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (system_python().empty()) GTEST_SKIP() << "no python3";
    const std::string why = why_not_decide(GetParam());
    if (!why.empty()) GTEST_SKIP() << why;
    for (const char* name : {"app/sub", "else", "path", "wide", "venv/bin"})
      std::filesystem::create_directories(path(name));
    for (const char* name :
         {"app/one.py", "app/__main__.py", "app/longest.py", "else/one.py", "path/one.py"})
      write(name, "pass\n");
    write("app/tool", "#!" + system_python() + "\n");
    write("app/tool_env", "#!/usr/bin/env python3\n");
    write("app/tool_option", "#!" + system_python() + " -sS\n");
    for (const char* name : {"app/attached", "wide/tool", "wide/else"})
      write(name, "#!" + system_python() + "\n");
    std::filesystem::create_symlink("/usr/bin/python3", path("venv/bin/python"));
    write("venv/pyvenv.cfg", "home = /usr/bin\n");
    std::filesystem::copy_file(system_python(), path("snake"));
    for (const char* name : {"sh_strict", "sh_lax", "sh_parent", "sh_free", "sh_none"})
      std::filesystem::copy_file("/bin/sh", path(name));
    write("policy", policy());
    write("script", script());
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_.path(name); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    std::filesystem::permissions(path(name), std::filesystem::perms(0755));
  }

  /// What the dynamic linker reads before anything of Python's: denied, and told, where the profile
  /// of the launch is in force from the first instruction on.
  static std::string profile(const std::string& head, const std::string& rules = "") {
    return "profile " + head +
           " {\n  file,\n  /** mrix,\n  network,\n  unix,\n  signal,\n  capability,\n"
           "  audit deny /etc/ld.so.cache r,\n" +
           rules + "}\n";
  }

  [[nodiscard]] std::string policy() const {
    const std::string any = " /usr/bin/python3* python=", app = path("app");
    const std::string loose =
        "  file,\n  /** mrix,\n  network,\n  unix,\n  signal,\n  capability,\n";
    const auto to = [&](const std::string& mode) {
      std::string rules;
      for (const std::string& name : {system_python(), app + "/*", path("wide/*"), path("snake"),
                                      std::string("/usr/bin/true")})
        rules += "  priority=1 " + name + " " + mode + ",\n";
      return rules;
    };
    return "abi <kernel>,\nprofile start {\n" + loose + to("pix") + "  priority=1 " +
           path("sh_strict") + " px -> strict,\n  priority=1 " + path("sh_lax") +
           " px -> lax,\n  priority=1 " + path("sh_parent") + " px -> parent,\n  priority=1 " +
           path("sh_free") + " px -> free,\n  priority=1 " + path("sh_none") +
           " ux,\n}\nprofile strict {\n" + loose + to("px") +
           "}\nprofile lax flags=(complain) {\n" + loose + to("px") +
           "}\nprofile free flags=(unconfined) {\n}\n" + "profile parent {\n" + loose +
           "  priority=1 " + system_python() + " cx,\n" + profile("child" + any + "(command)") +
           profile("plain /usr/bin/python3*") + "}\n" +
           profile("app" + any + "(script=" + app + "/**)") +
           profile("app_itself" + any + "(script=" + app + ")") +
           profile("longest" + any + "(script=" + app + "/longest*)") +
           profile("path " + system_python() + " python=(script=" + path("path") + "/*)") +
           profile("path_short" + any + "(script=" + path("path") + "/one.py)") +
           profile("attached " + app + "/attached") +
           profile("wide " + path("wide/* python=(script=") + path("wide/tool)")) +
           profile("interpreter" + any + "(script=" + path("wide/else)")) +
           profile("module" + any + "(module=tabnanny)") + profile("command" + any + "(command)") +
           profile("stdin" + any + "(stdin)") + profile("twin" + any + "(module=keyword)") +
           profile("other_twin" + any + "(module=keyword)") + profile("snake " + path("snake")) +
           profile("snake_command " + path("snake") + " python=(command)");
  }

  [[nodiscard]] std::string script() const {
    std::string lines =
        "cd " + path("") + "\nexport PATH=/usr/bin:/bin PY=" + system_python() + "\n";
    for (const Case& one : kCases) {
      std::string command = one.command;
      command.replace(command.find('@'), 1, std::string("case-") + one.name);
      lines += "(" + command + ") > out 2>&1\n";
    }
    return lines +
           // who may not go on: one kind ends with an errno where there are hooks, the other late
           "./sh_strict -c '/usr/bin/true case-strict_true; echo strict_true $?'\n"
           "./sh_strict -c '$PY -m stat case-strict_else; echo strict_else $?'\n"
           "./sh_strict -c '$PY -m keyword case-strict_conflict; echo strict_conflict $?'\n"
           "./sh_strict -c 'setpriv --no-new-privs $PY -c pass; echo strict_privs $?'\n"
           "./sh_lax -c '$PY -m keyword case-lax < /dev/null > out; echo lax $?'\n"
           "echo end 0\n";
  }

  TemporaryDirectory directory_;
};

/// The interpreter's process.exec of a case: the last one that has its word among the arguments.
const nlohmann::json* exec_of(const std::vector<nlohmann::json>& events, const std::string& name) {
  const nlohmann::json* found = nullptr;
  for (const auto& event : events) {
    if (field(event, "type") != "process.exec") continue;
    for (const auto& argument : event["process"]["argv"])
      if (argument == "case-" + name) found = &event;
  }
  return found;
}

TEST_P(Launches, DecideTheProfileBeforeTheFirstInstruction) {
  const auto seen =
      observe(GetParam(), {"sh", path("script")}, {"--profile", path("policy") + ":start"});
  Results results = results_of(seen.outcome.out);
  ASSERT_EQ(results["end"], "0") << seen.outcome.err;
  EXPECT_EQ(seen.outcome.err.find("python="), std::string::npos) << seen.outcome.err;
  for (const Case& one : kCases) {
    const nlohmann::json* exec = exec_of(seen.events, one.name);
    ASSERT_NE(exec, nullptr) << one.name << seen.outcome.err;
    EXPECT_EQ(field(*exec, "profile"), one.profile) << one.name << " " << *exec;
    const auto denied = matching(seen.events, {{"type", "file.open"},
                                               {"file.path", "/etc/ld.so.cache"},
                                               {"verdict", "denied"},
                                               {"profile", one.profile},
                                               {"process.pid", field(*exec, "process.pid")}});
    const std::string profile = one.profile;
    EXPECT_EQ(denied.size(), profile.empty() || profile == "start" || profile == "free" ? 0U : 1U)
        << one.name;
  }
  const bool hooks = std::string(GetParam()) != "tracepoint";
  EXPECT_EQ(results["strict_true"], hooks ? "126" : "137");
  EXPECT_EQ(results["strict_else"], "137");
  EXPECT_EQ(results["strict_conflict"], "137");
  EXPECT_EQ(results["strict_privs"], "137");
  EXPECT_EQ(results["lax"], "0");
  const auto refused = [&](const std::string& info, const std::string& path) {
    return matching(seen.events, {{"type", "file.exec"},
                                  {"verdict", "denied"},
                                  {"profile", "strict"},
                                  {"info", info},
                                  {"file.path", path}})
        .size();
  };
  EXPECT_EQ(refused("profile transition not found", "/usr/bin/true"), 1U);
  EXPECT_EQ(refused("profile transition not found", system_python()), 1U);
  EXPECT_EQ(refused("conflicting profile attachments", system_python()), 1U);
  EXPECT_EQ(refused("no new privs", system_python()), 1U);
  EXPECT_EQ(matching(seen.events, {{"type", "file.exec"},
                                   {"verdict", "complain"},
                                   {"profile", "lax"},
                                   {"info", "conflicting profile attachments"}})
                .size(),
            1U);
  const nlohmann::json* lax = exec_of(seen.events, "lax");
  ASSERT_NE(lax, nullptr);
  EXPECT_EQ(field(*lax, "profile"), "lax//null-" + system_python());
  EXPECT_EQ(matching(seen.events, {{"type", "file.exec"},
                                   {"verdict", "allowed"},
                                   {"profile", "unconfined"},
                                   {"info", "conflicting profile attachments"}})
                .size(),
            1U)
      << "who stays unconfined by a conflict is told";
}

// Any process may be the one that executes Python: it has no state of Aspis's before.
TEST_P(Launches, AttachToProcessesThatNobodyWatches) {
  if (std::string(GetParam()) == "tracepoint") GTEST_SKIP() << "the whole machine: in guests only";
  std::filesystem::create_directories(path("profiles"));
  const std::string any = " /usr/bin/python3* python=";
  write("profiles/all", "abi <kernel>,\n" +
                            profile("app" + any + "(script=" + path("app") + "/**)") +
                            profile("twin" + any + "(module=keyword)") +
                            profile("other_twin" + any + "(module=keyword)"));
  const Outcome outcome =
      run({"sh", "-c", "cd " + path("") + R"(
    export PATH=/usr/bin:/bin
    "$ASPIS" agent --no-pin --hooks="$BACKEND" --stacks=none -o json --profiles profiles > log 2> err & agent=$!
    until grep -q 'profiles in force' err; do sleep 0.2; kill -0 $agent || { cat err; exit 9; }; done
    $PY app/one.py script; app/tool; $PY -m stat; /bin/true; $PY -m keyword > out
    (cd app; exec $PY ../else/../app/one.py subshell)
    kill $agent; wait $agent; cat log; cat err >&2)"},
          300, {{"ASPIS", aspis_binary()}, {"BACKEND", GetParam()}, {"PY", system_python()}});
  std::vector<std::string> denied;
  std::size_t conflicts = 0;
  std::istringstream lines(outcome.out);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json event = nlohmann::json::parse(line, nullptr, false);
    if (field(event, "file.path") == "/etc/ld.so.cache") {
      EXPECT_EQ(field(event, "profile"), "app") << event;
      denied.push_back(event["process"]["argv"].back());
    }
    if (field(event, "info") == "conflicting profile attachments") {
      EXPECT_EQ(field(event, "type"), "file.exec") << event;
      EXPECT_EQ(field(event, "profile"), "unconfined") << event;
      ++conflicts;
    }
  }
  EXPECT_EQ(denied, (std::vector<std::string>{"script", "app/tool", "subshell"}))
      << outcome.out << outcome.err;
  EXPECT_EQ(conflicts, 1U) << outcome.out;
}

std::string name_of(const testing::TestParamInfo<const char*>& info) {
  return info.param;
}

INSTANTIATE_TEST_SUITE_P(Backends, Launches, testing::Values("lsm", "fmod_ret", "tracepoint"),
                         name_of);

}  // namespace
}  // namespace aspis::test
