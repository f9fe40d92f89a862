/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The matcher and the decision, compiled for BPF and for the host alike: what the kernel enforces
 * is what `aspis policy explain` says. Plain C over the arena of ../abi/policy.h; no helper calls.
 */
#ifndef ASPIS_MATCH_H
#define ASPIS_MATCH_H

#include "../abi/policy.h"

#ifdef __bpf__
#define MATCH_INLINE static __always_inline
#else
#define MATCH_INLINE static inline
#endif

/* Before a mask: keeps the compiler, which may know it to be useless, from dropping what the
 * verifier wants. */
#define KEEP(value) asm volatile("" : "+r"(value))

/* The arena: `mask` + 1 bytes (a power of two) and ASPIS_ARENA_SLACK more. */
struct arena {
	const __u8 *bytes;
	__u32 mask;
};

/* What stands at an offset. The mask keeps any offset, even a wrong one, inside. */
#define ARENA_AT(arena, type, offset) ((const type *)((arena).bytes + ((offset) & (arena).mask)))

/* An automaton, its numbers at hand. */
struct matcher {
	const struct aspis_automaton *head;
	__u32 rows, width;
};

MATCH_INLINE struct matcher matcher_at(struct arena arena, __u32 offset)
{
	const struct aspis_automaton *head = ARENA_AT(arena, struct aspis_automaton, offset);
	struct matcher matcher = {head, head->rows, head->width};

	return matcher;
}

/* The state after one byte. */
MATCH_INLINE __u32 match_step(struct arena arena, struct matcher matcher, __u32 state, __u8 byte)
{
	return *ARENA_AT(arena, __u16,
		matcher.rows + 2 * (state * matcher.width + matcher.head->class_of[byte]));
}

/* Outcome of a state. */
MATCH_INLINE __u32 match_outcome(struct arena arena, struct matcher matcher, __u32 state)
{
	return *ARENA_AT(
		arena, __u16, matcher.rows + 2 * (state * matcher.width + matcher.width - 1));
}

/*
 * Longest left match (security/apparmor/match.c: aa_dfa_leftmatch): how many bytes of a path an
 * attachment takes before its automaton comes back to a state that it was in during the last
 * LEFTMATCH_HISTORY steps; what the rest of a `*` takes does not count. Begin with all 0 but
 * `state`; if it ends in a state that does not match, `count` means nothing.
 */
#define LEFTMATCH_HISTORY 32
struct leftmatch {
	__u32 state;
	__u32 count;
	__u32 looped;
	__u32 history[LEFTMATCH_HISTORY]; /* the state before step n, at n modulo its size */
};

MATCH_INLINE void leftmatch_step(struct leftmatch *left, __u32 next)
{
	__u32 at = left->count;

	if (!left->looped) {
		left->history[at % LEFTMATCH_HISTORY] = left->state;
		for (__u32 back = 0; back < LEFTMATCH_HISTORY && back < at; back++) {
			if (left->history[(at - back) % LEFTMATCH_HISTORY] == next) {
				left->looped = 1;
				left->count -= back;
				break;
			}
		}
		if (!left->looped)
			left->count++;
	}
	left->state = next;
}

/* What follows from a request. */
struct decision {
	__u32 denied;  /* the permissions that are missing */
	__u8 verdict;  /* enum aspis_verdict */
	__u8 reported; /* it is to be told: a denial that no rule keeps quiet, an audited access */
};

/*
 * A request for `request` under these permissions. Complain allows what no rule allows; what a rule
 * denies stays denied (apparmor.d(5), "Complain mode"). A rule's denial is quiet unless audited.
 */
MATCH_INLINE struct decision decide(
	struct aspis_permissions permissions, __u32 request, __u8 mode, __u16 profile_flags)
{
	struct decision decision = {};
	__u32 missing = request & ~(__u32)permissions.allow;
	__u32 audit = profile_flags & ASPIS_PROFILE_AUDIT ? ~0u : permissions.audit;

	decision.denied = missing;
	if (!missing) {
		decision.verdict = ASPIS_VERDICT_ALLOWED;
		decision.reported = (request & audit) != 0;
		return decision;
	}
	decision.verdict = mode == ASPIS_MODE_COMPLAIN && !(missing & permissions.deny)
				   ? ASPIS_VERDICT_COMPLAIN
				   : ASPIS_VERDICT_DENIED;
	decision.reported = (missing & (~(__u32)permissions.deny | audit)) != 0;
	return decision;
}

#endif
