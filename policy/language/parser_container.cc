// SPDX-License-Identifier: Apache-2.0
// container=(…) of a profile's head, which AppArmor's language does not have: the containers whose
// processes the profile attaches to.
#include <algorithm>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kKeys[] = {"id", "image", "name", "namespace", "pod", "runtime"};
constexpr std::string_view kLabel = "label.";

}  // namespace

/// "container=(image=GLOB pod=GLOB label.NAME=GLOB …)", if it is next. The name of a label may have
/// characters that no other key has: app.kubernetes.io/name.
bool Parser::container(Profile& profile) {
  lexer_->skip();
  const Position at = lexer_->here();
  if (!accept_condition("container")) return true;
  if (!lexer_->accept("(")) return expected("\"(\" after container=");
  while (!lexer_->accept(")")) {
    if (lexer_->accept(",")) continue;
    ContainerCondition condition;
    std::size_t length = lexer_->peek_keyword().size();
    condition.key.at = lexer_->here();
    for (char c = lexer_->peek(length); c != 0 && c != '=' && c != ')' && c != ',' && !is_space(c);
         c = lexer_->peek(length)) {
      ++length;
    }
    for (std::size_t i = 0; i < length; ++i) condition.key.text += lexer_->peek(i);
    const std::string& key = condition.key.text;
    if (std::ranges::count(kKeys, key) == 0 &&
        (!key.starts_with(kLabel) || key.size() == kLabel.size())) {
      return expected(
          "id=, image=, name=, namespace=, pod=, runtime=, label.NAME= or \")\" in container=");
    }
    lexer_->take(length);
    if (!lexer_->accept("=")) {
      return error(condition.key.at, "In container=, " + key + " needs a value.");
    }
    if (!value(condition.glob, "a value")) return false;
    const auto twice = std::ranges::find_if(
        profile.container, [&](const auto& other) { return other.key.text == key; });
    if (twice != profile.container.end()) {
      error(condition.key.at,
            "The condition " + key + "= is given twice; {A,B} is the one or the other.",
            {{twice->key.at, "It is given here first."}});
    }
    profile.container.push_back(std::move(condition));
  }
  if (profile.container.empty()) {
    error(at, "container=() chooses no container.");
  } else if (profile.hat) {
    error(at, "A hat is entered by request: it cannot attach by container=.");
  } else if (!profile.attachment && !is_path_start(profile.name.text)) {
    error(at,
          "container= needs the path of the programs before it, as in profile NAME /** "
          "container=(…).");
  }
  return true;
}

}  // namespace aspis::policy
