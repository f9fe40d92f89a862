/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What waits until it is known what Python is started to run, or what interprets a script. */
#ifndef ASPIS_LAUNCH_BPF_H
#define ASPIS_LAUNCH_BPF_H

#include "domain.bpf.h"

/* Offsets of what attaches: without python=(…), and with it. */
struct scope {
	__u32 attachments, python;
};

/* The children of the profile at `at`. */
static __always_inline struct scope children_of(__u32 at)
{
	return (struct scope){at + __builtin_offsetof(struct aspis_profile, children),
		at + __builtin_offsetof(struct aspis_profile, python_children)};
}

/* Those of a selector, whose aspis_scope is at `at`. */
static __always_inline struct scope scope_at(__u32 at)
{
	return (struct scope){at + __builtin_offsetof(struct aspis_scope, attachments),
		at + __builtin_offsetof(struct aspis_scope, python)};
}

/* All that are no children, but for those of containers. */
static __always_inline struct scope scope_of_root(__u32 root)
{
	return (struct scope){root + __builtin_offsetof(struct aspis_policy_root, attachments),
		root + __builtin_offsetof(struct aspis_policy_root, python)};
}

/* Something of the next domain has to wait. There is a place for each profile that execs. */
static __always_inline void next_wait(
	struct aspis_task *state, __u16 profile, __u8 mode, __u8 flags, __u32 found)
{
	struct aspis_waiting waiting = {profile, mode, flags};

	if (found == ASPIS_ATTACH_ALIVE)
		waiting.flags |= ASPIS_WAITING_ALIVE;
	state->next_flags |= ASPIS_TASK_LAUNCH;
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		if (state->waiting[i].mode)
			continue;
		state->waiting[i] = waiting;
		return;
	}
}

#endif
