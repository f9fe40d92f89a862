// SPDX-License-Identifier: Apache-2.0
// Profiles where no hook can refuse anything (backend tracepoint): who does what is denied ends by
// SIGKILL, and has not seen what came of it. What is denied and what not is what apparmor.d(5)
// says.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

/// Prints a line "NAME EXIT OUTPUT" for each attempt.
constexpr const char* kScript = R"sh(
say() { echo "$1 $2 $(cat "$DIR/yes/out")"; }
show() { name=$1; shift; "$@" >"$DIR/yes/out" 2>/dev/null; say "$name" $?; }
try() { name=$1; shift; printf '%s\t%s\t%s\n' "$@" | ./as >"$DIR/yes/out"; say "$name" $?; }
cd "$DIR/yes"
show cat cat file
show secret cat ../no/file
try mkdir mkdir "$DIR/yes/made"
try mkdir_no mkdir "$DIR/no/made"
try relative mkdir ./relative//
try dots mkdir ../yes/dots
try create create "$DIR/yes/created"
try create_no create "$DIR/no/created"
try unlink unlink created
try unlink_no unlink "$DIR/no/removed"
try rename rename file moved
try rename_no rename moved "$DIR/no/moved"
try symlink_no symlink "$DIR/no/symlink"
try link link link other
try link_no link "$DIR/no/link" other
try chmod chmod other
try chmod_no chmod "$DIR/no/file"
try truncate_no truncate "$DIR/no/file"
try map map other
try map_no map nomap
show run ./program
show run_no "$DIR/no/program"
show script ./script
show script_no "$DIR/no/script"
show child ./child other
show datagrams "$PYTHON" -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM); print("made")'
show port "$PYTHON" -c 'import socket; socket.socket(socket.AF_INET).bind(("127.0.0.1", 1)); print("bound")'
show socket "$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket"); print("bound")'
show socket_no "$PYTHON" -c 'import socket; socket.socket(socket.AF_UNIX).bind("../no/socket"); print("bound")'
show listen "$DOMAIN" listen open=other
)sh";

class Kill : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto& why = backends().at("tracepoint"); !why.empty()) GTEST_SKIP() << why;
    if (system_python().empty()) GTEST_SKIP() << "no python3";
    namespace fs = std::filesystem;
    for (const char* place : {"yes", "no"}) {
      const fs::path in = directory_.path(place);
      fs::create_directory(in);
      fs::copy_file("/bin/true", in / "program");
      std::ofstream(in / "script") << "#!/bin/sh\necho ran\n";
      fs::permissions(in / "script", fs::perms::owner_all);
      for (const char* name : {"file", "other", "nomap", "removed"})
        std::ofstream(in / name) << place << "\n";
    }
    fs::copy_file(attempts_binary(), directory_.path("yes/as"));
    fs::copy_file("/bin/cat", directory_.path("yes/child"));
    std::ofstream(directory_.path("profile")) << policy();
  }

  [[nodiscard]] std::string policy() const {
    const std::string yes = directory_.path("yes"), no = directory_.path("no");
    const std::string quiet =
        "  /** rix,\n  /{usr,lib,lib64}/** m,\n  " +
        std::filesystem::path(aspis_binary()).parent_path().parent_path().parent_path().string() +
        "/** m,\n  /dev/** rw,\n  unix,\n  network inet stream,\n";
    return "abi <kernel>,\nprofile start {\n" + quiet + "  " + yes + "/** rwklm,\n  " + yes +
           "/child cx -> child,\n  audit deny " + yes + "/nomap m,\n  audit deny " + no +
           "/** rwklmx,\n  deny network (bind) inet stream ip=127.0.0.1 port=1,\n" +
           "  change_profile on listen -> start//busy,\n  profile busy {\n" + quiet +
           "    audit deny " + yes + "/other r,\n    " + yes + "/out w,\n  }\n  profile child {\n" +
           quiet + "    audit deny " + yes + "/other r,\n    " + yes + "/out w,\n  }\n}\n";
  }

  [[nodiscard]] Observation confined(const std::vector<std::string>& options) const {
    std::vector<std::string> all = {"--profile", directory_.path("profile") + ":start"};
    all.insert(all.end(), options.begin(), options.end());
    return observe("tracepoint",
                   {"env", "DIR=" + directory_.path(), "DOMAIN=" + domain_binary(),
                    "PYTHON=" + system_python(), "sh", "-c", kScript},
                   all);
  }

  const TemporaryDirectory directory_;
};

TEST_F(Kill, WhoDoesWhatIsDenied) {
  const auto seen = confined({});
  auto results = results_of(seen.outcome.out);
  const std::string killed = "137 ", done = "0 0";
  const Results expected = {
      {"cat", "0 yes"},       {"secret", killed},    {"mkdir", done},
      {"mkdir_no", killed},   {"relative", done},    {"dots", killed},
      {"create", done},       {"create_no", killed}, {"unlink", done},
      {"unlink_no", killed},  {"rename", done},      {"rename_no", killed},
      {"symlink_no", killed}, {"link", done},        {"link_no", killed},
      {"chmod", done},        {"chmod_no", killed},  {"truncate_no", killed},
      {"map", done},          {"map_no", killed},    {"run", "0 "},
      {"run_no", killed},     {"script", "0 ran"},   {"script_no", killed},
      {"child", killed},      {"datagrams", killed}, {"port", killed},
      {"socket", "0 bound"},  {"socket_no", killed}, {"listen", "137 listen 0"},
  };
  EXPECT_EQ(results, expected) << seen.outcome.err;
  const auto denied = matching(seen.events, {{"verdict", "denied"}});
  EXPECT_EQ(matching(denied, {{"killed", "true"}}).size(), denied.size());
  EXPECT_EQ(
      matching(denied, {{"type", "file.open"}, {"file.path", directory_.path("no/file")}}).size(),
      1U);
  EXPECT_EQ(matching(denied, {{"type", "file.exec"}}).size(), 2U);
  EXPECT_EQ(matching(denied, {{"info", "Failed name lookup - name with \"..\", or gone"}}).size(),
            1U);
  EXPECT_EQ(matching(denied, {{"profile", "start//child"}}).size(), 1U);
  EXPECT_EQ(matching(denied, {{"profile", "start//busy"}}).size(), 1U);
  EXPECT_EQ(matching(seen.events,
                     {{"type", "privilege.change_profile"}, {"privilege.name", "start//busy"}})
                .size(),
            1U);
  EXPECT_NE(seen.outcome.err.find("the process is killed before it sees the result"),
            std::string::npos);
  EXPECT_NE(seen.outcome.err.find("profile start: capability, signal, ptrace, mount, "),
            std::string::npos);
}

TEST_F(Kill, NobodyInComplainMode) {
  const auto seen = confined({"--complain", "--denials"});
  for (const auto& [name, result] : results_of(seen.outcome.out)) {
    // An explicit deny rule denies there, too.
    const bool rules = name.ends_with("_no") || name == "secret" || name == "child" ||
                       name == "listen" || name == "port";
    EXPECT_EQ(result.starts_with("137"), rules) << name << " " << result;
  }
  EXPECT_FALSE(matching(seen.events, {{"type", "net.create"}, {"verdict", "complain"}}).empty());
  EXPECT_TRUE(matching(seen.events, {{"verdict", "allowed"}, {"type", "file.mkdir"}}).empty());
}

}  // namespace
}  // namespace aspis::test
