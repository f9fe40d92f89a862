// SPDX-License-Identifier: Apache-2.0
// A syntax tree as text without positions, to compare two.
#pragma once

#include <optional>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "policy/language/syntax.h"

namespace aspis::policy {

class TreeDump {
 public:
  static std::string of(const Policy& policy) {
    TreeDump dump;
    dump(policy);
    return dump.out_.str();
  }

 private:
  void put() {}
  template <class T, class... Rest>
  void put(const T& value, const Rest&... rest) {
    (*this)(value);
    put(rest...);
  }

  void operator()(const std::string& text) { out_ << text.size() << ':' << text << ' '; }
  void operator()(const Word& word) {
    (*this)(word.text);
    out_ << (word.quoted ? "quoted " : "");
  }
  void operator()(bool value) { out_ << (value ? "yes " : "no "); }
  void operator()(std::uint64_t value) { out_ << value << ' '; }
  template <class T>
  void operator()(const std::optional<T>& value) {
    value ? (*this)(*value) : void(out_ << "none ");
  }
  template <class T>
  void operator()(const std::vector<T>& values) {
    out_ << "[ ";
    for (const T& value : values) (*this)(value);
    out_ << "] ";
  }

  void operator()(const Exec& e) {
    out_ << int(e.mode) << ' ' << int(e.fallback) << ' ' << e.scrub << ' ';
  }
  void operator()(const FileRule& r) {
    out_ << "file " << int(r.permissions) << ' ';
    put(r.path, r.exec, r.target);
  }
  void operator()(const LinkRule& r) { put(r.link, r.target, r.subset); }
  void operator()(const CapabilityRule& r) { put(r.names); }
  void operator()(const Endpoint& e) { put(e.ip, e.port); }
  void operator()(const NetworkRule& r) { put(r.permissions, r.domain, r.type, r.local, r.peer); }
  void operator()(const UnixRule& r) {
    put(r.permissions, r.type, r.protocol, r.address, r.label, r.attribute, r.option,
        r.peer_address, r.peer_label);
  }
  void operator()(const MountCondition& c) { put(c.values, c.any_of); }
  void operator()(const MountRule& r) {
    out_ << int(r.operation) << ' ';
    put(r.options, r.types, r.source, r.mount_point, r.old_root, r.target);
  }
  void operator()(const PtraceRule& r) { put(r.permissions, r.peer); }
  void operator()(const SignalRule& r) { put(r.permissions, r.signals, r.peer); }
  void operator()(const DbusRule& r) {
    put(r.permissions, r.bus, r.path, r.interface, r.member, r.name, r.peer_name, r.peer_label);
  }
  void operator()(const RlimitRule& r) { put(r.name, r.value); }
  void operator()(const PythonArgument& a) { put(a.name, a.value); }
  void operator()(const PythonRule& r) { put(r.event, r.arguments); }
  void operator()(const RequireRule& r) { put(r.path); }
  void operator()(const ChangeOnRule& r) { put(r.event, r.target, r.python); }
  void operator()(const ChangeProfileRule& r) { put(r.scrub, r.exec, r.target); }
  void operator()(const UsernsRule& r) { put(r.permissions); }
  void operator()(const IoUringRule& r) { put(r.permissions, r.label); }
  void operator()(const MqueueRule& r) { put(r.permissions, r.type, r.label, r.name); }
  void operator()(const AllRule& /*rule*/) {}

  void operator()(const Rule& rule) {
    const Qualifiers& q = rule.qualifiers;
    out_ << "\n  rule " << rule.body.index() << ' ' << q.priority << ' ' << q.audit << ' '
         << q.audited << ' ' << int(q.decision) << ' ' << int(q.ownership) << ' ';
    std::visit([this](const auto& body) { (*this)(body); }, rule.body);
  }
  void operator()(const Flag& flag) { put(flag.name, flag.value); }
  void operator()(const LaunchCondition& launch) { put(launch.kind, launch.glob); }
  void operator()(const Xattr& xattr) { put(xattr.name, xattr.value); }
  void operator()(const Profile& p) {
    out_ << "\nprofile ";
    put(p.policy_namespace, p.name, p.attachment, p.keyword, p.hat, p.flags, p.xattrs, p.launches,
        p.rules, p.children, p.packages);
  }
  void operator()(const Alias& alias) { put(alias.from, alias.to); }
  void operator()(const Abi& abi) { put(abi.path); }
  void operator()(const Policy& policy) {
    for (const auto& [name, variable] : policy.variables.sets) put(name, variable.values);
    for (const auto& [name, value] : policy.variables.booleans) put(name, value.first);
    put(policy.abis, policy.aliases, policy.profiles);
  }

  std::ostringstream out_;
};

}  // namespace aspis::policy
