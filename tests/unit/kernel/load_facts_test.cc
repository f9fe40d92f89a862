// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/load_facts.h"

#include <gtest/gtest.h>

#include "bpf/abi/event.h"

namespace aspis::test {
namespace {

LoadFacts facts() {
  LoadFacts made;
  made.version = "1.2.3";
  made.object = ~std::uint64_t{0};
  made.backend = Backend::kFmodRet;
  made.missing = {{"lsm__userns_create", "this kernel has no such hook", false},
                  {"lsm__capable", "the kernel refused to load it", true}};
  made.signed_code = Trial{false, "Linux 6.9"};
  made.raises = true;
  made.settings = {.backend = "fmod_ret",
                   .holding = true,
                   .ring_bytes = 16U << 20,
                   .arena_bytes = 4U << 20,
                   .signed_files = 65536,
                   .stacks = ASPIS_STACKS_DENIED};
  return made;
}

Result<LoadFacts> read(const std::string& bytes) {
  return read_facts(std::as_bytes(std::span(bytes)));
}

TEST(LoadFacts, AreReadAsTheyWereWritten) {
  const auto found = read(write_facts(facts()));
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_EQ(found->version, "1.2.3");
  EXPECT_EQ(found->object, ~std::uint64_t{0});
  EXPECT_EQ(found->backend, Backend::kFmodRet);
  ASSERT_EQ(found->missing.size(), 2U);
  EXPECT_EQ(found->missing[1].program, "lsm__capable");
  EXPECT_EQ(found->missing[1].reason, "the kernel refused to load it");
  EXPECT_TRUE(found->missing[1].refused);
  ASSERT_TRUE(found->signed_code);
  EXPECT_FALSE(found->signed_code->works);
  EXPECT_EQ(found->signed_code->why_not, "Linux 6.9");
  EXPECT_TRUE(found->raises);
  EXPECT_EQ(write_facts(*found), write_facts(facts()));
  EXPECT_FALSE(read("{}"));
  EXPECT_FALSE(read(write_facts(facts()).substr(1)));
}

TEST(LoadFacts, NameEachSettingThatIsAnother) {
  LoadSettings wanted = facts().settings;
  EXPECT_TRUE(differing(wanted, facts()).empty());
  wanted.backend.clear();
  wanted.raising = true;
  EXPECT_TRUE(differing(wanted, facts()).empty()) << "what works best; the kernel raises";
  wanted = {.backend = "lsm",
            .holding = false,
            .attached_quiet = true,
            .ring_bytes = 1U << 20,
            .arena_bytes = 1U << 20,
            .signed_files = 131072,
            .stacks = ASPIS_STACKS_ALL};
  EXPECT_EQ(differing(wanted, facts()),
            (std::vector<std::string>{
                "--hooks lsm (in force: fmod_ret)", "no --hold (in force: --hold)",
                "no --all-events (in force: --all-events)", "--stacks all (in force: denied)",
                "--buffer-size 1 (in force: 16)", "--policy-memory 1 (in force: 4)",
                "room for 131072 signed files (in force: 65536)"}));
}

}  // namespace
}  // namespace aspis::test
