/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One profile's say about one operation: for the global functions that decide (match, exec). */
#ifndef ASPIS_RULING_BPF_H
#define ASPIS_RULING_BPF_H

#include "decide.bpf.h"

/* The places of a task's stack that hold a profile. */
#define FOR_EACH_PLACE(i, state)                                                                   \
	for (int i = 0; i < ASPIS_STACK_MAX && (state)->domain.profiles[i]; i++)

/* The profile at place `i`. NULL: it has no say, being unconfined, or removed by force. */
static __always_inline const struct aspis_profile *profile_in(
	struct arena arena, __u32 root, const struct aspis_task *state, int i)
{
	__u32 at = profile_at(arena, root, state->domain.profiles[i]);
	const struct aspis_profile *profile = ARENA_AT(arena, struct aspis_profile, at);

	return at && profile->mode != ASPIS_MODE_UNCONFINED ? profile : NULL;
}

/* Has complain made up the profile at place `i`, so that it has no rules? */
static __always_inline bool is_null(const struct aspis_task *state, int i)
{
	return state->flags & ASPIS_TASK_NULL(i);
}

/* Why a walked path has no name that rules could speak of; ASPIS_INFO_NONE: it has one. */
static __always_inline __u8 path_problem(struct scratch *scratch, __u16 profile_flags)
{
	__u32 flags = scratch->walk.flags;

	if (flags & ASPIS_PATH_CUT)
		return ASPIS_INFO_TOO_LONG;
	if (flags & WALK_SPELLING)
		return ASPIS_INFO_SPELLING;
	if (flags & ASPIS_PATH_DELETED && !(profile_flags & ASPIS_PROFILE_MEDIATE_DELETED))
		return ASPIS_INFO_DELETED;
	if (flags & (ASPIS_PATH_DETACHED | ASPIS_PATH_FOREIGN) &&
		!(profile_flags & ASPIS_PROFILE_ATTACH_DISCONNECTED))
		return ASPIS_INFO_DISCONNECTED;
	return ASPIS_INFO_NONE;
}

/* The same of scratch.subject; of mounts, whose paths were walked, also why those have no name. */
static __always_inline __u8 subject_problem(
	struct scratch *scratch, __u32 class, __u16 profile_flags)
{
	if (scratch->ruling.problem)
		return scratch->ruling.problem;
	if (scratch->subject_len > ASPIS_SUBJECT_MAX)
		return ASPIS_INFO_TOO_LONG;
	return class == ASPIS_CLASS_MOUNT ? path_problem(scratch, profile_flags) : ASPIS_INFO_NONE;
}

/* The errno that AppArmor gives for it (security/apparmor/path.c). */
static __always_inline int problem_errno(__u8 info)
{
	return info == ASPIS_INFO_DELETED    ? ENOENT
	       : info == ASPIS_INFO_TOO_LONG ? ENAMETOOLONG
					     : EACCES;
}

/* Is the current task the owner of the inode that ruling.inode names? The id is
 * the one on disk: an idmapped mount shows another. */
static __always_inline bool owns(struct scratch *scratch)
{
	const struct inode *inode = (const struct inode *)scratch->ruling.inode;
	struct task_struct *task = untrusted(bpf_get_current_task_btf());

	return !inode || BPF_CORE_READ(inode, i_uid.val) == task->cred->fsuid.val;
}

/* What audited rules of a profile grant besides, by the outcome of its file automaton: nothing
 * where the access is not announced, but that is noted then. Global: what it looks at multiplies
 * nothing in the loops over profiles. */
__weak __noinline __u32 audited_grants(
	struct scratch *scratch, const struct aspis_profile *profile, __u32 index)
{
	struct arena arena = policy_arena_view();
	const struct aspis_announced *audited;
	__u32 granted;

	if (!scratch || !profile || !arena.bytes)
		return 0;
	audited = ARENA_AT(arena, struct aspis_announced,
		profile->announced + index * sizeof(struct aspis_announced));
	granted = audited->owner == audited->other || !owns(scratch) ? audited->other
								     : audited->owner;
	scratch->ruling.audited = granted & ~(__u32)scratch->ruling.announced;
	return granted & scratch->ruling.announced;
}

