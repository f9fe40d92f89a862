// SPDX-License-Identifier: Apache-2.0
// Rules between processes: signal, ptrace, io_uring, userns, mqueue; and those that only user space
// can enforce: dbus.
#include <csignal>

#include "policy/tables/profile_head.h"
#include "policy/tables/subject_pattern.h"

namespace aspis::policy {
namespace {

constexpr PermissionWord kSignal[] = {
    {"send", ASPIS_SIGNAL_SEND},       {"write", ASPIS_SIGNAL_SEND},   {"w", ASPIS_SIGNAL_SEND},
    {"receive", ASPIS_SIGNAL_RECEIVE}, {"read", ASPIS_SIGNAL_RECEIVE}, {"r", ASPIS_SIGNAL_RECEIVE},
    {"rw", ASPIS_SIGNAL_ALL},          {"wr", ASPIS_SIGNAL_ALL},
};

constexpr std::uint16_t kTraceAndRead = ASPIS_PTRACE_TRACE | ASPIS_PTRACE_READ;
constexpr PermissionWord kPtrace[] = {
    {"trace", ASPIS_PTRACE_TRACE},   {"write", ASPIS_PTRACE_TRACE},
    {"w", ASPIS_PTRACE_TRACE},       {"read", ASPIS_PTRACE_READ},
    {"r", ASPIS_PTRACE_READ},        {"rw", kTraceAndRead},
    {"wr", kTraceAndRead},           {"tracedby", ASPIS_PTRACE_TRACEDBY},
    {"readby", ASPIS_PTRACE_READBY},
};

constexpr PermissionWord kIoUring[] = {
    {"sqpoll", ASPIS_IO_URING_SQPOLL},
    {"override_creds", ASPIS_IO_URING_OVERRIDE_CREDS},
};

constexpr PermissionWord kMqueue[] = {
    {"read", ASPIS_MQUEUE_READ},
    {"r", ASPIS_MQUEUE_READ},
    {"write", ASPIS_MQUEUE_WRITE},
    {"w", ASPIS_MQUEUE_WRITE},
    {"rw", ASPIS_MQUEUE_READ | ASPIS_MQUEUE_WRITE},
    {"wr", ASPIS_MQUEUE_READ | ASPIS_MQUEUE_WRITE},
    {"create", ASPIS_MQUEUE_CREATE},
    {"delete", ASPIS_MQUEUE_DELETE},
    // Of queues of System V alone; nobody asks for the attributes of the others.
    {"open", 0},
    {"getattr", 0},
    {"setattr", 0},
};

/// Names that glibc does not have, or has by another name.
struct SignalName {
  std::string_view name;
  std::uint8_t number;
};
constexpr SignalName kSignalNames[] = {{"exists", 0}, {"io", SIGIO}, {"stp", SIGTSTP}};

std::optional<std::uint8_t> signal_of(std::string_view name) {
  for (const SignalName& entry : kSignalNames) {
    if (entry.name == name) return entry.number;
  }
  const std::uint8_t number = signal_number(name);
  if (number == 0) return std::nullopt;
  return number;
}

void unenforced(const ClassContext& context, Position at, std::string message) {
  context.patterns.diagnostics.unenforced(at, std::move(message));
}

}  // namespace

void lower(const Rule& rule, const SignalRule& body, const ClassContext& context) {
  SubjectPattern pattern(context);
  std::vector<std::uint8_t> numbers;
  for (const Word& word : body.signals) {
    if (const auto number = signal_of(word.text)) {
      numbers.push_back(*number);
    } else {
      context.patterns.diagnostics.warning(word.at,
                                           "There is no signal " + word.text + " on this machine.");
    }
  }
  const auto peer = pattern.peer(body.peer);
  if (!peer) return;
  const auto signal = body.signals.empty() ? pattern.any_byte() : pattern.one_of(numbers);
  context.rules.add(
      pattern.concat({pattern.class_byte(ASPIS_CLASS_SIGNAL), signal, *peer}),
      {rule.at, rule.qualifiers, permissions_of(body.permissions, kSignal, ASPIS_SIGNAL_ALL)});
}

void lower(const Rule& rule, const PtraceRule& body, const ClassContext& context) {
  SubjectPattern pattern(context);
  const auto peer = pattern.peer(body.peer);
  if (!peer) return;
  context.rules.add(
      pattern.concat({pattern.class_byte(ASPIS_CLASS_PTRACE), *peer}),
      {rule.at, rule.qualifiers, permissions_of(body.permissions, kPtrace, ASPIS_PTRACE_ALL)});
}

void lower(const Rule& rule, const UsernsRule& /*body*/, const ClassContext& context) {
  SubjectPattern pattern(context);
  context.rules.add(pattern.class_byte(ASPIS_CLASS_USERNS),
                    {rule.at, rule.qualifiers, ASPIS_USERNS_CREATE});
}

void lower(const Rule& rule, const IoUringRule& body, const ClassContext& context) {
  SubjectPattern pattern(context);
  const std::uint16_t permissions = permissions_of(body.permissions, kIoUring, ASPIS_IO_URING_ALL);
  if ((permissions & ASPIS_IO_URING_SQPOLL) != 0) {
    context.rules.add(pattern.class_byte(ASPIS_CLASS_IO_URING),
                      {rule.at, rule.qualifiers, ASPIS_IO_URING_SQPOLL});
  }
  if ((permissions & ASPIS_IO_URING_OVERRIDE_CREDS) == 0) return;
  if (body.label) {
    unenforced(
        context, body.label->at,
        "Credentials carry no profile here: label= is compared with the profile of the task that "
        "uses them.");
  }
  const auto label = pattern.peer(body.label);
  if (!label) return;
  context.rules.add(pattern.concat({pattern.class_byte(ASPIS_CLASS_IO_URING), *label}),
                    {rule.at, rule.qualifiers, ASPIS_IO_URING_OVERRIDE_CREDS});
}

void lower(const Rule& rule, const DbusRule& /*body*/, const ClassContext& context) {
  unenforced(context, rule.at,
             "dbus rules are not enforced: it is dbus-daemon that does, and it asks AppArmor.");
}

/// Queues of POSIX. Their names begin with "/", those of System V are numbers.
void lower(const Rule& rule, const MqueueRule& body, const ClassContext& context) {
  const bool number = body.name && !body.name->text.starts_with('/') &&
                      body.name->text.find_first_not_of("0123456789") == std::string::npos;
  if (number || (body.type && body.type->text == "sysv")) {
    unenforced(context, rule.at,
               "Rules on message queues of System V are not enforced; those on POSIX ones are.");
    return;
  }
  for (const Word& word : body.permissions) {
    if (word.text == "getattr" || word.text == "setattr") {
      unenforced(context, word.at,
                 word.text + " of a message queue is not enforced: the kernel has no hook for it.");
    } else if (word.text == "open" && rule.qualifiers.decision == Decision::Deny) {
      unenforced(
          context, word.at,
          "open of a POSIX message queue is nothing that is asked for: deny read and write.");
    }
  }
  if (body.label) {
    unenforced(context, body.label->at,
               "A message queue has no profile here: label= is not compared.");
  }
  SubjectPattern pattern(context);
  const bool any = !body.name || body.name->text == "*" || body.name->text == "**";
  if (any && !body.type && rule.qualifiers.decision == Decision::Deny) {
    unenforced(context, rule.at,
               "This denies POSIX message queues only: those of System V are not enforced.");
  }
  const auto name = any ? pattern.any_text() : pattern.name(*body.name);
  if (!name) return;
  context.rules.add(
      pattern.concat({pattern.class_byte(ASPIS_CLASS_MQUEUE), *name}),
      {rule.at, rule.qualifiers, permissions_of(body.permissions, kMqueue, ASPIS_MQUEUE_ALL)});
}

}  // namespace aspis::policy
