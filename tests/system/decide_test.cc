// SPDX-License-Identifier: Apache-2.0
// Random file rules and paths: what the BPF programs decide is what a naive reading of the rules
// says. They are asked in batches, by the very functions that the hooks call (tests/bpf);
// that the hooks ask them rightly is file_differential_test.cc's to show. ASPIS_SEED=NUMBER makes
// other cases.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/btf.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>

#include "agent/kernel/libbpf_log.h"
#include "agent/kernel/policy_store.h"
#include "aspis_decide_bpf.skel.h"
#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "tests/bpf/decide_batch.h"
#include "tests/naive/permissions.h"
#include "tests/naive/random_rules.h"

namespace aspis::test {
namespace {

constexpr std::size_t kProfiles = 150;
constexpr std::size_t kPaths = 16;       // for each of them
constexpr std::size_t kQuestions = 350;  // for each of them, as its owner and as another

struct Profile {
  std::vector<std::string> paths;
  naive::Rules rules;
};

/// The BPF side with a policy in force.
class Decider {
 public:
  ~Decider() {
    if (cases_ != MAP_FAILED) ::munmap(cases_, BATCH_CASES * sizeof(batch_case));
    aspis_decide_bpf::destroy(skeleton_);
  }

  void load(const policy::CompiledPolicy& policy) {
    const LibbpfLog log;
    skeleton_ = aspis_decide_bpf::open();
    ASSERT_NE(skeleton_, nullptr);
    const std::size_t bytes = PolicyStore::arena_bytes(policy).value();
    skeleton_->rodata->arena_mask = static_cast<std::uint32_t>(bytes - 1);
    bpf_map__set_value_size(skeleton_->maps.policy_arena, bytes + ASPIS_ARENA_SLACK);
    btf* types = btf__load_vmlinux_btf();
    skeleton_->rodata->has_rdonly_cast =
        btf__find_by_name_kind(types, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
    btf__free(types);
    bpf_map__set_max_entries(skeleton_->maps.scratch_buffers,
                             static_cast<unsigned>(libbpf_num_possible_cpus()) * 3);
    ASSERT_EQ(aspis_decide_bpf::load(skeleton_), 0) << log.tail(20);
    const auto opened =
        store_.open(bpf_map__fd(skeleton_->maps.policy_arena), bytes, &skeleton_->bss->policy_root);
    ASSERT_TRUE(opened);
    ASSERT_TRUE(store_.replace(policy));
    cases_ = ::mmap(nullptr, BATCH_CASES * sizeof(batch_case), PROT_READ | PROT_WRITE, MAP_SHARED,
                    bpf_map__fd(skeleton_->maps.batch_cases), 0);
    ASSERT_NE(cases_, MAP_FAILED);
  }

  /// Answers up to BATCH_CASES of them, in place.
  void decide(std::span<batch_case> cases) {
    std::copy(cases.begin(), cases.end(), static_cast<batch_case*>(cases_));
    skeleton_->bss->batch_count = static_cast<std::uint32_t>(cases.size());
    bpf_test_run_opts options{};
    options.sz = sizeof(options);
    ASSERT_EQ(bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.decide_batch), &options), 0);
    std::copy_n(static_cast<const batch_case*>(cases_), cases.size(), cases.begin());
  }

  [[nodiscard]] std::uint16_t id_of(std::size_t profile) const {
    return store_.id_of("p" + std::to_string(profile));
  }

 private:
  aspis_decide_bpf* skeleton_ = nullptr;
  PolicyStore store_;
  void* cases_ = MAP_FAILED;
};

class Decide : public testing::Test {
 protected:
  Decide() : seed_(naive::seed_or(20261122)), random_(seed_) {}

  void SetUp() override {
    std::string text;
    for (std::size_t i = 0; i < kProfiles; ++i) {
      // Some longer than what the matcher's quick loop takes.
      const std::string prefix = random_.one_in(8) ? "/" + std::string(290, 'x') + "/" : "/";
      std::vector<std::string> paths = random_.paths(kPaths, prefix);
      naive::Rules rules(random_.rules(2 + random_.below(20), paths, prefix));
      text += "profile p" + std::to_string(i) + " {\n" + rules.text() + "}\n";
      profiles_.push_back({std::move(paths), std::move(rules)});
    }
    policy::Sources sources;
    policy::Diagnostics diagnostics;
    const policy::FileId file = sources.add("random", std::move(text));
    const policy::Policy tree = policy::parse(sources, file, {}, diagnostics);
    const policy::CompiledPolicy policy = policy::compile(tree, diagnostics);
    ASSERT_EQ(diagnostics.errors(), 0U);
    decider_.load(policy);
  }

