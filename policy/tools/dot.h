// SPDX-License-Identifier: Apache-2.0
// An automaton as a picture: `aspis policy dump --dot`.
#pragma once

#include <bitset>
#include <string>

#include "policy/tables/compiled.h"

namespace aspis::policy {

/// A set of bytes as a class of a glob: "a", "[a-z]", "[^/\000]"; all of them are "any".
std::string byte_set_words(const std::bitset<256>& bytes);

/// The file automaton of a profile in Graphviz's language: bytes on the edges, what is allowed and
/// denied in the states. The dead state, and what leads to it, is left out.
std::string dot(const CompiledProfile& profile);

}  // namespace aspis::policy
