// SPDX-License-Identifier: Apache-2.0
// Every kind of event and every kind of path, on every backend: the trigger says what it did, and
// what the kernel told it, and each of its expectations must be met by an event.
#include <gtest/gtest.h>
#include <sys/utsname.h>

#include <cstdio>
#include <sstream>

#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Expectation {
  std::string group;
  Fields fields;
};

struct Script {
  std::vector<Expectation> expectations;
  std::map<std::string, std::string> skipped;  // group to reason
};

Script parse(const std::string& text) {
  Script script;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string verb, group, word;
    std::getline(words, verb, '\t');
    std::getline(words, group, '\t');
    Expectation expectation{group, {}};
    while (std::getline(words, word, '\t')) {
      if (verb == "skip") script.skipped[group] = word;
      const auto equals = word.find('=');
      if (equals != std::string::npos)
        expectation.fields.emplace_back(word.substr(0, equals), word.substr(equals + 1));
    }
    if (verb == "expect") script.expectations.push_back(std::move(expectation));
  }
  return script;
}

std::string describe(const Expectation& expectation, const Observation& seen) {
  std::string text = expectation.group + ": no event has";
  for (const auto& [key, value] : expectation.fields)
    text += "\n  " + key + " = " + (value.size() > 200 ? value.substr(0, 200) + "…" : value);
  text += "\nof its type there are:";
  for (const auto& event : matching(seen.events, {expectation.fields.front()}))
    text += "\n  " +
            event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).substr(0, 500);
  return text;
}

/// Running kernel as major * 1000 + minor.
int kernel_version() {
  utsname system{};
  ::uname(&system);
  int major = 0, minor = 0;
  std::sscanf(system.release, "%d.%d", &major, &minor);
  return major * 1000 + minor;
}

/// Is this something that the backend cannot tell on this kernel? Everything else it must.
bool cannot_tell(const std::string& backend, const std::string& group) {
  if (backend == "fmod_ret") return group == "privilege.userns";  // not a place for fmod_ret
  // security_path_chmod() passes private inodes by (S_PRIVATE), before any LSM program.
  if (backend == "lsm") return group == "paths.anonymous_chmod";
  // It sees what succeeded, and 32-bit calls it only counts.
  return (group == "privilege.capable" && kernel_version() < 6014) ||
         (group == "paths.anonymous_chmod" && kernel_version() >= 6016) ||
         group == "paths.anonymous" || group == "privilege.module_refused" ||
         group == "files.compat";
}

constexpr const char* kSets[] = {"files", "paths", "net", "privilege", "processes"};

/// All sets under one observation for each backend: starting one is most of the time that this
/// takes.
struct Watched {
  Observation seen;
  Script script;
};

const Watched& watch(const std::string& backend) {
  static std::map<std::string, Watched> done;
  const auto [entry, fresh] = done.try_emplace(backend);
  if (fresh) {
    const TemporaryDirectory directory;
    std::vector<std::string> command = {trigger_binary(), directory.path()};
    command.insert(command.end(), std::begin(kSets), std::end(kSets));
    entry->second.seen = observe(backend, command);
    entry->second.script = parse(entry->second.seen.outcome.out);
  }
  return entry->second;
}

nlohmann::json summary_of(const Observation& seen) {
  const auto found = matching(seen.events, {{"type", "aspis.summary"}});
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? nlohmann::json() : found.front();
}

class Events : public testing::TestWithParam<std::tuple<const char*, const char*>> {};

TEST_P(Events, AllSeen) {
  const std::string backend = std::get<0>(GetParam());
  const std::string set = std::get<1>(GetParam());
  if (const auto found = backends().find(backend); found == backends().end())
    FAIL() << "aspis probe says nothing of " << backend;
  else if (!found->second.empty())
    GTEST_SKIP() << backend << " " << found->second;
  const auto& [seen, script] = watch(backend);
  ASSERT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
  int checked = 0;
  for (const auto& [group, reason] : script.skipped)
    if (group.starts_with(set))
      std::printf("note: %s skipped: %s\n", group.c_str(), reason.c_str());
  for (const auto& expectation : script.expectations) {
    if (!expectation.group.starts_with(set)) continue;
    ++checked;
    if (backend == "tracepoint" && expectation.group == "files.compat") {
      EXPECT_EQ(field(summary_of(seen), "compat_syscalls"), "1");
    }
    if (cannot_tell(backend, expectation.group)) {
      std::printf("note: %s: %s cannot tell it on this kernel\n", expectation.group.c_str(),
                  backend.c_str());
      continue;
    }
    EXPECT_FALSE(matching(seen.events, expectation.fields).empty()) << describe(expectation, seen);
  }
  EXPECT_GT(checked, 0);
  const auto summary = summary_of(seen);
  EXPECT_EQ(field(summary, "lost.total"), "0");
  EXPECT_EQ(summary["produced"].get<int>() + summary["notices"].get<int>(), summary["emitted"]);
}

std::string name_of(const testing::TestParamInfo<Events::ParamType>& info) {
  return std::string(std::get<0>(info.param)) + "_" + std::get<1>(info.param);
}

INSTANTIATE_TEST_SUITE_P(Backends, Events,
                         testing::Combine(testing::Values("lsm", "fmod_ret", "tracepoint"),
                                          testing::ValuesIn(kSets)),
                         name_of);

}  // namespace
}  // namespace aspis::test
