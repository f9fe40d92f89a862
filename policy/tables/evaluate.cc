// SPDX-License-Identifier: Apache-2.0
#include "policy/tables/evaluate.h"

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
  const matcher matcher = matcher_at(arena, profile.file);
  const std::uint32_t index = match_outcome(arena, matcher, run(arena, matcher, path));
  const auto& outcome =
      *ARENA_AT(arena, aspis_outcome, profile.file_outcomes + index * sizeof(aspis_outcome));
  return owner ? outcome.owner : outcome.other;
}

aspis_permissions class_permissions(const Image& image, std::uint16_t id, aspis_class kind,
                                    std::string_view subject) {
  const arena arena = arena_of(image);
  const aspis_profile& profile = profile_of(image, id);
  const matcher matcher = matcher_at(arena, profile.rules);
  const std::uint32_t state = run_from(profile.rule_start[kind], arena, matcher, subject);
  const std::uint32_t index = match_outcome(arena, matcher, state);
  return ARENA_AT(arena, aspis_outcome, profile.rule_outcomes + index * sizeof(aspis_outcome))
      ->other;
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

}  // namespace aspis::policy
