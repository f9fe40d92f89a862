/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The contexts of threads (../abi/policy.h: aspis_context_key): where they are kept. */
#ifndef ASPIS_CONTEXTS_BPF_H
#define ASPIS_CONTEXTS_BPF_H

#include "decide.bpf.h"

#define THREAD_CONTEXTS 8 /* keys that one thread can have set */

struct thread_context {
	struct aspis_context_key key; /* empty: the entry is free */
	__u64 token;		      /* that changes it, if it is locked */
	__u32 locked;
	__u32 pad;
	struct context_value value;
};

struct thread_contexts {
	struct thread_context of[THREAD_CONTEXTS];
};

/* Only threads that have set one, and who they have made, have an entry. Nobody but the thread
 * itself writes to it, or its maker before it runs. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_contexts);
} task_contexts SEC(".maps") __weak;

/* A new task begins with what its maker, the current one, has. */
static __always_inline void contexts_inherit(struct task_struct *child)
{
	struct thread_contexts *from, *to;

	from = bpf_task_storage_get(&task_contexts, bpf_get_current_task_btf(), NULL, 0);
	if (!from)
		return;
	to = bpf_task_storage_get(&task_contexts, child, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (to)
		bpf_probe_read_kernel(to, sizeof(*to), from);
}

#endif
