// SPDX-License-Identifier: Apache-2.0
// The syntax tree of a policy: what was written, with variables and globs unexpanded.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "policy/language/source.h"

namespace aspis::policy {

/// A name, path or pattern as written, without its quotes; escapes other than \" are kept.
struct Word {
  std::string text;
  Position at;
  bool quoted = false;
};

enum class Decision : std::uint8_t { Allow, Deny, Prompt };
enum class Ownership : std::uint8_t { Any, Owner, Other };

/// What stands before a rule, those of the blocks around it included.
struct Qualifiers {
  int priority = 0;
  bool audit = false;
  bool audited = false;  ///< granted only where a Python audit event announced the access
  Decision decision = Decision::Allow;
  Ownership ownership = Ownership::Any;

  bool operator==(const Qualifiers&) const = default;
};

/// Permissions of file rules other than x.
enum FilePermission : std::uint8_t {
  kRead = 1,
  kWrite = 2,
  kAppend = 4,
  kLink = 8,
  kLock = 16,
  kMap = 32,
};

enum class ExecMode : std::uint8_t {
  Any,         ///< bare x, of deny rules only
  Inherit,     ///< ix
  Unconfined,  ///< ux
  Profile,     ///< px: the profile that attaches, or the one named
  Child,       ///< cx: the same among the profile's children
};
enum class ExecFallback : std::uint8_t { None, Inherit, Unconfined };

struct Exec {
  ExecMode mode = ExecMode::Any;
  ExecFallback fallback = ExecFallback::None;
  bool scrub = false;  ///< upper case: the environment is scrubbed (AT_SECURE)

  bool operator==(const Exec&) const = default;
};

struct FileRule {
  std::optional<Word> path;  ///< none: every file ("file,")
  std::uint8_t permissions = 0;
  std::optional<Exec> exec;
  std::optional<Word> target;       ///< after ->: profile to change to
  std::optional<Word> link_target;  ///< the same of "rl A -> B": all that A may be a link to
};

struct LinkRule {
  Word link;
  std::optional<Word> target;
  bool subset = false;
};

struct CapabilityRule {
  std::vector<Word> names;  ///< none: all
};

/// ip= and port= of one end of a connection.
struct Endpoint {
  std::optional<Word> ip;
  std::optional<Word> port;
};

struct NetworkRule {
  std::vector<Word> permissions;  ///< none: all; so in every rule class
  std::optional<Word> domain;
  std::optional<Word> type;  ///< socket type, or protocol tcp, udp, icmp
  Endpoint local, peer;
};

struct UnixRule {
  std::vector<Word> permissions;
  std::optional<Word> type, protocol, address, label, attribute, option;
  std::optional<Word> peer_address, peer_label;
};

enum class MountOperation : std::uint8_t { Mount, Remount, Umount, PivotRoot };

/// One options= or fstype= condition; `any_of` when it was written with `in`.
struct MountCondition {
  std::vector<Word> values;
  bool any_of = false;
};

struct MountRule {
  MountOperation operation = MountOperation::Mount;
  std::vector<MountCondition> options, types;
  std::optional<Word> source;       ///< device; of umount and remount none
  std::optional<Word> mount_point;  ///< of pivot_root the new root
  std::optional<Word> old_root;
  std::optional<Word> target;  ///< of pivot_root: profile to change to
};

struct PtraceRule {
  std::vector<Word> permissions;
  std::optional<Word> peer;
};

struct SignalRule {
  std::vector<Word> permissions;
  std::vector<Word> signals;
  std::optional<Word> peer;
};

struct DbusRule {
  std::vector<Word> permissions;
  std::optional<Word> bus, path, interface, member, name, peer_name, peer_label;
};

struct RlimitRule {
  Word name;
  std::optional<std::uint64_t> value;  ///< none: infinity; seconds, microseconds, bytes or a count
};

struct ChangeProfileRule {
  std::optional<bool> scrub;  ///< safe or unsafe, if written
  std::optional<Word> exec, target;
};

/// A condition NAME=GLOB on an argument of an audit event.
struct PythonArgument {
  Word name;  ///< as documented, or arg0, arg1, …
  Word value;
};

/// "python EVENT NAME=GLOB …,": what Python code may do, by its audit events (PEP 578).
struct PythonRule {
  std::optional<Word> event;  ///< none: every event
  std::vector<PythonArgument> arguments;
};

/// "change_profile on EVENT -> TARGET,": the policy orders the change, the program needs no line of
/// code for it.
struct ChangeOnRule {
  Word event;         ///< listen, python
  Word target;        ///< full name of a profile; "&NAME": under it, too
  PythonRule python;  ///< of the event python: which audit events
};

/// "require signed PATH,": code from there must be signed.
struct RequireRule {
  Word path;
};

struct UsernsRule {
  std::vector<Word> permissions;
};

struct IoUringRule {
  std::vector<Word> permissions;
  std::optional<Word> label;
};

struct MqueueRule {
  std::vector<Word> permissions;
  std::optional<Word> type, label, name;
};

struct AllRule {};

/// A rule that is large and rare, apart: in the variant it would make each of the thousands of file
/// rules as large. Never empty, but when moved from.
template <class T>
class Boxed {
 public:
  Boxed(T body) : body_(std::make_unique<T>(std::move(body))) {}
  Boxed(const Boxed& other) : body_(std::make_unique<T>(*other.body_)) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    body_ = std::move(other.body_);
    return *this;
  }
  ~Boxed() = default;

