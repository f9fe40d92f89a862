// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/evaluate.h"

#include "bpf/lib/match.h"

namespace aspis::policy {
namespace {

arena arena_of(const Image& image) {
  return {reinterpret_cast<const __u8*>(image.bytes.data()),
          static_cast<__u32>(image.bytes.size() - ASPIS_ARENA_SLACK - 1)};
}

std::uint32_t run(arena arena, const aspis_automaton& automaton, std::uint32_t offset,
                  std::string_view bytes) {
  std::uint32_t state = automaton.start;
  for (const char byte : bytes) {
    state = match_step(arena, automaton.rows, automaton.width, CLASSES_OF(offset), state,
                       static_cast<__u8>(byte));
  }
  return state;
}

/// Bytes that the longest left match of a profile takes.
std::uint32_t left_match(arena arena, std::uint32_t offset, std::string_view path) {
  const auto& automaton = *ARENA_AT(arena, aspis_automaton, offset);
  leftmatch left{};
  left.state = automaton.start;
  for (const char byte : path) {
    leftmatch_step(&left, match_step(arena, automaton.rows, automaton.width, CLASSES_OF(offset),
                                     left.state, static_cast<__u8>(byte)));
  }
  return left.count;
}

}  // namespace

const aspis_profile& profile_of(const Image& image, std::uint16_t id) {
  const arena arena = arena_of(image);
  const auto& root = *ARENA_AT(arena, aspis_policy_root, image.root);
  return *ARENA_AT(arena, aspis_profile, *ARENA_AT(arena, std::uint32_t, root.profiles + 4 * id));
}

aspis_permissions file_permissions(const Image& image, std::uint16_t id, std::string_view path,
                                   bool owner) {
  const arena arena = arena_of(image);
  const aspis_profile& profile = profile_of(image, id);
  const auto& automaton = *ARENA_AT(arena, aspis_automaton, profile.file);
  const std::uint32_t state = run(arena, automaton, profile.file, path);
  const std::uint32_t index = match_outcome(arena, automaton.rows, automaton.width, state);
  const auto& outcome =
      *ARENA_AT(arena, aspis_outcome, profile.file_outcomes + index * sizeof(aspis_outcome));
  return owner ? outcome.owner : outcome.other;
}

aspis_permissions rule_permissions(const Image& image, std::uint16_t id, std::string_view subject) {
  const arena arena = arena_of(image);
  const aspis_profile& profile = profile_of(image, id);
  const auto& automaton = *ARENA_AT(arena, aspis_automaton, profile.rules);
  const std::uint32_t state = run(arena, automaton, profile.rules, subject);
  const std::uint32_t index = match_outcome(arena, automaton.rows, automaton.width, state);
  return ARENA_AT(arena, aspis_outcome, profile.rule_outcomes + index * sizeof(aspis_outcome))
      ->other;
}

std::uint16_t attached(const Image& image, const aspis_attachments& attachments,
                       std::string_view path) {
  if (attachments.automaton == 0) return 0;
  const arena arena = arena_of(image);
  const auto& automaton = *ARENA_AT(arena, aspis_automaton, attachments.automaton);
  const std::uint32_t state = run(arena, automaton, attachments.automaton, path);
  const std::uint32_t list = match_outcome(arena, automaton.rows, automaton.width, state);
  if (list == 0) return 0;
  const std::uint16_t* ids = ARENA_AT(arena, std::uint16_t, attachments.lists + 2 * list);
  const std::uint16_t count = *ids++;
  if (count == 1) return *ids;
  std::uint16_t best = 0;
  std::uint32_t longest = 0;
  for (std::uint16_t i = 0; i < count; i++) {
    const std::uint32_t length = left_match(arena, profile_of(image, ids[i]).matcher, path);
    if (length == longest) best = 0;
    if (length <= longest) continue;
    longest = length;
    best = ids[i];
  }
  return best;
}

}  // namespace aspis::policy
