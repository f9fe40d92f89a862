// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/policy_names.h"

#include <gtest/gtest.h>

namespace aspis::test {
namespace {

policy::CompiledProfile profile(const std::string& name) {
  policy::CompiledProfile made;
  made.name = name;
  return made;
}

PolicyNames again(const PolicyNames& names) {
  const std::string bytes = names.bytes();
  auto read = PolicyNames::read(std::as_bytes(std::span(bytes)));
  EXPECT_TRUE(read) << read.error().text();
  return read.value_or(PolicyNames());
}

TEST(PolicyNames, AreWhatTheyWereForTheNextAgent) {
  policy::CompiledPolicy policy;
  policy.profiles = {profile("one"), profile("t\xe9l\xff"), profile("gone")};
  policy.profiles[0].rlimits[7] = 1UL << 63;
  policy.profiles[0].execs.emplace_back().targets = {"later"};
  policy.profiles[1].packages = {profile("numpy"), profile("pandas")};
  PolicyNames names;
  ASSERT_TRUE(names.put_in_force(policy));
  const PolicyNames read = again(names);
  EXPECT_EQ(read.size(), 5U);
  for (const char* name : {"one", "t\xe9l\xff", "gone", "later"}) {
    EXPECT_EQ(read.id_of(name), names.id_of(name));
    EXPECT_EQ(read.name_of(read.id_of(name)), name);
  }
  EXPECT_EQ(read.limits_of(read.id_of("one")), policy.profiles[0].rlimits);
  EXPECT_EQ(read.limits_of(read.id_of("gone")), policy::Limits{});
  EXPECT_EQ(read.package_of(read.id_of("t\xe9l\xff"), 1), "pandas");
  EXPECT_EQ(read.package_of(read.id_of("t\xe9l\xff"), 2), "");
}

TEST(PolicyNames, KeepTheirNumbersWhenTheyAreInForceNoMore) {
  policy::CompiledPolicy first, second;
  first.profiles = {profile("one"), profile("two")};
  second.profiles = {profile("three"), profile("two")};
  PolicyNames names;
  ASSERT_TRUE(names.put_in_force(first));
  PolicyNames read = again(names);
  EXPECT_EQ(read.missing_from(second), std::vector<std::string>{"one"});
  ASSERT_TRUE(read.put_in_force(second));
  EXPECT_EQ(read.id_of("one"), names.id_of("one"));
  EXPECT_EQ(read.id_of("two"), names.id_of("two"));
  EXPECT_EQ(read.name_of(3), "three");
  EXPECT_TRUE(read.missing_from(second).empty());
  EXPECT_EQ(again(read).name_of(3), "three");
}

TEST(PolicyNames, RefuseWhatTheyHaveNotWritten) {
  const std::string bytes = PolicyNames().bytes();
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(PolicyNames::read(std::as_bytes(std::span(bytes)).first(length))) << length;
}

}  // namespace
}  // namespace aspis::test
