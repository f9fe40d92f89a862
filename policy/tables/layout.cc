// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/layout.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

#include "bpf/abi/subject.h"
#include "policy/automaton/aare.h"
#include "policy/automaton/dfa.h"

namespace aspis::policy {
namespace {

// An outcome is where its list begins, in 16 bits.
constexpr std::size_t kListsMax = 65536;

/// Bytes that will lie at `base`: each piece gets its address when it is put there.
class Writer {
 public:
  Writer(std::uint32_t base, std::size_t head) : base_(base) { bytes_.resize(align(head)); }

  template <class T>
  std::uint32_t put(std::span<const T> values) {
    if (values.empty()) return 0;
    const std::size_t at = bytes_.size();
    bytes_.resize(at + align(values.size_bytes()));
    std::memcpy(bytes_.data() + at, values.data(), values.size_bytes());
    return base_ + static_cast<std::uint32_t>(at);
  }

  std::uint32_t put(const automaton::Table& table) {
    aspis_automaton head{};
    head.rows = put(std::span<const std::uint16_t>(table.rows));
    head.width = table.width;
    head.start = table.start;
    std::copy(table.class_of.begin(), table.class_of.end(), head.class_of);
    return put(std::span<const aspis_automaton>(&head, 1));
  }

  /// With the head in its place.
  template <class T>
  Bytes finish(const T& head) {
    std::memcpy(bytes_.data(), &head, sizeof(head));
    return std::move(bytes_);
  }

 private:
  static std::size_t align(std::size_t size) {
    return (size + ASPIS_ARENA_ALIGN - 1) / ASPIS_ARENA_ALIGN * ASPIS_ARENA_ALIGN;
  }

