// SPDX-License-Identifier: Apache-2.0
// container=(…) of a profile's head: which containers a profile is for. The kernel knows no
// conditions: who knows the containers asks here which selectors choose one, and tells it.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/automaton/table.h"
#include "policy/language/syntax.h"
#include "policy/tables/compiled.h"
#include "policy/tables/pattern.h"

namespace aspis::policy {

/// Errors of globs are told of in the context.
std::vector<ContainerGlobs> compile_container(const std::vector<ContainerCondition>& conditions,
                                              const PatternContext& context);

/// As they are written: "image=web pod={a,b}".
std::string container_words(const std::vector<ContainerGlobs>& conditions);

/// What a container has under a key of container=(…): "image", "label.app"; empty: nothing.
using ContainerValue = std::function<std::string(std::string_view key)>;

/// Profiles with equal conditions share a selector.
class Selector {
 public:
  /// Fails if a glob needs an automaton that is too large.
  static Result<Selector> create(std::vector<ContainerGlobs> conditions);

  [[nodiscard]] bool chooses(const ContainerValue& value) const;
  /// As it is written: "container=(image=web pod=a-*)".
  [[nodiscard]] std::string text() const;
  [[nodiscard]] const std::vector<ContainerGlobs>& conditions() const { return conditions_; }

 private:
  std::vector<ContainerGlobs> conditions_;
  std::vector<automaton::Table> tables_;  ///< one a condition; outcome 1: it matches
};

/// The distinct conditions of a policy's profiles, in the order in which they are asked where
/// several choose one container: those with more conditions first. The scopes of the laid out
/// policy (aspis_policy_root.containers) are in this order.
std::vector<std::vector<ContainerGlobs>> selectors_of(const CompiledPolicy& policy);

}  // namespace aspis::policy
