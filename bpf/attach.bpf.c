// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which profile attaches to a path. One automaton answers for all of them; only where several
 * profiles match one path their longest left matches are compared.
 */
#include "lib/decide.bpf.h"

struct left_walk {
	struct scratch *scratch;
	__u32 automaton;
};

/* The matcher of one candidate takes byte `index` of the path. */
static long left_step(__u32 index, void *data)
{
	struct left_walk *walk = data;
	struct arena arena = policy_arena_view();
	struct scratch *scratch = walk->scratch;
	__u32 at;

	if (!scratch || !arena.bytes)
		return 1;
	at = scratch->walk.off + index;
	if (at >= CHUNK_MAX)
		return 1;
	leftmatch_step(
		&scratch->left, match_step(arena, matcher_at(arena, walk->automaton),
					scratch->left.state, scratch->path[at & (CHUNK_MAX - 1)]));
	return 0;
}

/* Bytes that the longest left match of a profile takes. Global: verified once, not for each of the
 * profiles that match. */
__noinline __u32 left_match(struct scratch *scratch, __u32 automaton)
{
	struct arena arena = policy_arena_view();
	struct left_walk walk = {.scratch = scratch, .automaton = automaton};

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
		length = left_match(scratch, ARENA_AT(arena, struct aspis_profile, at)->matcher);
		if (length == longest)
			best = ASPIS_ATTACH_CONFLICT;
		if (length <= longest)
			continue;
		longest = length;
		best = id;
	}
	return best;
}
