// SPDX-License-Identifier: Apache-2.0
// Unix rules: types of sockets, the addresses of those without a path, and the peer's profile.
//
// Three ways of mediation, by the classes of the abi:
//   unix           unix rules, and `network unix` as one of them; of sockets with a path, or with a
//                  peer that has one, file rules speak alone
//   network only   `network unix` is asked of all unix sockets, and file rules of paths as well
//   neither        file rules
// The kernel side knows one way: it always asks for class unix.
#include <limits>

#include "policy/language/names.h"
#include "policy/language/variables.h"
#include "policy/tables/socket_rules.h"
#include "policy/tables/spelling.h"

namespace aspis::policy {
namespace {

using automaton::ByteSet;
using automaton::Expressions;

/// Expressions of one end, by its condition.
class UnixEnd {
 public:
  UnixEnd(const std::optional<Word>& address, const ClassContext& context)
      : context_(context), parts_(context) {
    if (!address) {
      any_end();
      return;
    }
    for (const std::string& text :
         expand(*address, context.patterns.variables, context.patterns.diagnostics)) {
      add(text, *address);
    }
    Expressions& expressions = context.rules.expressions();
    expression = expressions.alternate(all_);
    bind = expressions.alternate(binds_);
  }

  ExpressionId expression = 0;
  ExpressionId bind = 0;  ///< while the address is being given

 private:
  ExpressionId name(ExpressionId spelling) {
    return parts_.concat({parts_.bytes({ASPIS_END_ABSTRACT}), spelling, parts_.bytes({0})});
  }

  void any_end() {
    expression = bind =
        parts_.either({parts_.bytes({ASPIS_END_NONE}), parts_.bytes({ASPIS_END_AUTO}),
                       parts_.bytes({ASPIS_END_PATH}), name(parts_.any_text())});
  }

  void both(ExpressionId end) {
    all_.push_back(end);
    binds_.push_back(end);
  }

  void add(const std::string& text, const Word& word) {
    if (text == "none") return both(parts_.bytes({ASPIS_END_NONE}));
    if (text == "auto") {
      // unix(7): five hexadecimal digits, which anybody may choose, too: not so of the one in bind.
      const ExpressionId digit = parts_.either({parts_.range('0', '9'), parts_.range('a', 'f')});
      all_.push_back(name(parts_.concat({digit, digit, digit, digit, digit})));
      binds_.push_back(parts_.bytes({ASPIS_END_AUTO}));
      return;
    }
    if (!text.starts_with('@')) {
      context_.patterns.diagnostics.error(
          word.at, "\"" + text + "\" is not an address of a unix socket: @NAME, none or auto.");
      return;
    }
    const auto aare =
        context_.rules.pattern(text.substr(1), word, {.filter_slashes = false, .nul = true});
    if (aare) both(name(spelled(context_.rules.expressions(), aare->expression)));
  }

  const ClassContext& context_;
  SubjectPattern parts_;
  std::vector<ExpressionId> all_, binds_;
};

/// Tells of conditions that nothing here can check; is there one?
bool warn_of_unknown(const Rule& rule, const UnixRule& body, Diagnostics& diagnostics) {
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  const std::pair<const char*, const std::optional<Word>*> conditions[] = {
      {"label=", &body.label},
      {"attr=", &body.attribute},
      {"opt=", &body.option},
      {"protocol=", &body.protocol},
  };
  bool found = false;
  for (const auto& [name, condition] : conditions) {
    if (!*condition) continue;
    found = true;
    const std::string what =
        std::string("The condition ") + name + " of unix rules is not enforced: ";
    diagnostics.unenforced((*condition)->at,
                           what + (allow ? "the rule allows as if it were not there."
                                         : "this rule, which would deny too much, is left out."));
  }
  return found;
}

ExpressionId head(SubjectPattern& parts, const ByteSet& types) {
  return parts.concat({parts.bytes({ASPIS_CLASS_UNIX}), parts.one_of(types)});
}

ByteSet types_of(const std::optional<Word>& word, const ClassContext& context) {
  ByteSet types;
  if (!word) return types.set();
  for (const std::string& text :
       expand(*word, context.patterns.variables, context.patterns.diagnostics)) {
    if (!contains(socket_types(), text)) {
      context.patterns.diagnostics.error(word->at, "\"" + text + "\" is not a type of socket.");
    } else {
      types.set(socket_type_number(text));
    }
  }
  return types;
}

}  // namespace

void add_coarse_unix(const Rule& rule, unsigned type, std::uint16_t permissions,
                     const ClassContext& context) {
  SubjectPattern parts(context);
  ByteSet types;
  if (type == 0) {
    types.set();
  } else {
    types.set(type);
  }
  SocketConditions conditions;
  conditions.head = head(parts, types);
  add_socket_rule(rule, conditions, permissions, context);
}

void lower(const Rule& rule, const UnixRule& body, const ClassContext& context) {
  if ((context.compiled.mediated & 1U << ASPIS_CLASS_UNIX) == 0) return;
  const bool allow = rule.qualifiers.decision == Decision::Allow;
  if (warn_of_unknown(rule, body, context.patterns.diagnostics) && !allow) return;
  SubjectPattern parts(context);
  const bool peer = body.peer_address || body.peer_label;
  // "Only the peer socket permissions will be applied to rules that don't specify permissions and
  // contain a peer component."
  const std::uint16_t permissions = socket_permissions(
      body.permissions, peer ? kPeerSocket | ASPIS_SOCKET_ACCEPT : ASPIS_SOCKET_ALL);
  const UnixEnd local(body.address, context);
  SocketConditions conditions;
  conditions.head = head(parts, types_of(body.type, context));
  conditions.local_any = !body.address;
  conditions.local = local.expression;
  conditions.bind_local = local.bind;
  conditions.alone = parts.bytes({ASPIS_END_NONE});
  if (peer) {
    const auto label = parts.peer(body.peer_label);
    if (!label) return;
    conditions.peer = parts.concat({UnixEnd(body.peer_address, context).expression, *label});
  }
  add_socket_rule(rule, conditions, permissions, context);
}

void mediate_unix_sockets(const Profile& profile, const ClassContext& context) {
  constexpr unsigned kUnix = 1U << ASPIS_CLASS_UNIX;
  std::uint16_t& mediated = context.compiled.mediated;
  if ((mediated & kUnix) == 0) {
    if ((mediated & 1U << ASPIS_CLASS_NETWORK) != 0) mediated |= kUnix;
    return;
  }
  SubjectPattern parts(context);
  Rule strongest{profile.at, {}, AllRule{}};
  strongest.qualifiers.priority = std::numeric_limits<int>::max();
  const ExpressionId any = UnixEnd({}, context).expression;
  const ExpressionId unnamed =
      parts.either({parts.byte(ASPIS_END_NONE), parts.byte(ASPIS_END_AUTO)});
  const ExpressionId path = parts.byte(ASPIS_END_PATH);
  const ExpressionId ends =
      parts.either({parts.concat({any, path}), parts.concat({path, unnamed})});
  context.rules.add(
      parts.concat({parts.class_byte(ASPIS_CLASS_UNIX), parts.any_byte(), ends, parts.any_text()}),
      {strongest.at, strongest.qualifiers, ASPIS_SOCKET_ALL});
}

}  // namespace aspis::policy
