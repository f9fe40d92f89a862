// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which profile attaches to a path and, with python=(…), to what Python is started to run. One
 * automaton answers for all of them; only where several profiles match their longest left matches
 * are compared.
 */
#include "lib/decide.bpf.h"
#include "lib/launch.bpf.h"

struct left_walk {
	struct scratch *scratch;
	__u32 automaton;
	__u32 launch; /* not the path */
};

/* The matcher of one candidate takes byte `index` of the path, or of the launch. */
static long left_step(__u32 index, void *data)
{
	struct left_walk *walk = data;
	struct arena arena = policy_arena_view();
	struct scratch *scratch = walk->scratch;
	__u32 at;

	if (!scratch || !arena.bytes)
		return 1;
	at = walk->launch ? index + 1 : scratch->walk.off + index;
	if (at >= (walk->launch ? scratch->subject_len : CHUNK_MAX))
		return 1;
	KEEP(at);
	at &= CHUNK_MAX - 1;
	leftmatch_step(&scratch->left,
		match_step(arena, matcher_at(arena, walk->automaton), scratch->left.state,
			walk->launch ? scratch->subject[at] : scratch->path[at]));
	return 0;
}

/* Bytes that the longest left match of a profile takes. Global: verified once, not for each of the
 * profiles that match. */
__noinline __u32 left_match(struct scratch *scratch, __u32 automaton, __u32 launch)
{
	struct arena arena = policy_arena_view();
	struct left_walk walk = {.scratch = scratch, .automaton = automaton, .launch = launch};

	if (!arena.bytes || !scratch)
		return 0;
	__builtin_memset(&scratch->left, 0, sizeof(scratch->left));
	scratch->left.state = ARENA_AT(arena, struct aspis_automaton, automaton)->start;
	bpf_loop(CHUNK_MAX, left_step, &walk, 0);
	return scratch->left.count;
}

__noinline __u32 match_attachment(struct scratch *scratch, __u32 attachments)
{
	struct arena arena = policy_arena_view();
	const struct aspis_attachments *head;
	struct matcher matcher;
	__u32 list, count, best = 0, longest = 0;

	if (!scratch || !arena.bytes)
		return 0;
	head = ARENA_AT(arena, struct aspis_attachments, attachments);
	if (!head->automaton)
		return 0;
	matcher = matcher_at(arena, head->automaton);
	list = match_outcome(
		arena, matcher, match_path(scratch, head->automaton, matcher.head->start));
	if (!list)
		return 0;
	list = head->lists + 2 * list;
	count = *ARENA_AT(arena, __u16, list);
	if (count == 1)
		return *ARENA_AT(arena, __u16, list + 2);
	for (int i = 0; i < ASPIS_ATTACH_MAX; i++) {
		__u32 id, at, length;

		if (i >= count)
			break;
		id = *ARENA_AT(arena, __u16, list + 2 + 2 * i);
		at = profile_at(arena, policy_root, id);
		if (!at)
			continue;
		length = left_match(scratch, ARENA_AT(arena, struct aspis_profile, at)->matcher, 0);
		if (length == longest)
			best = ASPIS_ATTACH_CONFLICT;
		if (length <= longest)
			continue;
		longest = length;
		best = id;
	}
	return best;
}

__noinline __u32 match_is_alive(struct scratch *scratch, __u32 python)
{
	struct arena arena = policy_arena_view();
	__u32 automaton;

	if (!scratch || !arena.bytes)
		return 0;
	automaton = ARENA_AT(arena, struct aspis_attachments, python)->automaton;
	return automaton ? match_path(scratch, automaton, matcher_at(arena, automaton).head->start)
			 : 0;
}

/* Inlined into both: one call less on the deepest stack, of 512 bytes. */
static __always_inline __u32 before_launch(struct scratch *scratch, struct scope scope)
{
	struct arena arena = policy_arena_view();
	__u32 found;

	if (!arena.bytes)
		return 0;
	if (!ARENA_AT(arena, struct aspis_attachments, scope.python)->automaton)
		return match_attachment(scratch, scope.attachments);
	if (match_is_alive(scratch, scope.python))
		return ASPIS_ATTACH_ALIVE;
	found = match_attachment(scratch, scope.attachments);
	return found ? found : ASPIS_ATTACH_NONE;
}

