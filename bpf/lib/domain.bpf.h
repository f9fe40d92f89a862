/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The domain that a task is about to enter, by exec or because it asked for it: state.next. */
#ifndef ASPIS_DOMAIN_BPF_H
#define ASPIS_DOMAIN_BPF_H

#include "ruling.bpf.h"

#define PFA_NO_NEW_PRIVS 1 /* include/linux/sched.h: bit 0 of atomic_flags */

/* Adds a profile to the domain that comes next, or the null profile that complain makes up of it: a
 * place that has its rules already has more than that. Returns non-zero when it is full. Global:
 * the verifier looks at it once, and not once for each way that leads to it. */
__weak __noinline int next_place(struct aspis_task *state, __u32 id, __u32 null)
{
	if (!state)
		return 1;
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		if (!state->next.profiles[i]) {
			state->next.profiles[i] = id;
			state->next_flags |= ASPIS_TASK_CONFINED | (null ? ASPIS_TASK_NULL(i) : 0);
			return 0;
		}
		if (state->next.profiles[i] == id) {
			if (!null)
				state->next_flags &= ~ASPIS_TASK_NULL(i);
			return 0;
		}
	}
	return 1;
}

static __always_inline int next_add(struct aspis_task *state, __u32 id)
{
	return next_place(state, id, false);
}

/* Adds the profiles that a transition names. Returns why not, or 0. */
static __always_inline __u8 next_targets(
	struct aspis_task *state, struct arena arena, __u32 root, const struct aspis_exec *exec)
{
	__u8 info = ASPIS_INFO_NO_PROFILE;

	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		__u32 id = exec->targets[i];

		if (!id || !profile_at(arena, root, id))
			break;
		if (next_add(state, id))
			return ASPIS_INFO_STACK_FULL;
		info = ASPIS_INFO_NONE;
	}
	return info;
}

/* The domain that is to come is empty. */
static __always_inline void next_clear(struct aspis_task *state)
{
	__builtin_memset(&state->next, 0, sizeof(state->next));
	__builtin_memset(state->waiting, 0, sizeof(state->waiting));
	state->next_flags = 0;
}

static __always_inline bool same_domain(struct aspis_domain a, struct aspis_domain b)
{
	return *(__u64 *)&a == *(__u64 *)&b;
}

/* Under no_new_privs (prctl(2)) profiles may be added only, as in AppArmor: is one to go? */
static __always_inline bool next_is_refused(
	struct arena arena, __u32 root, const struct aspis_task *state)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());

	if (!(task->atomic_flags & PFA_NO_NEW_PRIVS))
		return false;
	FOR_EACH_PLACE (i, state) {
		bool kept = false;

		for (int j = 0; j < ASPIS_STACK_MAX; j++)
			kept |= state->next.profiles[j] == state->domain.profiles[i];
		if (!kept && profile_in(arena, root, state, i))
			return true;
	}
	return false;
}

/* Refuses what no rule was asked about. Returns the answer. */
static __always_inline int refuse(
	struct scratch *scratch, const struct aspis_task *state, __u8 info, int error)
{
	scratch->ruling.profile = state->domain.profiles[0];
	scratch->ruling.verdict = ASPIS_VERDICT_DENIED;
	scratch->ruling.reported = 1;
	scratch->ruling.info = info;
	scratch->ruling.answer = -error;
	return -error;
}

/* The domain that was chosen is the task's from now on. Without a buffer a confined task ends: it
 * would keep open files that nobody has looked at. */
static __always_inline void enter_next(struct aspis_task *state, struct scratch *scratch)
{
	const __u32 of_domain = ASPIS_TASK_CONFINED | ASPIS_TASK_NULL_ANY;
	bool changes = state->next_flags & ASPIS_TASK_CONFINED &&
		       (!same_domain(state->domain, state->next) ||
			       (state->flags ^ state->next_flags) & of_domain);
	bool was_confined = state->flags & ASPIS_TASK_CONFINED;

	state->domain = state->next;
	state->flags &= ~(ASPIS_TASK_NEXT | ASPIS_TASK_ONEXEC | of_domain);
	state->flags |= state->next_flags & of_domain;
	if (!changes)
		return;
	if (scratch && heeds_revocation)
		inherit_files(scratch, state, !was_confined);
	else if (!scratch && was_confined)
		bpf_send_signal(SIGKILL);
}

#endif
