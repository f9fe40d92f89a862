// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "policy/automaton/set_pool.h"

namespace aspis::automaton {
namespace {

TEST(SetPool, KeepsSetsAndKnowsThemAgain) {
  SetPool pool;
  const std::vector<std::vector<uint32_t>> sets = {
      {}, {0}, {0, 1}, {127, 128}, {5, 133, 20000, 3000000}, {UINT32_MAX}, {0, UINT32_MAX}};
  size_t total = 0;
  for (const auto& set : sets) {
    EXPECT_TRUE(pool.intern(set).is_new);
    total += set.size();
  }
  for (uint32_t i = 0; i < 1000; ++i) pool.intern(std::vector<uint32_t>{7, 8 + i});  // it grows
  std::vector<uint32_t> read;
  for (uint32_t id = 0; id < sets.size(); ++id) {
    EXPECT_EQ(pool.intern(sets[id]).id, id);
    EXPECT_FALSE(pool.intern(sets[id]).is_new);
    pool.read(id, read);
    EXPECT_EQ(read, sets[id]);
  }
  EXPECT_EQ(pool.size(), sets.size() + 1000);
  EXPECT_EQ(pool.total(), total + 2000);
}

}  // namespace
}  // namespace aspis::automaton