__noinline __u32 match_before_launch(struct scratch *scratch, __u32 attachments, __u32 python)
{
	struct scope scope = {attachments, python};

	return scratch ? before_launch(scratch, scope) : 0;
}

__noinline __u32 match_is_alive_anywhere(struct scratch *scratch)
{
	if (!scratch)
		return 0;
	for (int i = 0; i < ASPIS_CONTAINER_SCOPES_MAX; i++) {
		if (!scratch->scopes.at[i])
			break;
		if (match_is_alive(scratch, scope_at(scratch->scopes.at[i]).python))
			return 1;
	}
	return match_is_alive(scratch, scope_of_root(policy_root).python) != 0;
}

__noinline __u32 match_before_launch_anywhere(struct scratch *scratch)
{
	__u32 found = 0, none = 0;

	if (!scratch)
		return 0;
	for (int i = 0; i <= ASPIS_CONTAINER_SCOPES_MAX; i++) {
		__u32 at = i < ASPIS_CONTAINER_SCOPES_MAX ? scratch->scopes.at[i] : 0;

		found = before_launch(scratch, at ? scope_at(at) : scope_of_root(policy_root));
		if (!at || found & ~ASPIS_ATTACH_NONE)
			break;
		none |= found;
	}
	return found ? found : none;
}

/* Of those in a list the one that takes most of the path, and then of the launch: its id, or
 * ASPIS_ATTACH_CONFLICT, and in the upper half how much of the path that is. */
static __noinline __u64 best_of(struct scratch *scratch, __u32 list)
{
	struct arena arena = policy_arena_view();
	__u32 count, best = 0, most = 0;

	if (!arena.bytes)
		return 0;
	count = *ARENA_AT(arena, __u16, list);
	for (int i = 0; i < ASPIS_ATTACH_MAX; i++) {
		const struct aspis_profile *profile;
		__u32 id, at, takes;

		if (i >= count)
			break;
		id = *ARENA_AT(arena, __u16, list + 2 + 2 * i);
		at = profile_at(arena, policy_root, id);
		if (!at)
			continue;
		profile = ARENA_AT(arena, struct aspis_profile, at);
		takes = left_match(scratch, profile->matcher, 0) << 16;
		takes |= left_match(scratch, profile->launch, 1);
		if (takes == most)
			best = ASPIS_ATTACH_CONFLICT;
		if (takes <= most)
			continue;
		most = takes;
		best = id;
	}
	return (__u64)(most >> 16) << 32 | best;
}

/* The launch is in scratch.subject, behind a byte of 0. */
__noinline __u32 match_launch(struct scratch *scratch, __u32 attachments, __u32 python)
{
	struct arena arena = policy_arena_view();
	const struct aspis_attachments *head;
	__u32 plain = 0, state, list, at;
	struct matcher matcher;
	__u64 best;

	if (!scratch || !arena.bytes)
		return 0;
	if (attachments)
		plain = match_attachment(scratch, attachments);
	head = ARENA_AT(arena, struct aspis_attachments, python);
	state = scratch->subject_len ? match_is_alive(scratch, python) : 0;
	if (!state)
		return plain;
	matcher = matcher_at(arena, head->automaton);
	state = match_subject(
		scratch, head->automaton, match_step(arena, matcher, state, scratch->subject[0]));
	list = match_outcome(arena, matcher, state);
	if (!list)
		return plain;
	best = best_of(scratch, head->lists + 2 * list);
	if (!plain || plain == ASPIS_ATTACH_CONFLICT)
		return (__u32)best;
	at = profile_at(arena, policy_root, plain);
	if (at && left_match(scratch, ARENA_AT(arena, struct aspis_profile, at)->matcher, 0) >
			  best >> 32)
		return plain;
	return (__u32)best;
}
