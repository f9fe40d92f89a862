// SPDX-License-Identifier: Apache-2.0
// Rules between processes: ptrace, signal, dbus, mqueue, io_uring, userns.
#include <algorithm>

#include "policy/language/parser_impl.h"

namespace aspis::policy {
namespace {

constexpr std::string_view kPtrace[] = {"read", "readby", "trace", "tracedby", "write",
                                        "r",    "w",      "rw",    "wr"};
constexpr std::string_view kSignal[] = {"send", "receive", "read", "write", "r", "w", "rw", "wr"};
constexpr std::string_view kDbus[] = {"send",  "receive", "bind", "eavesdrop", "read",
                                      "write", "r",       "w",    "rw",        "wr"};
constexpr std::string_view kMqueue[] = {"create", "open", "delete", "getattr", "setattr", "read",
                                        "write",  "r",    "w",      "rw",      "wr"};
constexpr std::string_view kIoUring[] = {"sqpoll", "override_creds"};
constexpr std::string_view kUserns[] = {"create"};

bool has_permission(const std::vector<Word>& permissions, std::string_view name) {
  return std::any_of(permissions.begin(), permissions.end(),
                     [&](const Word& word) { return word.text == name; });
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool Parser::ptrace_rule(Rule& rule) {
  PtraceRule ptrace;
  if (!permissions(ptrace.permissions, kPtrace) || !conditions({{"peer", &ptrace.peer}})) {
    return false;
  }
  rule.body = std::move(ptrace);
  return true;
}

bool Parser::signal_rule(Rule& rule) {
  SignalRule signal;
  if (!permissions(signal.permissions, kSignal)) return false;
  while (accept_condition("set")) {
    if (!value_list(signal.signals)) return false;
  }
  if (!conditions({{"peer", &signal.peer}})) return false;
  while (accept_condition("set")) {
    if (!value_list(signal.signals)) return false;
  }
  for (const Word& name : signal.signals) {
    if (!is_signal(name.text)) {
      error(name.at, "\"" + name.text +
                         "\" is not a signal; names are such as hup, term, "
                         "exists and rtmin+0 to rtmin+32.");
    }
  }
  rule.body = std::move(signal);
  return true;
}

bool Parser::dbus_rule(Rule& rule) {
  DbusRule dbus;
  if (!permissions(dbus.permissions, kDbus) ||
      !conditions({{"bus", &dbus.bus},
                   {"path", &dbus.path},
                   {"interface", &dbus.interface},
                   {"member", &dbus.member},
                   {"name", &dbus.name}}) ||
      !peer_conditions({{"name", &dbus.peer_name}, {"label", &dbus.peer_label}})) {
    return false;
  }
  const bool bind = has_permission(dbus.permissions, "bind");
  const bool eavesdrop = has_permission(dbus.permissions, "eavesdrop");
  const bool message = dbus.path || dbus.interface || dbus.member;
  const bool peer = dbus.peer_name || dbus.peer_label;
  if (message && (bind || eavesdrop)) {
    error(rule.at, "Rules for bind and eavesdrop have no path, interface or member.");
  }
  if (peer && (bind || eavesdrop)) error(rule.at, "Rules for bind and eavesdrop have no peer.");
  if (dbus.name && (message || peer)) {
    error(dbus.name->at, "name= is for bind; it cannot be used with conditions on messages.");
  }
  if (dbus.name && !bind && !dbus.permissions.empty()) {
    error(dbus.name->at, "name= needs the permission bind.");
  }
  rule.body = std::move(dbus);
  return true;
}

bool Parser::mqueue_rule(Rule& rule) {
  MqueueRule queue;
  if (!permissions(queue.permissions, kMqueue) ||
      !conditions({{"type", &queue.type}, {"label", &queue.label}})) {
    return false;
  }
  const std::string type = queue.type ? queue.type->text : "";
  if (queue.type && type != "posix" && type != "sysv") {
    error(queue.type->at, "The type of a message queue is posix or sysv.");
  }
  lexer_->skip();
  if (lexer_->peek() != ',') {
    queue.name = word(WordKind::Name);
    if (!queue.name) return expected("the name of a queue or \",\"");
    const std::string& name = queue.name->text;
    const bool number = is_number(name) || name == "*" || name == "**";
    if (!name.starts_with('/') && !name.starts_with('@') && !number) {
      error(queue.name->at, "A queue is named by a path (posix) or a number (sysv).");
    } else if ((type == "sysv" && !number) || (type == "posix" && is_number(name))) {
      error(queue.name->at, "The name of the queue does not fit the type " + type + ".");
    }
  }
  rule.body = std::move(queue);
  return true;
}

bool Parser::io_uring_rule(Rule& rule) {
  IoUringRule io_uring;
  if (!permissions(io_uring.permissions, kIoUring) || !conditions({{"label", &io_uring.label}})) {
    return false;
  }
  rule.body = std::move(io_uring);
  return true;
}

bool Parser::userns_rule(Rule& rule) {
  UsernsRule userns;
  if (!permissions(userns.permissions, kUserns)) return false;
  rule.body = std::move(userns);
  return true;
}

}  // namespace aspis::policy
