// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/evaluate.h"

#include <utility>
#include <vector>

#include "bpf/lib/context.h"
#include "bpf/lib/match.h"

namespace aspis::policy {
namespace {

arena arena_of(const Image& image) {
  return {reinterpret_cast<const __u8*>(image.bytes.data()),
          static_cast<__u32>(image.bytes.size() - ASPIS_ARENA_SLACK - 1)};
}

std::uint32_t run_from(std::uint32_t state, arena arena, matcher matcher, std::string_view bytes) {
  for (const char byte : bytes) state = match_step(arena, matcher, state, static_cast<__u8>(byte));
  return state;
}

std::uint32_t run(arena arena, matcher matcher, std::string_view bytes) {
  return run_from(matcher.head->start, arena, matcher, bytes);
}

/// Bytes that the longest left match of a profile takes.
std::uint32_t left_match(arena arena, matcher matcher, std::string_view path) {
  leftmatch left{};
  left.state = matcher.head->start;
  for (const char byte : path) {
    leftmatch_step(&left, match_step(arena, matcher, left.state, static_cast<__u8>(byte)));
  }
  return left.count;
}

/// The state after a path, or a pair of them, with the marks of what the thread has set.
std::uint32_t run_marked(arena arena, const aspis_profile& profile, std::string_view path,
                         const FileCircumstances& circumstances) {
  const matcher matcher = matcher_at(arena, profile.file);
  context_values values{};
  std::uint32_t keys = 0;
  for (; keys < ASPIS_CONTEXTS_MAX && profile.contexts[keys].name[0] != 0; keys++) {
    const auto found = circumstances.context.find(std::string_view(profile.contexts[keys].name));
    if (found == circumstances.context.end()) continue;
    values.of[keys].len = static_cast<__u8>(found->second.copy(
        reinterpret_cast<char*>(values.of[keys].bytes), ASPIS_CONTEXT_VALUE_MAX));
  }
  context_walk walk{};
  walk.state = matcher.head->start;
  for (const char byte : path) {
    if (byte == 0) {
      context_component(arena, matcher, &walk, &values, keys);
      walk.state = match_step(arena, matcher, walk.state, 0);
    } else {
      context_step(arena, matcher, &walk, &values, keys, static_cast<__u8>(byte));
    }
  }
  context_component(arena, matcher, &walk, &values, keys);
  return walk.state;
}

/// The profile among several that takes the most of a path and, as much of it, of a launch.
struct Best {
  std::uint16_t id = 0;  ///< 0: there are several
  std::uint32_t of_path = 0, of_launch = 0;
};

}  // namespace

const aspis_profile& profile_of(const Image& image, std::uint16_t id) {
  const arena arena = arena_of(image);
  const auto& root = *ARENA_AT(arena, aspis_policy_root, image.root);
  return *ARENA_AT(arena, aspis_profile, *ARENA_AT(arena, std::uint32_t, root.profiles + 4 * id));
}

const aspis_profile& package_of(const Image& image, const aspis_profile& profile,
                                std::uint32_t number) {
  const arena arena = arena_of(image);
  const auto& packages = *ARENA_AT(arena, aspis_packages, profile.packages);
  return *ARENA_AT(arena, aspis_profile,
                   *ARENA_AT(arena, std::uint32_t, packages.profiles + 4 * (number - 1)));
}

std::uint32_t package_number(const Image& image, const aspis_profile& profile,
                             std::string_view name) {
  if (profile.packages == 0) return 0;
  return outcome_of(image, ARENA_AT(arena_of(image), aspis_packages, profile.packages)->names,
                    "/site-packages/" + std::string(name) + "/");
}

aspis_permissions file_permissions(const Image& image, const aspis_profile& profile,
                                   std::string_view path, const FileCircumstances& circumstances) {
  const arena arena = arena_of(image);
  const matcher matcher = matcher_at(arena, profile.file);
  const std::uint32_t state = profile.contexts[0].name[0] == 0
                                  ? run(arena, matcher, path)
                                  : run_marked(arena, profile, path, circumstances);
  const std::uint32_t index = match_outcome(arena, matcher, state);
  const auto& outcome =
      *ARENA_AT(arena, aspis_outcome, profile.file_outcomes + index * sizeof(aspis_outcome));
  aspis_permissions permissions = circumstances.owner ? outcome.owner : outcome.other;
  if (circumstances.announced && profile.announced != 0) {
    const auto& also =
        *ARENA_AT(arena, aspis_announced, profile.announced + index * sizeof(aspis_announced));
    permissions.allow |= circumstances.owner ? also.owner : also.other;
  }
  return permissions;
}

aspis_permissions file_permissions(const Image& image, std::uint16_t id, std::string_view path,
                                   bool owner) {
  FileCircumstances circumstances;
  circumstances.owner = owner;
  return file_permissions(image, profile_of(image, id), path, circumstances);
}

aspis_permissions class_permissions(const Image& image, const aspis_profile& profile,
                                    aspis_class kind, std::string_view subject) {
  const arena arena = arena_of(image);
  const matcher matcher = matcher_at(arena, profile.rules);
  const std::uint32_t state = run_from(profile.rule_start[kind], arena, matcher, subject);
  const std::uint32_t index = match_outcome(arena, matcher, state);
  return ARENA_AT(arena, aspis_outcome, profile.rule_outcomes + index * sizeof(aspis_outcome))
      ->other;
}

aspis_permissions class_permissions(const Image& image, std::uint16_t id, aspis_class kind,
                                    std::string_view subject) {
  return class_permissions(image, profile_of(image, id), kind, subject);
}

bool denies_any(const CompiledProfile& profile, aspis_class kind, std::uint16_t permission) {
  const automaton::Table& table = profile.rules.table;
  std::vector<std::uint16_t> open{profile.rule_start[kind]};
  std::vector<bool> seen(table.states());
  while (!open.empty()) {
    const std::uint16_t state = open.back();
    open.pop_back();
    if (seen[state]) continue;
    seen[state] = true;
    if ((profile.rules.outcomes[table.outcome(state)].other.deny & permission) != 0) return true;
    const auto row = table.rows.begin() + std::ptrdiff_t{state} * table.width;
    open.insert(open.end(), row, row + table.width - 1);
  }
  return false;
}

std::uint32_t outcome_of(const Image& image, std::uint32_t automaton, std::string_view text) {
  const arena arena = arena_of(image);
  const matcher matcher = matcher_at(arena, automaton);
  return match_outcome(arena, matcher, run(arena, matcher, text));
}

std::uint16_t attached(const Image& image, const aspis_attachments& attachments,
                       std::string_view path) {
  if (attachments.automaton == 0) return 0;
  const arena arena = arena_of(image);
  const matcher matcher = matcher_at(arena, attachments.automaton);
  const std::uint32_t list = match_outcome(arena, matcher, run(arena, matcher, path));
  if (list == 0) return 0;
  const std::uint16_t* ids = ARENA_AT(arena, std::uint16_t, attachments.lists + 2 * list);
  const std::uint16_t count = *ids++;
  if (count == 1) return *ids;
  std::uint16_t best = 0;
  std::uint32_t longest = 0;
  for (std::uint16_t i = 0; i < count; i++) {
    const std::uint32_t length =
        left_match(arena, matcher_at(arena, profile_of(image, ids[i]).matcher), path);
    if (length == longest) best = 0;
    if (length <= longest) continue;
    longest = length;
    best = ids[i];
  }
  return best;
}

std::uint16_t attached_to_launch(const Image& image, const aspis_attachments& python,
                                 const aspis_attachments& attachments, std::string_view path,
                                 std::string_view launch) {
  const std::uint16_t plain = attached(image, attachments, path);
  if (python.automaton == 0) return plain;
  const arena arena = arena_of(image);
  const matcher matcher = matcher_at(arena, python.automaton);
  std::uint32_t state = match_step(arena, matcher, run(arena, matcher, path), 0);
  state = run_from(state, arena, matcher, launch);
  const std::uint32_t list = match_outcome(arena, matcher, state);
  if (list == 0) return plain;
  const std::uint16_t* ids = ARENA_AT(arena, std::uint16_t, python.lists + 2 * list);
  const std::uint16_t count = *ids++;
  Best best;
  for (std::uint16_t i = 0; i < count; i++) {
    const aspis_profile& profile = profile_of(image, ids[i]);
    const std::uint32_t of_path = left_match(arena, matcher_at(arena, profile.matcher), path);
    const std::uint32_t of_launch = left_match(arena, matcher_at(arena, profile.launch), launch);
    if (of_path == best.of_path && of_launch == best.of_launch) best.id = 0;
    if (std::pair(of_path, of_launch) <= std::pair(best.of_path, best.of_launch)) continue;
    best = {ids[i], of_path, of_launch};
  }
  if (plain == 0) return best.id;
  const std::uint32_t of_plain =
      left_match(arena, matcher_at(arena, profile_of(image, plain).matcher), path);
  return of_plain > best.of_path ? plain : best.id;
}

std::uint16_t attached_anywhere(const Image& image, std::span<const std::size_t> selectors,
                                std::string_view path, std::string_view launch) {
  const arena arena = arena_of(image);
  const auto* root = ARENA_AT(arena, aspis_policy_root, image.root);
  for (const std::size_t selector : selectors) {
    const auto* scope =
        ARENA_AT(arena, aspis_scope,
                 root->containers + static_cast<std::uint32_t>(selector * sizeof(aspis_scope)));
    const std::uint16_t id =
        attached_to_launch(image, scope->python, scope->attachments, path, launch);
    if (id != 0) return id;
  }
  return attached_to_launch(image, root->python, root->attachments, path, launch);
}

}  // namespace aspis::policy
