// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/layout.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <map>
#include <utility>

#include "bpf/abi/subject.h"
#include "policy/automaton/aare.h"
#include "policy/automaton/dfa.h"
#include "policy/tables/container.h"
#include "policy/tables/launch.h"

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

/// A profile that attaches by itself: to paths and, with launches, only where Python runs one.
struct Attaching {
  std::uint16_t id = 0;
  const std::vector<std::string>* patterns = nullptr;
  const std::vector<CompiledLaunch>* launches = nullptr;  // empty: python=() was not written
};

/// Those among the children of `parent` or (empty) among all, for containers that these conditions
/// choose or (empty) without any.
std::vector<Attaching> attaching_below(const CompiledPolicy& policy, std::string_view parent,
                                       const std::vector<ContainerGlobs>& container,
                                       const IdOf& id_of) {
  std::vector<Attaching> attaching;
  for (const CompiledProfile& profile : policy.profiles) {
    if (profile.parent == parent && !profile.attachments.empty() && profile.container == container)
      attaching.push_back({id_of(profile.name), &profile.attachments, &profile.launches});
  }
  return attaching;
}

/// A profile that can be asked for.
struct Named {
  std::string_view name;  // full
  std::uint16_t id = 0;
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

/// The profiles that attach to each path together, as lists.
Result<aspis_attachments> put_lists(
    Writer& writer, automaton::Expressions& expressions, std::span<const automaton::Rule> rules,
    const std::function<std::vector<std::uint16_t>(std::span<const automaton::RuleId>)>& ids_of) {
  aspis_attachments attachments{};
  if (rules.empty()) return attachments;
  std::vector<std::uint16_t> lists{0};
  std::size_t longest = 0;
  const auto dfa = automaton::build_dfa(expressions, rules);
  if (!dfa) return fail("what profiles attach to: " + dfa.error().message);
  const auto minimal = automaton::minimise(*dfa, [&](auto matching) -> std::uint32_t {
    if (matching.empty()) return 0;
    const auto ids = ids_of(matching);
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

/// Of the profiles without python=(…).
Result<aspis_attachments> put_attachments(Writer& writer, std::span<const Attaching> attaching) {
  automaton::Expressions expressions;
  std::vector<automaton::Rule> rules;
  for (const Attaching& profile : attaching) {
    if (!profile.launches->empty()) continue;
    for (const std::string& text : *profile.patterns) {
      const auto aare = automaton::parse_aare(expressions, text);
      if (!aare) continue;  // was an error when the profile was compiled
      const automaton::RuleId id = profile.id * 2U + (aare->exact ? 0 : 1);
      rules.push_back({aare->expression, id});
    }
  }
  return put_lists(writer, expressions, rules, candidates);
}

/// Of those with it: PATH, NUL, LAUNCH.
Result<aspis_attachments> put_python_attachments(Writer& writer,
                                                 std::span<const Attaching> attaching) {
  automaton::Expressions expressions;
  std::vector<automaton::Rule> rules;
  for (const Attaching& profile : attaching) {
    if (profile.launches->empty()) continue;
    std::vector<automaton::ExpressionId> paths, launches;
    for (const std::string& text : *profile.patterns) {
      if (const auto aare = automaton::parse_aare(expressions, text)) {
        paths.push_back(aare->expression);
      }
    }
    for (const CompiledLaunch& launch : *profile.launches) {
      if (const auto one = launch_expression(expressions, launch)) launches.push_back(*one);
    }
    const automaton::ExpressionId parts[] = {expressions.alternate(paths), expressions.byte(0),
                                             expressions.alternate(launches)};
    rules.push_back({expressions.concat(parts), profile.id});
  }
  return put_lists(writer, expressions, rules, [](auto matching) {
    return std::vector<std::uint16_t>(matching.begin(), matching.end());
  });
}

/// An automaton that knows words, each with "&" before it, if it may have one there, or without.
Result<std::uint32_t> put_words(Writer& writer, std::span<const Named> names, bool stacks = false) {
  automaton::Expressions all;
  std::vector<automaton::Rule> rules;
  const automaton::ExpressionId before[] = {all.empty(), stacks ? all.byte('&') : all.empty()};
  for (const Named& word : names) {
    std::vector<automaton::ExpressionId> parts{all.alternate(before)};
    for (const char c : word.name) parts.push_back(all.byte(static_cast<std::uint8_t>(c)));
    rules.push_back({all.concat(parts), word.id});
  }
  const auto dfa = automaton::build_dfa(all, rules);
  if (!dfa) return fail("names of profiles: " + dfa.error().message);
  // A profile that is called so is what is meant.
  const auto minimal = automaton::minimise(
      *dfa, [](auto matching) -> std::uint32_t { return matching.empty() ? 0 : matching.front(); });
  return writer.put(TRY(automaton::make_table(minimal)));
}

/// A name as PEP 503 has it, in all its forms: either case, and any run of "-", "_" and ".".
automaton::ExpressionId package_name(automaton::Expressions& all, std::string_view name) {
  automaton::ByteSet marks;
  for (const char mark : {'-', '_', '.'}) marks.set(static_cast<std::uint8_t>(mark));
  std::vector<automaton::ExpressionId> parts;
  for (const char c : name) {
    automaton::ByteSet either;
    either.set(static_cast<std::uint8_t>(c));
    if (c >= 'a' && c <= 'z') either.set(static_cast<std::uint8_t>(c - 'a' + 'A'));
    parts.push_back(all.set(c == '-' ? marks : either));
    if (c == '-') parts.push_back(all.star(parts.back()));
  }
  return all.concat(parts);
}

automaton::ExpressionId text_of(automaton::Expressions& all, std::string_view text) {
  std::vector<automaton::ExpressionId> parts;
  for (const char c : text) parts.push_back(all.byte(static_cast<std::uint8_t>(c)));
  return all.concat(parts);
}

/// An automaton over the names of files of code: below a directory that packages are installed to
/// (in an egg or not), what is imported by one of a package's names, a directory or a file.
Result<std::uint32_t> put_package_files(Writer& writer,
                                        const std::vector<CompiledProfile>& packages) {
  automaton::Expressions all;
  automaton::ByteSet any, slash, end;
  any.set();
  slash.set('/');
  end.set('/');
  end.set('.');
  const auto anything = all.star(all.set(any));
  const automaton::ExpressionId egg[] = {all.star(all.set(any & ~slash)), text_of(all, ".egg/")};
  const automaton::ExpressionId below[] = {all.empty(), all.concat(egg)};
  const automaton::ExpressionId sites[] = {text_of(all, "/site-packages/"),
                                           text_of(all, "/dist-packages/")};
  std::vector<automaton::Rule> rules;
  for (std::size_t n = 0; n < packages.size(); n++) {
    for (const std::string& name : packages[n].imports) {
      const automaton::ExpressionId parts[] = {anything,
                                               all.alternate(sites),
                                               all.alternate(below),
                                               package_name(all, name),
                                               all.set(end),
                                               anything};
      rules.push_back({all.concat(parts), static_cast<automaton::RuleId>(n + 1)});
    }
  }
  const auto dfa = automaton::build_dfa(all, rules);
  if (!dfa) return fail("names of packages: " + dfa.error().message);
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

/// What profiles and packages have in common.
void put_rules(Writer& writer, const CompiledProfile& profile, aspis_profile& head) {
  head.name = writer.put(std::span<const char>(profile.name));
  head.name_len = static_cast<std::uint16_t>(profile.name.size());
  head.flags = profile.flags;
  head.error = profile.error;
  head.mediated = profile.mediated;
  head.file_outcomes = writer.put(std::span<const aspis_outcome>(profile.file.outcomes));
  const bool audited = std::ranges::any_of(profile.file.announced, [](const auto& announced) {
    return announced.owner != 0 || announced.other != 0;
  });
  if (audited) head.announced = writer.put(std::span(std::as_const(profile.file.announced)));
  head.file = writer.put(profile.file.table);
  head.rule_outcomes = writer.put(std::span<const aspis_outcome>(profile.rules.outcomes));
  head.rules = writer.put(profile.rules.table);
  std::copy(profile.rule_start.begin(), profile.rule_start.end(), head.rule_start);
  head.capability_allow = profile.capability_allow;
  head.capability_deny = profile.capability_deny;
  head.capability_audit = profile.capability_audit;
  for (std::size_t i = 0; i < profile.contexts.size(); i++) {
    profile.contexts[i].copy(head.contexts[i].name, ASPIS_CONTEXT_KEY_MAX);
  }
}

/// The packages of a profile whose head has all else of what they take from it.
Result<std::uint32_t> put_packages(Writer& writer, const CompiledProfile& profile,
                                   const aspis_profile& outer) {
  if (profile.packages.empty()) return std::uint32_t{0};
  std::vector<std::uint32_t> offsets;
  aspis_packages packages{};
  for (const CompiledProfile& package : profile.packages) {
    aspis_profile head{};
    put_rules(writer, package, head);
    packages.audited |= head.announced != 0;
    head.id = outer.id;
    head.mode = outer.mode;
    head.kill_signal = outer.kill_signal;
    offsets.push_back(writer.put(std::span<const aspis_profile>(&head, 1)));
    packages.mediated |= package.mediated;
  }
  packages.count = static_cast<std::uint32_t>(offsets.size());
  packages.profiles = writer.put(std::span<const std::uint32_t>(offsets));
  packages.names = TRY(put_package_files(writer, profile.packages));
  return writer.put(std::span<const aspis_packages>(&packages, 1));
}

}  // namespace

Result<Bytes> lay_out_profile(const CompiledPolicy& policy, const CompiledProfile& profile,
                              std::uint32_t base, const IdOf& id_of) {
  Writer writer(base, sizeof(aspis_profile));
  aspis_profile head{};
  put_rules(writer, profile, head);
  head.id = id_of(profile.name);
  head.mode = static_cast<std::uint8_t>(profile.mode);
  head.kill_signal = profile.kill_signal;
  head.parent = profile.parent.empty() ? 0 : id_of(profile.parent);
  std::vector<aspis_exec> execs(1);
  for (const CompiledExec& exec : profile.execs) execs.push_back(exec_of(exec, id_of));
  head.execs = writer.put(std::span<const aspis_exec>(execs));
  head.on_listen = profile.on_listen;
  if (!profile.attachments.empty()) head.matcher = writer.put(profile.matcher);
  if (!profile.launches.empty()) head.launch = writer.put(profile.launch);
  const auto children = attaching_below(policy, profile.name, {}, id_of);
  head.children = TRY(put_attachments(writer, children));
  head.python_children = TRY(put_python_attachments(writer, children));
  head.packages = TRY(put_packages(writer, profile, head));
  for (std::size_t i = 0; i < profile.rlimits.size(); i++) {
    if (!profile.rlimits[i]) continue;
    head.rlimits |= 1U << i;
    head.rlimit[i] = *profile.rlimits[i];
  }
  return writer.finish(head);
}

Result<Bytes> lay_out_root(const CompiledPolicy& policy, std::uint32_t generation,
                           std::uint32_t base, std::span<const std::uint32_t> offsets,
                           const IdOf& id_of) {
  Writer writer(base, sizeof(aspis_policy_root));
  aspis_policy_root root{};
  root.generation = generation;
  root.count = static_cast<std::uint32_t>(offsets.size());
  root.profiles = writer.put(offsets);
  std::vector<Named> names;
  for (const CompiledProfile& profile : policy.profiles)
    names.push_back({profile.name, id_of(profile.name)});
  names.push_back({ASPIS_UNCONFINED, ASPIS_ID_UNCONFINED});
  root.names = TRY(put_words(writer, names, true));
  const auto attaching = attaching_below(policy, "", {}, id_of);
  root.attachments = TRY(put_attachments(writer, attaching));
  root.python = TRY(put_python_attachments(writer, attaching));
  std::vector<aspis_scope> scopes;
  for (const auto& selector : selectors_of(policy)) {
    const auto chosen = attaching_below(policy, "", selector, id_of);
    aspis_scope& scope = scopes.emplace_back();
    scope.attachments = TRY(put_attachments(writer, chosen));
    scope.python = TRY(put_python_attachments(writer, chosen));
  }
  root.containers = writer.put(std::span<const aspis_scope>(scopes));
  root.selectors = static_cast<std::uint32_t>(scopes.size());
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
    append(TRY(lay_out_profile(policy, profile, end(), id_of)));
  }
  image.root = end();
  append(TRY(lay_out_root(policy, 1, end(), offsets, id_of)));
  image.bytes.resize(std::bit_ceil(image.bytes.size()) + ASPIS_ARENA_SLACK);
  return image;
}

}  // namespace aspis::policy
