// SPDX-License-Identifier: Apache-2.0
// AARE, AppArmor's globbing: apparmor.d(5), "Globbing (AARE)".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "policy/automaton/expression.h"

namespace aspis::automaton {

/// Something at a byte of the AARE, as it was written.
struct AareNote {
  size_t offset;
  std::string message;  // a sentence for the user
};

struct AareOptions {
  /// Paths only, not names of profiles: // and more become one /, unless they are exactly two and
  /// lead (POSIX lets such names mean something else).
  bool filter_slashes = true;
  /// Names of abstract sockets, which may hold NULs: globs match them, too.
  bool nul = false;
  /// Names in which "/" is a character like any other: * and ? match it.
  bool slashes = false;
};

/// How much an AARE says about the strings that it matches: exec rules know no other order.
/// AppArmor has two levels, and 4.1 moved classes from the lower one to the higher.
enum class Specificity : uint8_t {
  kGlob,     // ?, * or [^...]
  kClasses,  // [...]
  kNames,    // nothing but alternations
};

struct Aare {
  ExpressionId expression;
  bool exact;  // no glob nor alternation: matches one string, which is `prefix`
  Specificity specificity;
  std::string prefix;  // what each match begins with: all before the first glob, escapes resolved
  std::vector<AareNote> warnings;
};

/// Of a text in which variables were replaced. Bytes are bytes: UTF-8 means nothing here, and [^a]
/// matches / and NUL.
[[nodiscard]] tl::expected<Aare, AareNote> parse_aare(Expressions& expressions,
                                                      std::string_view text,
                                                      const AareOptions& options = {});

}  // namespace aspis::automaton
