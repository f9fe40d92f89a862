/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the hooks on privileges share: beginning an event, and the global functions that decide. */
#ifndef ASPIS_PRIVILEGE_BPF_H
#define ASPIS_PRIVILEGE_BPF_H

#include "hook.bpf.h"

#define CAP_SYS_RESOURCE 24

#define PTRACE_MODE_READ 0x01 /* include/linux/ptrace.h */
#define PTRACE_MODE_ATTACH 0x02

/* All of bpf/decide.bpf.c. */

/* Rules on using a capability: fills scratch.ruling; `error` is the errno of a denial. */
int decide_capability(
	struct scratch *scratch, struct aspis_task *state, __u32 capability, __u32 error);
/* The same asked in passing: is it denied? Nothing is told, nobody is killed. */
int capability_denied(struct aspis_task *state, __u32 capability);
/* Rules on setting the hard value of a resource limit. */
int decide_limit(struct scratch *scratch, struct aspis_task *state, __u32 resource, __u64 value);
/* Rules of the task with `state` on one with `peer` (NULL: unconfined), for each of its profiles.
 * `kind` is the class, and from bit 8 the number of the signal. */
int decide_peer(struct scratch *scratch, struct aspis_task *state, struct aspis_task *peer,
	__u32 kind, __u32 request);

/* A scratch buffer for an operation of a tracked or confined task. NULL: *answer is the hook's. */
static __always_inline struct scratch *privilege_begin(struct aspis_task *state, int *answer)
{
	struct scratch *scratch = access_begin(state, answer);

	if (scratch)
		record_begin(scratch, sizeof(struct aspis_privilege_event));
	return scratch;
}

/* Rules of a class whose subject is its class byte alone. */
static __always_inline void decide_class(
	struct scratch *scratch, struct aspis_task *state, __u8 class, __u32 request)
{
	scratch->subject[0] = class;
	scratch->subject_len = 1;
	decide_subject(scratch, state, class, request, EACCES);
}

/* State of another task. `task` must be a pointer that the verifier trusts. NULL: it has none, or
 * its storage is locked by a program that this one interrupted, which is taken for the same. */
#define state_of(task) ((struct aspis_task *)bpf_task_storage_get(&task_state, task, NULL, 0))

#endif