  /// A question, and what the naive reading says.
  struct Case {
    std::size_t profile;
    std::string permissions;  // "l": may `path` become a link to `target`?
    std::string path, target;
    bool owner;
  };

  Case random_case(std::size_t profile, const std::string& path, bool owner) {
    Case asked{profile, "", random_.one_in(3) ? random_.changed(path) : path, "", owner};
    if (random_.one_in(8)) {
      asked.permissions = "l";
      asked.target = random_.one_of(profiles_[profile].paths);
      return asked;
    }
    constexpr std::string_view kLetters = "xwracdkm";
    for (std::size_t count = 1 + random_.below(2); count > 0; --count)
      asked.permissions += kLetters[random_.below(kLetters.size())];
    return asked;
  }

  [[nodiscard]] batch_case asked(const Case& question) const {
    batch_case asked{};
    std::string path = question.path;
    if (question.target.empty() && path.size() > 1 && path.ends_with('/')) {
      asked.directory = 1;
      path.pop_back();
    }
    put(path, asked.path);
    put(question.target, asked.target);
    asked.profile = decider_.id_of(question.profile);
    for (const char permission : question.permissions) asked.request |= naive::bit_of(permission);
    return asked;
  }

  static void put(const std::string& text, batch_path& path) {
    path.len = static_cast<__u32>(std::min<std::size_t>(text.size(), BATCH_PATH_MAX));
    std::copy_n(text.begin(), path.len, path.bytes);
  }

  void compare(const Case& question, const batch_case& answer) {
    const naive::Rules& rules = profiles_[question.profile].rules;
    SCOPED_TRACE("ASPIS_SEED=" + std::to_string(seed_) + "\n" + rules.text() +
                 question.permissions + " on " + testing::PrintToString(question.path) +
                 (question.owner ? ", its owner" : ", another") + ", link to " +
                 testing::PrintToString(question.target));
    ASSERT_EQ(answer.answered, 1);
    const bool denied = answer.verdict == ASPIS_VERDICT_DENIED;
    allowed_ += denied ? 0 : 1;
    if (!question.target.empty()) {
      ASSERT_EQ(!denied, rules.allow_link(question.path, question.target, question.owner));
      return;
    }
    bool allowed = true, reported = false, noisy = false;
    for (const char permission : question.permissions) {
      const naive::Say say = rules.say(permission, question.path, question.owner);
      allowed = allowed && say.allowed;
      reported = reported || say.audited;
      noisy = noisy || (!say.allowed && (!say.denied || say.audited));
      if (denied) {
        ASSERT_EQ((answer.denied & naive::bit_of(permission)) == 0, say.allowed) << permission;
      }
    }
    ASSERT_EQ(!denied, allowed);
    ASSERT_EQ(answer.reported != 0, allowed ? reported : noisy);
  }

  void decide(const std::vector<Case>& questions) {
    std::vector<batch_case> answers;
    for (const Case& question : questions) answers.push_back(asked(question));
    decider_.decide(answers);
    for (std::size_t i = 0; i < questions.size() && !HasFatalFailure(); ++i)
      compare(questions[i], answers[i]);
    cases_ += questions.size();
  }

  /// Every file is the running program: whose is it?
  static void ask_as(bool owner) {
    struct stat self{};
    ASSERT_EQ(::stat("/proc/self/exe", &self), 0);
    ::setfsuid(owner ? self.st_uid : self.st_uid + 1);
  }

  const std::uint64_t seed_;
  naive::Random random_;
  std::vector<Profile> profiles_;
  Decider decider_;
  std::size_t cases_ = 0, allowed_ = 0;
};

TEST_F(Decide, WhatANaiveReadingSays) {
  for (const bool owner : {false, true}) {
    ask_as(owner);
    std::vector<Case> questions;
    for (std::size_t profile = 0; profile < kProfiles; ++profile) {
      for (std::size_t i = 0; i < kQuestions; ++i)
        questions.push_back(random_case(profile, random_.one_of(profiles_[profile].paths), owner));
      if (questions.size() + kQuestions <= BATCH_CASES && profile + 1 < kProfiles) continue;
      decide(questions);
      if (HasFatalFailure()) return;
      questions.clear();
    }
  }
  EXPECT_GE(cases_, 100'000U);
  EXPECT_GE(allowed_, cases_ / 8);
  EXPECT_LE(allowed_, cases_ * 7 / 8);
}

}  // namespace
}  // namespace aspis::test
