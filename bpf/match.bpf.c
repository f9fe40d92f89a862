// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Matching and deciding, as global functions: they are verified by themselves, with any arguments,
 * so that the loop over a path is looked at once and not for every hook.
 */
#include "lib/rest.bpf.h"
#include "lib/ruling.bpf.h"
#include "lib/subject.bpf.h"

/* The verifier follows a loop for as long as it may run, in every program that calls it: what is
 * longer than almost every path is matched by a callback, at five times the cost of a byte. */
#define PATH_SHORT 128
#define SUBJECT_SHORT 48

__noinline __u32 match_path(struct scratch *scratch, __u32 automaton, __u32 state)
{
	struct arena arena = policy_arena_view();
	struct matcher matcher;
	const __u8 *path;
	__u32 len, i;
	__u64 off;

	if (!scratch || !arena.bytes)
		return 0;
	matcher = matcher_at(arena, automaton);
	off = scratch->walk.off;
	KEEP(off);
	off &= 2 * CHUNK_MAX - 1; /* of the comparison alone older verifiers lose the bound */
	if (off > CHUNK_MAX)
		return 0;
	len = CHUNK_MAX - off;
	path = (const __u8 *)scratch->path + off;
	for (i = 0; i < PATH_SHORT; i += 4) { /* four at a time: a fifth less to do */
		if (i + 4 > len)
			break;
		state = match_step(arena, matcher, state, path[i]);
		state = match_step(arena, matcher, state, path[i + 1]);
		state = match_step(arena, matcher, state, path[i + 2]);
		state = match_step(arena, matcher, state, path[i + 3]);
	}
	for (int last = 0; last < 3; last++, i++) {
		if (i >= len)
			return state;
		state = match_step(arena, matcher, state, path[i]);
	}
	return i < len ? match_rest(scratch, automaton, state, off + i, len - i, false) : state;
}

__noinline int rule_with(struct scratch *scratch, const struct aspis_profile *profile, __u64 bytes,
	__u32 request, __u32 of)
{
	bool null = of >> 8 & 1;
	struct aspis_permissions permissions;
	struct decision decision;
	struct ruling *ruling;
	__u8 mode;

	if (!scratch || !profile)
		return ASPIS_VERDICT_DENIED;
	__builtin_memcpy(&permissions, &bytes, sizeof(permissions));
	ruling = &scratch->ruling;
	mode = null ? ASPIS_MODE_COMPLAIN : profile->mode;
	decision = decide(permissions, request, mode, profile->flags);
	ruling->lacking |= ~permissions.allow;
	if (ruling->verdict == ASPIS_VERDICT_DENIED ||
		(ruling->profile && decision.verdict == ASPIS_VERDICT_ALLOWED &&
			!decision.reported))
		return decision.verdict;
	ruling->requested = request;
	ruling->denied = decision.denied;
	ruling->profile = profile->id;
	ruling->null = null;
	ruling->verdict = decision.verdict;
	ruling->info = of & 0xff;
	ruling->reported = decision.reported;
	if (decision.verdict == ASPIS_VERDICT_DENIED) {
		ruling->answer = -(int)(profile->error ? profile->error : of >> 16);
		if (mode == ASPIS_MODE_KILL) {
			bpf_send_signal(profile->kill_signal);
			ruling->killed = 1;
		}
	}
	return decision.verdict;
}

/*
 * What almost every request comes to: one profile, a plain path, allowed, and nobody wants to hear
 * of it. Everything else goes the long way round.
 */
