// SPDX-License-Identifier: Apache-2.0
// Random profiles: a rule's glob is made from a path that it is to match, so that rules meet paths,
// and each other, often enough to prove something.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "tests/naive/rules.h"

namespace aspis::naive {

/// Of ASPIS_SEED where that is set, so that a failure can be had again.
std::uint64_t seed_or(std::uint64_t seed);

/// What profiles are made of.
struct Taste {
  bool priorities = true;  ///< AppArmor has them from 4.1 on
  bool exec_modes = true;  ///< names get px, globs ix; else all get ix
};

class Random {
 public:
  explicit Random(std::uint64_t seed, Taste taste = {}) : engine_(seed), taste_(taste) {}

  std::size_t below(std::size_t bound) { return engine_() % bound; }
  bool one_in(std::size_t n) { return below(n) == 0; }
  const std::string& one_of(const std::vector<std::string>& choices) {
    return choices[below(choices.size())];
  }

  /// Paths of a few short names below `prefix`, some of them directories ("/" at the end).
  std::vector<std::string> paths(std::size_t count, std::string_view prefix = "/");
  /// Nearly this path: another end.
  std::string changed(std::string path);

  /// `count` rules about these paths, which all begin with `prefix`; that part stays as it is.
  std::vector<Rule> rules(std::size_t count, const std::vector<std::string>& paths,
                          std::string_view prefix = "/");

 private:
  Rule rule(const std::vector<std::string>& paths, std::string_view prefix);
  std::string glob(std::string_view path, std::string_view prefix);
  std::string globbed(std::string_view rest, int depth);
  std::string piece(std::string_view& rest, int depth);
  std::string literal(char byte);
  std::string bracket(char byte);
  std::string alternation(std::string_view& rest, int depth);
  std::string letters();

  std::mt19937_64 engine_;
  Taste taste_;
};

}  // namespace aspis::naive
