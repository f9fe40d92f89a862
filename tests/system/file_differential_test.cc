// SPDX-License-Identifier: Apache-2.0
// Random profiles, and real operations on real files under each: what came of them under Aspis is
// what comes of them under AppArmor, and what a naive reading of the rules says. ASPIS_SEED=NUMBER
// makes other ones.
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <map>

#include "tests/system/aspis_run.h"
#include "tests/system/file_cases.h"

namespace aspis::test {
namespace {

constexpr std::size_t kProfiles = 30;
constexpr std::size_t kCases = 72;  // for each of them

/// By profile and case.
using Answers = std::vector<std::vector<std::string>>;

class FileDifferential : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    directory_ = new TemporaryDirectory;
    seed_ = naive::seed_or(20261122);
    cases_ = new FileCases(directory_->path(), seed_, kProfiles, kCases);
    cases_->write(attempts_binary());
  }
  static void TearDownTestSuite() {
    delete cases_;
    delete directory_;
  }

  void SetUp() override {
    if (const auto why = why_not_confine(GetParam()); !why.empty()) GTEST_SKIP() << why;
  }

  static Answers take_answers() {
    Answers answers;
    for (std::size_t n = 0; n < kProfiles; ++n) answers.push_back(cases_->take_answers(n));
    return answers;
  }

  /// Under Aspis; asked once.
  static const Answers& aspis(const std::string& backend) {
    static std::map<std::string, Answers> known;
    const auto found = known.find(backend);
    if (found != known.end()) return found->second;
    const Observation seen =
        observe(backend, {attempts_binary(), directory_->path()},
                {"--denials", "--profile", cases_->policy_file() + ":" + cases_->first_profile()});
    EXPECT_EQ(seen.outcome.code(), 0) << seen.outcome.err;
    return known[backend] = take_answers();
  }

  /// Under AppArmor; asked once.
  static const Answers& apparmor() {
    static const Answers known = [] {
      const Outcome loaded = run({"apparmor_parser", "-r", "-K", cases_->policy_file()}, 300);
      EXPECT_EQ(loaded.code(), 0) << loaded.err;
      const Outcome outcome = run(
          {"aa-exec", "-p", cases_->first_profile(), "--", attempts_binary(), directory_->path()},
          300);
      EXPECT_EQ(outcome.code(), 0) << outcome.err;
      run({"apparmor_parser", "-R", cases_->policy_file()});
      return take_answers();
    }();
    return known;
  }

  static bool apparmor_is_there() {
    std::ifstream state("/sys/module/apparmor/parameters/enabled");
    std::string enabled;
    state >> enabled;
    return enabled == "Y" && run({"apparmor_parser", "--version"}).code() == 0;
  }

  static std::string described(std::size_t profile, const FileCase& tried) {
    return tried.operation + " " + tried.path + " " + tried.other +
           "\nASPIS_SEED=" + std::to_string(seed_) + " profile " + std::to_string(profile) + "\n" +
           cases_->profiles()[profile].rules.text();
  }

  /// `check` says what is wrong with the answer to a case, if anything.
  template <class Check>
  static void check_all(const Answers& answers, Check&& check) {
    std::size_t differences = 0;
    for (std::size_t n = 0; n < kProfiles; ++n) {
      const FileProfile& profile = cases_->profiles()[n];
      ASSERT_EQ(answers[n].size(), profile.cases.size()) << "profile " << n;
      for (std::size_t i = 0; i < profile.cases.size(); ++i) {
        const std::string wrong = check(n, i, answers[n][i]);
        if (wrong.empty()) continue;
        if (++differences <= 5) {
          ADD_FAILURE() << wrong << "\n" << described(n, profile.cases[i]);
        }
      }
    }
    EXPECT_EQ(differences, 0U) << "of " << kProfiles * kCases;
  }

  static inline TemporaryDirectory* directory_ = nullptr;
  static inline FileCases* cases_ = nullptr;
  static inline std::uint64_t seed_ = 0;
};

TEST_P(FileDifferential, AspisDoesWhatANaiveReadingSays) {
  std::size_t allowed = 0;
  check_all(aspis(GetParam()), [&](std::size_t n, std::size_t i, const std::string& answer) {
    const FileProfile& profile = cases_->profiles()[n];
    const bool expected = cases_->allowed(profile, profile.cases[i]);
    const bool denied = answer == std::to_string(EACCES);
    allowed += expected ? 1 : 0;
    // Another errno may come from before the hook; ENOEXEC does not.
    const bool done = answer == "0" || answer == std::to_string(ENOEXEC);
    if (expected ? denied : done)
      return answer + (expected ? ", but it is allowed" : ", but it is not allowed");
    return std::string();
  });
  EXPECT_GE(allowed, kProfiles * kCases / 6);
  EXPECT_LE(allowed, kProfiles * kCases * 5 / 6);
}

TEST_P(FileDifferential, AspisDoesWhatAppArmorDoes) {
  if (!apparmor_is_there()) GTEST_SKIP() << "AppArmor is not there";
  std::size_t compared = 0;
  check_all(aspis(GetParam()), [&](std::size_t n, std::size_t i, const std::string& answer) {
    const auto& theirs = apparmor()[n];
    const std::string other = i < theirs.size() ? theirs[i] : "not tried";
    const FileProfile& profile = cases_->profiles()[n];
    if (cases_->apparmor_strays(profile, profile.cases[i])) return std::string();
    ++compared;
    return answer == other ? std::string() : answer + ", but " + other + " under AppArmor";
  });
  EXPECT_GE(compared, 2000U);
}

INSTANTIATE_TEST_SUITE_P(Hooks, FileDifferential, testing::Values("lsm", "fmod_ret"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace aspis::test
