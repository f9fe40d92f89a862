// SPDX-License-Identifier: Apache-2.0
// @{ctx.KEY}: a whole component of a path, which the thread has set to a value when it runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace aspis::policy {

/// A reference in a text.
struct ContextReference {
  std::size_t at = 0;
  std::size_t length = 0;
  std::string_view key;
};

/// The first reference at or behind `from` that no backslash escapes; its key may be wrong.
std::optional<ContextReference> find_context(std::string_view text, std::size_t from = 0);

/// What is wrong with the references in a glob that is a path: each is a whole component outside of
/// braces and classes, and its key has letters, digits and "_". Nothing: all is well.
std::optional<std::string> context_error(std::string_view text);

/// The same of a glob that may hold none.
std::optional<std::string> no_context_error(std::string_view text);

/// The text with "x" for each reference, to be looked at as a glob.
std::string without_context(std::string_view text);

}  // namespace aspis::policy