  std::uint32_t base_;
  Bytes bytes_;
};

/// Profiles whose plain path is this one come before those whose glob matches it.
std::vector<std::uint16_t> candidates(std::span<const automaton::RuleId> matching) {
  std::vector<std::uint16_t> exact, all;
  for (const automaton::RuleId id : matching) {
    const auto profile = static_cast<std::uint16_t>(id >> 1);
    if ((id & 1) == 0) exact.push_back(profile);
    if (all.empty() || all.back() != profile) all.push_back(profile);
  }
  return exact.empty() ? all : exact;
}

Result<aspis_attachments> put_attachments(Writer& writer, std::span<const Attaching> attaching) {
  aspis_attachments attachments{};
  automaton::Expressions expressions;
  std::vector<automaton::Rule> rules;
  for (const Attaching& profile : attaching) {
    for (const std::string& text : *profile.patterns) {
      const auto aare = automaton::parse_aare(expressions, text);
      if (!aare) continue;  // was an error when the profile was compiled
      const automaton::RuleId id = profile.id * 2U + (aare->exact ? 0 : 1);
      rules.push_back({aare->expression, id});
    }
  }
  if (rules.empty()) return attachments;
  std::vector<std::uint16_t> lists{0};
  std::size_t longest = 0;
  const auto dfa = automaton::build_dfa(expressions, rules);
  if (!dfa) return fail("what profiles attach to: " + dfa.error().message);
  const auto minimal = automaton::minimise(*dfa, [&](auto matching) -> std::uint32_t {
    if (matching.empty()) return 0;
    const auto ids = candidates(matching);
    longest = std::max(longest, ids.size());
    const auto at = static_cast<std::uint32_t>(lists.size());
    lists.push_back(static_cast<std::uint16_t>(ids.size()));
    lists.insert(lists.end(), ids.begin(), ids.end());
    return at;
  });
  const auto table = TRY(automaton::make_table(minimal));
  if (longest > ASPIS_ATTACH_MAX)
    return fail(std::to_string(longest) + " profiles attach to the same path; at most " +
                std::to_string(ASPIS_ATTACH_MAX) + " may");
  if (lists.size() > kListsMax) return fail("too many profiles attach to the same paths");
  attachments.lists = writer.put(std::span<const std::uint16_t>(lists));
  attachments.automaton = writer.put(table);
  return attachments;
}

/// The automaton that knows profiles by their names.
Result<std::uint32_t> put_names(Writer& writer, std::span<const Named> names) {
  automaton::Expressions all;
  std::vector<automaton::Rule> rules;
  const automaton::ExpressionId stacks[] = {all.empty(), all.byte('&')};
  const auto add = [&](std::string_view name, std::uint16_t id) {
    std::vector<automaton::ExpressionId> parts{all.alternate(stacks)};
    for (const char c : name) parts.push_back(all.byte(static_cast<std::uint8_t>(c)));
    rules.push_back({all.concat(parts), id});
  };
  for (const Named& profile : names) add(profile.name, profile.id);
  add(ASPIS_UNCONFINED, ASPIS_ID_UNCONFINED);
  const auto dfa = automaton::build_dfa(all, rules);
  if (!dfa) return fail("names of profiles: " + dfa.error().message);
  // A profile that is called so is what is meant.
  const auto minimal = automaton::minimise(
      *dfa, [](auto matching) -> std::uint32_t { return matching.empty() ? 0 : matching.front(); });
  return writer.put(TRY(automaton::make_table(minimal)));
}

aspis_exec exec_of(const CompiledExec& compiled, const IdOf& id_of) {
  aspis_exec exec{};
  exec.mode = static_cast<std::uint8_t>(compiled.mode);
  exec.flags = compiled.flags;
  for (std::size_t i = 0; i < compiled.targets.size(); i++) {
    exec.targets[i] = id_of(compiled.targets[i]);
  }
  return exec;
}

}  // namespace

Result<Bytes> lay_out_profile(const CompiledProfile& profile, std::uint32_t base, const IdOf& id_of,
                              std::span<const Attaching> children) {
  Writer writer(base, sizeof(aspis_profile));
  aspis_profile head{};
  head.name = writer.put(std::span<const char>(profile.name));
  head.name_len = static_cast<std::uint16_t>(profile.name.size());
  head.id = id_of(profile.name);
  head.mode = static_cast<std::uint8_t>(profile.mode);
  head.kill_signal = profile.kill_signal;
  head.flags = profile.flags;
  head.error = profile.error;
  head.mediated = profile.mediated;
  head.parent = profile.parent.empty() ? 0 : id_of(profile.parent);
  head.file_outcomes = writer.put(std::span<const aspis_outcome>(profile.file.outcomes));
  head.file = writer.put(profile.file.table);
  head.rule_outcomes = writer.put(std::span<const aspis_outcome>(profile.rules.outcomes));
  head.rules = writer.put(profile.rules.table);
  std::copy(profile.rule_start.begin(), profile.rule_start.end(), head.rule_start);
  std::vector<aspis_exec> execs(1);
  for (const CompiledExec& exec : profile.execs) execs.push_back(exec_of(exec, id_of));
  head.execs = writer.put(std::span<const aspis_exec>(execs));
  head.on_listen = profile.on_listen;
  if (!profile.attachments.empty()) head.matcher = writer.put(profile.matcher);
  head.children = TRY(put_attachments(writer, children));
  head.capability_allow = profile.capability_allow;
  head.capability_deny = profile.capability_deny;
  head.capability_audit = profile.capability_audit;
  for (std::size_t i = 0; i < profile.rlimits.size(); i++) {
    if (!profile.rlimits[i]) continue;
    head.rlimits |= 1U << i;
    head.rlimit[i] = *profile.rlimits[i];
  }
  return writer.finish(head);
}

Result<Bytes> lay_out_root(std::uint32_t generation, std::uint32_t base,
                           std::span<const std::uint32_t> offsets,
                           std::span<const Attaching> attaching, std::span<const Named> names) {
  Writer writer(base, sizeof(aspis_policy_root));
  aspis_policy_root root{};
  root.generation = generation;
  root.count = static_cast<std::uint32_t>(offsets.size());
  root.profiles = writer.put(offsets);
  root.names = TRY(put_names(writer, names));
  root.attachments = TRY(put_attachments(writer, attaching));
  return writer.finish(root);
}

Result<Image> lay_out(const CompiledPolicy& policy) {
  Image image;
  image.names.emplace_back();
  std::map<std::string, std::uint16_t, std::less<>> ids;
  for (const CompiledProfile& profile : policy.profiles) {
    ids.emplace(profile.name, static_cast<std::uint16_t>(image.names.size()));
    image.names.push_back(profile.name);
  }
  const IdOf id_of = [&](std::string_view name) -> std::uint16_t {
    const auto found = ids.find(name);
    return found == ids.end() ? 0 : found->second;
  };
  image.bytes.resize(ASPIS_ARENA_ALIGN);  // offset 0 is none
  const auto append = [&](const Bytes& bytes) {
    image.bytes.insert(image.bytes.end(), bytes.begin(), bytes.end());
  };
  const auto end = [&] { return static_cast<std::uint32_t>(image.bytes.size()); };
  std::vector<std::uint32_t> offsets(1);
  for (const CompiledProfile& profile : policy.profiles) {
    offsets.push_back(end());
    append(
        TRY(lay_out_profile(profile, end(), id_of, attaching_below(policy, profile.name, id_of))));
  }
  image.root = end();
  append(TRY(lay_out_root(1, end(), offsets, attaching_below(policy, "", id_of),
                          names_of(policy, id_of))));
  image.bytes.resize(std::bit_ceil(image.bytes.size()) + ASPIS_ARENA_SLACK);
  return image;
}

std::vector<Named> names_of(const CompiledPolicy& policy, const IdOf& id_of) {
  std::vector<Named> names;
  for (const CompiledProfile& profile : policy.profiles) {
    names.push_back({profile.name, id_of(profile.name)});
  }
  return names;
}

std::vector<Attaching> attaching_below(const CompiledPolicy& policy, std::string_view parent,
                                       const IdOf& id_of) {
  std::vector<Attaching> attaching;
  for (const CompiledProfile& profile : policy.profiles) {
    if (profile.parent == parent && !profile.attachments.empty()) {
      attaching.push_back({id_of(profile.name), &profile.attachments});
    }
  }
  return attaching;
}

}  // namespace aspis::policy
