/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/rules.h"

#include <string.h>

#include "bpf/lib/context.h"
#include "probes/hook/spell.h"

/* Does no byte lead out of this state? Then the rest of the subject need not be spelled. */
static bool is_settled(struct arena arena, struct matcher matcher, __u32 state) {
  for (__u32 column = 0; column + 1 < matcher.width; column++) {
    if (*ARENA_AT(arena, __u16, matcher.rows + 2 * (state * matcher.width + column)) != state)
      return false;
  }
  return true;
}

static struct decision decide_at(const struct policy_image* image, struct matcher matcher,
                                 __u32 state) {
  const __u32 index = match_outcome(image->arena, matcher, state);
  const struct aspis_outcome* outcome =
      ARENA_AT(image->arena, struct aspis_outcome,
               image->profile->rule_outcomes + index * sizeof(struct aspis_outcome));
  return decide(outcome->other, ASPIS_PYTHON_RAISE, image->profile->mode, image->profile->flags);
}

static __u32 run(struct arena arena, struct matcher matcher, __u32 state, const __u8* bytes,
                 __u32 len) {
  for (__u32 i = 0; i < len; i++) state = match_step(arena, matcher, state, bytes[i]);
  return state;
}

struct decision rules_on_event(const struct policy_image* image, const struct python_api* api,
                               const char* event, PyObject* args) {
  const struct aspis_profile* profile = image->profile;
  struct decision decision = {0};
  if (profile->mode == ASPIS_MODE_UNCONFINED || !(profile->mediated & 1u << ASPIS_CLASS_PYTHON)) {
    decision.verdict = ASPIS_VERDICT_ALLOWED;
    return decision;
  }
  struct spelling spelling;
  spell_name(&spelling, event);
  const struct matcher matcher = matcher_at(image->arena, profile->rules);
  const __u32 named = spelling.len;
  __u32 state = run(image->arena, matcher, profile->rule_start[ASPIS_CLASS_PYTHON],
                    spelling.subject + 1, named - 1);
  if (!is_settled(image->arena, matcher, state)) {
    spell_arguments(&spelling, api, args);
    state = run(image->arena, matcher, state, spelling.subject + named, spelling.len - named);
  }
  return decide_at(image, matcher, state);
}

bool rules_require_signed(const struct policy_image* image, const char* path) {
  const struct aspis_profile* profile = image->profile;
  const struct matcher matcher = matcher_at(image->arena, profile->file);
  struct context_values values;
  struct context_walk walk = {.state = matcher.head->start};
  __u32 keys = 0;
  memset(&values, 0, sizeof(values));
  while (keys < ASPIS_CONTEXTS_MAX && profile->contexts[keys].name[0] != 0) keys++;
  for (; *path != 0; path++) context_step(image->arena, matcher, &walk, &values, keys, (__u8)*path);
  context_component(image->arena, matcher, &walk, &values, keys);
  const __u32 index = match_outcome(image->arena, matcher, walk.state);
  const struct aspis_outcome* outcome =
      ARENA_AT(image->arena, struct aspis_outcome,
               profile->file_outcomes + index * sizeof(struct aspis_outcome));
  return ((outcome->owner.allow | outcome->other.allow) & ASPIS_REQUIRE_SIGNED) != 0;
}

bool rules_allow_launch(const struct policy_image* image, const char* launch) {
  if (image->profile->launch == 0)
    return launch[0] == ASPIS_LAUNCH_SCRIPT || launch[0] == ASPIS_LAUNCH_MODULE;
  const struct matcher matcher = matcher_at(image->arena, image->profile->launch);
  const __u32 state =
      run(image->arena, matcher, matcher.head->start, (const __u8*)launch, (__u32)strlen(launch));
  return match_outcome(image->arena, matcher, state) != 0;
}