/* What a state of a profile's file automaton means for the current task. */
static __always_inline struct aspis_permissions state_permissions(struct scratch *scratch,
	struct arena arena, const struct aspis_profile *profile, struct matcher matcher,
	__u32 state)
{
	__u32 index = match_outcome(arena, matcher, state);
	const struct aspis_outcome *outcome = ARENA_AT(arena, struct aspis_outcome,
		profile->file_outcomes + index * sizeof(struct aspis_outcome));
	struct aspis_permissions permissions = outcome->other;

	if (*(const __u64 *)&outcome->owner != *(const __u64 *)&outcome->other && /* owner rules */
		owns(scratch))
		permissions = outcome->owner;
	if (profile->announced)
		permissions.allow |= audited_grants(scratch, profile, index);
	return permissions;
}

/* Are all of the permissions that are missing ones that an announcement would have granted? */
static __always_inline bool unannounced(
	const struct scratch *scratch, struct aspis_permissions permissions, __u32 request)
{
	__u32 missing = request & ~(__u32)permissions.allow;

	return missing && !(missing & ~(__u32)scratch->ruling.audited);
}

/* The state of a profile's file automaton after the walked path, from `state`. */
static __always_inline __u32 path_state(struct scratch *scratch, struct arena arena,
	const struct aspis_profile *profile, __u32 state, __u32 how)
{
	if (profile->contexts[0].name[0])
		return match_context(scratch, profile, state, how);
	state = match_path(scratch, profile->file, state);
	if (how & DECIDE_DIRECTORY && scratch->walk.off != CHUNK_MAX - 1)
		state = match_step(arena, matcher_at(arena, profile->file), state, '/');
	return state;
}

static __always_inline struct aspis_permissions path_permissions(
	struct scratch *scratch, struct arena arena, const struct aspis_profile *profile, __u32 how)
{
	struct matcher matcher = matcher_at(arena, profile->file);

	return state_permissions(scratch, arena, profile, matcher,
		path_state(scratch, arena, profile, matcher.head->start, how));
}

/* The profile at place `i` has its say: have its packages one, too? They speak of Python threads
 * only. */
static __always_inline bool has_packages(
	const struct aspis_task *state, const struct aspis_profile *profile, int i)
{
	return profile->packages && state->flags & ASPIS_TASK_PYTHON && !is_null(state, i);
}

/* What rules of another class say of scratch.subject. */
static __always_inline struct aspis_permissions subject_permissions(struct scratch *scratch,
	struct arena arena, const struct aspis_profile *profile, __u32 class)
{
	__u32 end = match_subject(scratch, profile->rules, profile->rule_start[class & 15]);
	__u32 index = match_outcome(arena, matcher_at(arena, profile->rules), end);

	return ARENA_AT(arena, struct aspis_outcome,
		profile->rule_outcomes + index * sizeof(struct aspis_outcome))
		->other;
}

/* bpf/match.bpf.c. One profile's say, as `rule` puts it: permissions as the bytes of the struct;
 * `of` is info | null << 8 | error << 16. */
int rule_with(struct scratch *scratch, const struct aspis_profile *profile, __u64 permissions,
	__u32 request, __u32 of);

/*
 * One profile's say. A denial is final; else the strongest thing to tell is kept. Returns the
 * verdict. A global function does it, whose five arguments are scalars as far as they can be: in
 * the loops over profiles its branches would multiply what the verifier has to look at.
 */
static __always_inline __u8 rule(struct scratch *scratch, const struct aspis_profile *profile,
	bool null, struct aspis_permissions permissions, __u32 request, __u8 info, int error)
{
	__u64 bytes;

	__builtin_memcpy(&bytes, &permissions, sizeof(bytes));
	return rule_with(scratch, profile, bytes, request,
		info | (null ? 1u : 0u) << 8 | (__u32)error << 16);
}

#endif