static __always_inline bool plainly_allowed(struct scratch *scratch, struct arena arena,
	const struct aspis_task *state, __u32 root, __u32 request, __u32 how)
{
	__u32 id = state->domain.profiles[0], at;
	struct aspis_permissions permissions;
	const struct aspis_profile *profile;

	if (scratch->walk.flags || state->domain.profiles[1] || is_null(state, 0))
		return false;
	at = profile_at(arena, root, id);
	if (!at)
		return false;
	profile = ARENA_AT(arena, struct aspis_profile, at);
	if (has_packages(state, profile, 0))
		return false;
	permissions = path_permissions(scratch, arena, profile, how);
	if (request & (~(__u32)permissions.allow | permissions.audit) ||
		profile->flags & ASPIS_PROFILE_AUDIT)
		return false;
	scratch->ruling.profile = id;
	scratch->ruling.requested = request;
	return true;
}

__noinline int rules_on_path(
	struct scratch *scratch, struct aspis_task *state, __u32 request, __u32 how)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;
	bool queue;

	if (!scratch || !state || !arena.bytes)
		return 0;
	scratch->ruling.directory = how & DECIDE_DIRECTORY;
	if (scratch->walk.flags & (ASPIS_PATH_PIPE | ASPIS_PATH_SOCKET | ASPIS_PATH_ANON |
					  ASPIS_PATH_MEMFD | ASPIS_PATH_PSEUDO))
		return 0; /* file systems without names are not mediated by path */
	if (plainly_allowed(scratch, arena, state, root, request, how))
		return 0;
	queue = walked_queue(scratch, (struct inode *)scratch->ruling.inode);
	if (queue) {
		scratch->subject[0] = ASPIS_CLASS_MQUEUE;
		scratch->subject_len = 1;
		subject_path(scratch, false);
	}
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {};
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		bool by_queue;
		__u8 info;
		int error;

		if (!profile)
			continue;
		scratch->ruling.packaged |= has_packages(state, profile, i);
		scratch->ruling.audited = 0;
		by_queue = queue && profile->mediated & 1u << ASPIS_CLASS_MQUEUE;
		info = by_queue ? ASPIS_INFO_NONE : path_problem(scratch, profile->flags);
		if (by_queue && !is_null(state, i))
			permissions =
				subject_permissions(scratch, arena, profile, ASPIS_CLASS_MQUEUE);
		else if (!info && !is_null(state, i))
			permissions = path_permissions(scratch, arena, profile, how);
		error = problem_errno(info);
		if (unannounced(scratch, permissions, request))
			info = ASPIS_INFO_UNANNOUNCED;
		rule(scratch, profile, is_null(state, i), permissions, request, info, error);
	}
	return 0;
}

/* The state after scratch.subject, from `state`, which is the one behind the class byte. */
__noinline __u32 match_subject(struct scratch *scratch, __u32 automaton, __u32 state)
{
	struct arena arena = policy_arena_view();
	struct matcher matcher;
	__u32 len, i;

	if (!scratch || !arena.bytes)
		return 0;
	matcher = matcher_at(arena, automaton);
	len = scratch->subject_len;
	for (i = 1; i < SUBJECT_SHORT; i++) { /* behind the class */
		if (i >= len)
			return state;
		state = match_step(arena, matcher, state, scratch->subject[i]);
	}
	return i < len && len <= CHUNK_MAX ? match_rest(scratch, automaton, state, i, len - i, true)
					   : state;
}

__noinline int rules_on_subject(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 error)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {};
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		__u8 info;

		if (!profile)
			continue;
		scratch->ruling.packaged |= has_packages(state, profile, i);
		if (!(profile->mediated & 1u << (class & 15)))
			continue;
		if (class == ASPIS_CLASS_PYTHON && is_null(state, i))
			continue; /* what no rule denies is allowed */
		info = subject_problem(scratch, class, profile->flags);
		if (!is_null(state, i) && !info)
			permissions = subject_permissions(scratch, arena, profile, class);
		if (class == ASPIS_CLASS_PYTHON && permissions.allow & ASPIS_PYTHON_CHANGE)
			scratch->order[i & (ASPIS_STACK_MAX - 1)] = permissions.exec;
		rule(scratch, profile, is_null(state, i), permissions, request, info,
			info ? problem_errno(info) : (int)error);
	}
	return 0;
}