  operator const T&() const { return *body_; }
  const T* operator->() const { return body_.get(); }

 private:
  std::unique_ptr<T> body_;
};

using RuleBody =
    std::variant<FileRule, LinkRule, CapabilityRule, Boxed<NetworkRule>, Boxed<UnixRule>,
                 Boxed<MountRule>, PtraceRule, SignalRule, Boxed<DbusRule>, RlimitRule,
                 ChangeProfileRule, ChangeOnRule, UsernsRule, IoUringRule, Boxed<MqueueRule>,
                 AllRule, PythonRule, RequireRule>;

struct Rule {
  Position at;
  Qualifiers qualifiers;
  RuleBody body;
};

struct Flag {
  std::string name;
  std::optional<std::string> value;
  Position at;
};

struct Xattr {
  Word name;
  std::optional<Word> value;
};

/// One alternative of python=(…) in a profile's head: what the interpreter is started to run.
struct LaunchCondition {
  Word kind;                 ///< script, module, command, stdin
  std::optional<Word> glob;  ///< of script and module
};

/// One condition of container=(…) in a profile's head; all of them must hold.
struct ContainerCondition {
  Word key;  ///< of container_keys(), or label.NAME
  Word glob;
};

struct Profile {
  Position at;
  std::optional<std::string> policy_namespace;
  Word name;                       ///< without the namespace and the parent
  std::optional<Word> attachment;  ///< if written apart from the name
  bool keyword = false;            ///< "profile" was written
  bool hat = false;
  std::vector<Flag> flags;
  std::vector<Xattr> xattrs;
  std::vector<LaunchCondition> launches;      ///< none: python=() was not written
  std::vector<ContainerCondition> container;  ///< none: container=() was not written
  std::vector<Rule> rules;
  std::vector<Profile> children;
  /// "package NAME { … }": a name and rules, which hold while code of that distribution runs.
  std::vector<Profile> packages;
};

struct Alias {
  Position at;
  Word from, to;
};

struct Abi {
  Position at;
  std::string path;      ///< "kernel" for <kernel>
  std::string features;  ///< text of the file, read of the first abi only
};

struct Variable {
  Position at;
  std::vector<Word> values;
};

/// Set variables by name, and booleans.
struct Variables {
  std::map<std::string, Variable, std::less<>> sets;
  std::map<std::string, std::pair<bool, Position>, std::less<>> booleans;
};

struct Policy {
  std::vector<Abi> abis;
  Variables variables;
  std::vector<Alias> aliases;
  std::vector<Profile> profiles;
};

}  // namespace aspis::policy
