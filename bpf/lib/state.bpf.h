/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps and globals that every hook family shares (weak: the linker makes one of them), and the question
 * that comes first on every hook: is this task tracked?
 *
 * Two answers to it. A bitmap by tid says "no" in a few instructions: it is what an untracked task pays.
 * Only behind it stands the task storage with the state, whose look-up is far dearer. The bitmap may
 * say "yes" wrongly (never "no" wrongly) around exec of a multi-threaded process; the storage decides.
 */
#ifndef ASPIS_STATE_BPF_H
#define ASPIS_STATE_BPF_H

#include "kernel.bpf.h"
#include "../abi/event.h"
#include "../abi/task.h"

/* Set before load. */
const volatile bool track_all __weak;       /* every task is tracked */
const volatile bool track_selectors __weak; /* exec must look at track_exe and track_cgroup */

/* The next event's number less one; counts lost events too. */
__u64 sequence __weak;
/* Thread group id of the observer in the initial pid namespace, 0: not known. */
__u32 self_tgid __weak;
__u32 tracked_tids[ASPIS_TID_MAX / 32] __weak;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct aspis_task);
} task_state SEC(".maps") __weak;

/* Counters and the losses that the next event of this CPU will report. */
struct cpu_counters {
	__u64 stat[ASPIS_STAT_COUNT];
	__u32 pending_ring;
	__u32 pending_scratch;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cpu_counters);
} stats SEC(".maps") __weak;

static __always_inline struct cpu_counters *cpu_counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&stats, &zero);
}

/* Atomic although per CPU: a hook may be preempted by the same hook of another task. */
static __always_inline void count(enum aspis_stat stat)
{
	struct cpu_counters *counters = cpu_counters();

	if (counters)
		__sync_fetch_and_add(&counters->stat[stat], 1);
}

static __always_inline void track_tid(__u32 tid)
{
	__sync_fetch_and_or(&tracked_tids[(tid >> 5) & (ASPIS_TID_MAX / 32 - 1)], 1u << (tid & 31));
}

static __always_inline void untrack_tid(__u32 tid)
{
	__sync_fetch_and_and(&tracked_tids[(tid >> 5) & (ASPIS_TID_MAX / 32 - 1)], ~(1u << (tid & 31)));
}

static __always_inline bool tid_may_be_tracked(__u32 tid)
{
	return tracked_tids[(tid >> 5) & (ASPIS_TID_MAX / 32 - 1)] & (1u << (tid & 31));
}

/* Makes `task` tracked; returns its state, or NULL and counts when the kernel has no memory for it. */
static __always_inline struct aspis_task *track(struct task_struct *task)
{
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state) {
		count(ASPIS_STAT_TASK_FULL);
		return NULL;
	}
	state->start = task->group_leader->start_boottime;
	state->flags |= ASPIS_TASK_TRACKED;
	track_tid(task->pid);
	return state;
}

/*
 * State of the current task if it is tracked, else NULL. `task` receives the current task.
 * The first thing every hook does.
 */
static __always_inline struct aspis_task *tracked_current(struct task_struct **task)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct aspis_task *state;

	if (!tid_may_be_tracked((__u32)pid_tgid)) {
		if (!track_all || (__u32)(pid_tgid >> 32) == self_tgid)
			return NULL;
		*task = bpf_get_current_task_btf();
		return track(*task);
	}
	*task = bpf_get_current_task_btf();
	state = bpf_task_storage_get(&task_state, *task, NULL, 0);
	if (!state || (state->flags & (ASPIS_TASK_TRACKED | ASPIS_TASK_STARTED)) != ASPIS_TASK_TRACKED)
		return NULL;
	return state;
}

#endif
