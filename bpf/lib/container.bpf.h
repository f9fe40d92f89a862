/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent and the kernel side tell each other of cgroups (abi/container.h). */
#ifndef ASPIS_CONTAINER_BPF_H
#define ASPIS_CONTAINER_BPF_H

#include "emit.bpf.h"

/* Filled by the agent. What is evicted is asked for again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ASPIS_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, struct aspis_cgroup);
} cgroups SEC(".maps") __weak;

/* Non-zero: there is no room in the ring. */
static __always_inline long cgroup_note(__u64 id, __u32 held)
{
	struct aspis_cgroup_note note = {
		.size = sizeof(note), .kind = ASPIS_KIND_CGROUP, .id = id, .held = held};

	return bpf_ringbuf_output(&events, &note, sizeof(note), 0);
}

/* include/linux/errno.h: the system call begins anew when the signal has been dealt with. */
#define ERESTARTNOINTR 513

/*
 * The current task's cgroup is not known: stops it until the agent has looked, if there is one and
 * nothing of the old image is gone. Returns what the hook is to answer; 0: it goes on, and no
 * profile with container=(…) attaches. The signal goes first, as the agent lets go who waits; were
 * it to do so before the task has stopped, the execve would begin anew all the same: it is a signal
 * being pending that makes it.
 */
static __always_inline int hold_for_cgroup(struct task_struct *task, bool done)
{
	struct task_struct *loose = untrusted(task);

	if (done || holding_ended || bpf_ktime_get_boot_ns() - agent_seen > HOLD_PATIENCE ||
		bpf_send_signal(SIGSTOP)) {
		count(ASPIS_STAT_CGROUP_UNKNOWN);
		return 0;
	}
	if (cgroup_note(loose->cgroups->dfl_cgrp->kn->id, loose->tgid)) {
		count(ASPIS_STAT_CGROUP_UNKNOWN);
		bpf_send_signal(SIGCONT);
		return 0;
	}
	return -ERESTARTNOINTR;
}

#endif
