/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Matching by a callback, a byte at a time: for what is long, or not hot. The verifier looks at one
 * byte only. */
#ifndef ASPIS_REST_BPF_H
#define ASPIS_REST_BPF_H

#include "decide.bpf.h"

static long match_rest_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct arena arena = policy_arena_view();
	__u32 at;

	if (!scratch || !arena.bytes)
		return 1;
	at = scratch->rest.at + index;
	KEEP(at);
	at &= CHUNK_MAX - 1;
	scratch->rest.state =
		match_step(arena, matcher_at(arena, scratch->rest.automaton), scratch->rest.state,
			scratch->rest.subject ? scratch->subject[at] : scratch->path[at]);
	return 0;
}

/* The state after `count` more bytes from `at` in scratch.path, or in scratch.subject. */
static __always_inline __u32 match_rest(
	struct scratch *scratch, __u32 automaton, __u32 state, __u32 at, __u32 count, bool subject)
{
	struct scratch *data = scratch;

	scratch->rest.automaton = automaton;
	scratch->rest.state = state;
	scratch->rest.at = at;
	scratch->rest.subject = subject;
	bpf_loop(count, match_rest_step, &data, 0);
	return scratch->rest.state;
}

#endif
