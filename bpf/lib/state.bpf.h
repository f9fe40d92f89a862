/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Maps and globals that every hook family shares (weak: the linker makes one of them), and the
 * question that comes first on every hook: is this task tracked?
 *
 * Three answers to it, each dearer than the one before. A byte chosen by the low bits of the tid
 * says "no" to almost every task that is not tracked: one load, and it is what those tasks pay. The
 * tid's own bit in that byte says "no" to the rest. Then the task storage with the state is asked.
 * The bit may say "yes" wrongly (never "no" wrongly) around exec of a multi-threaded process; the
 * storage decides.
 */
#ifndef ASPIS_STATE_BPF_H
#define ASPIS_STATE_BPF_H

#include "kernel.bpf.h"
#include "../abi/event.h"
#include "../abi/task.h"

/* Set before load. */
const volatile bool track_all __weak;	     /* every task is tracked; tracked_tids is all ones */
const volatile bool track_selectors __weak;  /* exec must look at track_exe and track_cgroup */
const volatile bool enforcing __weak;	     /* profiles decide */
const volatile bool heeds_revocation __weak; /* files can be taken away: there are hooks */
const volatile bool attaching
	__weak; /* profiles attach to any task's exec, not only to tracked ones' */
const volatile bool holding __weak; /* images not in `known_images` wait to be looked at */
const volatile __u8 stacks __weak;  /* enum aspis_stacks */
/* What each kind of event is among the operations that audit events announce (struct
 * aspis_announcement); 0: none can announce it. */
#define KINDS_MAX 128
const volatile __u32 kind_operations[KINDS_MAX] __weak;
const volatile bool attached_quiet __weak; /* and those tasks tell only what profiles report */

/* The next event's number less one; counts lost events too. */
__u64 sequence __weak;
/* Thread group id of the observer in the initial pid namespace, 0: not known. */
__u32 self_tgid __weak;
/* The cgroup that it was in when it began. */
__u64 self_cgroup __weak;
/* Mount namespaces, by inode: the observer's, and that of pid 1. */
__u32 guarded_mounts[2] __weak;
__u32 tracked_tids[ASPIS_TID_MAX / 32] __weak;

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct aspis_task);
} task_state SEC(".maps") __weak;

/* No image is held any more. */
__u8 holding_ended __weak;
/* When the agent last looked at the rings, ns since boot: without one nobody would let go who is
 * held. */
__u64 agent_seen __weak;
#define HOLD_PATIENCE 10000000000ull

/* Files that need not be held when they are executed or mapped to execute. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct aspis_exe_key);
	__type(value, __u32);
} known_images SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aspis_cpu_counters);
} stats SEC(".maps") __weak;

static __always_inline struct aspis_cpu_counters *cpu_counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&stats, &zero);
}

/* Atomic although per CPU: a hook may be preempted by the same hook of another task. */
static __always_inline void count(enum aspis_stat stat)
{
	struct aspis_cpu_counters *counters = cpu_counters();

	if (counters)
		__sync_fetch_and_add(&counters->stat[stat], 1);
}

/* Byte tid mod 2^19 of the bitmap, and in it bit tid div 2^19: neighbours do not share a byte. */
#define TID_BYTES (ASPIS_TID_MAX / 8)
#define TID_WORD(tid) (((tid) >> 2) & (ASPIS_TID_MAX / 32 - 1))
#define TID_MASK(tid) (1u << (8 * ((tid) & 3) + ((tid) / TID_BYTES & 7)))

static __always_inline void track_tid(__u32 tid)
{
	__sync_fetch_and_or(&tracked_tids[TID_WORD(tid)], TID_MASK(tid));
}

static __always_inline void untrack_tid(__u32 tid)
{
	if (!track_all) /* then every bit is set, for good */
		__sync_fetch_and_and(&tracked_tids[TID_WORD(tid)], ~TID_MASK(tid));
}

static __always_inline bool tid_may_be_tracked(__u32 tid)
{
	return tracked_tids[TID_WORD(tid)] & TID_MASK(tid);
}

/* Is the current task in a system call of the 32-bit table (int 0x80 of a 64-bit program included)?
 */
#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
static __always_inline bool in_compat_call(struct task_struct *task)
{
	return task->thread_info.status & TS_COMPAT;
}

static __always_inline bool byte_may_be_tracked(__u32 tid)
{
	return ((__u8 *)tracked_tids)[tid & (TID_BYTES - 1)];
}

/* The first answer. Every program starts with it. */
static __always_inline bool current_may_be_tracked(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return byte_may_be_tracked(task->pid);
}

/* Makes `task` tracked; returns its state, or NULL and counts when the kernel has no memory for it.
 */
static __always_inline struct aspis_task *track(struct task_struct *task)
{
	struct aspis_task *state =
		bpf_task_storage_get(&task_state, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state) {
		count(ASPIS_STAT_TASK_FULL);
		return NULL;
	}
	state->start = untrusted(task)->group_leader->start_boottime;
	state->flags |= ASPIS_TASK_TRACKED;
	track_tid(task->pid);
	return state;
}

/* State of the current task if it is tracked or confined, else NULL: the second and third answer.
 */
static __always_inline struct aspis_task *current_state(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state;

	if (!tid_may_be_tracked(task->pid))
		return NULL;
	state = bpf_task_storage_get(&task_state, task, NULL, 0);
	if (!state)
		return track_all && task->tgid != self_tgid ? track(task) : NULL;
	if (state->flags & ASPIS_TASK_STARTED ||
		!(state->flags & (ASPIS_TASK_TRACKED | ASPIS_TASK_CONFINED)))
		return NULL;
	return state;
}

/* The same of a task that emits events. */
static __always_inline struct aspis_task *tracked_current(void)
{
	struct aspis_task *state = current_state();

	return state && state->flags & ASPIS_TASK_TRACKED ? state : NULL;
}

/* Does it tell of every kernel operation? */
static __always_inline bool tells_all(const struct aspis_task *state)
{
	return (state->flags & (ASPIS_TASK_TRACKED | ASPIS_TASK_QUIET)) == ASPIS_TASK_TRACKED;
}

/* All three answers, for programs of no hook. */
static __always_inline struct aspis_task *tracked_state(void)
{
	return current_may_be_tracked() ? tracked_current() : NULL;
}

#endif
