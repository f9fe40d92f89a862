/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a hook to the ring: begin an event in a scratch buffer, add its tail, send it. Every loss is
 * reported by the next event that this CPU sends.
 */
#ifndef ASPIS_EMIT_BPF_H
#define ASPIS_EMIT_BPF_H

#include "scratch.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 * 1024 * 1024);
} events SEC(".maps") __weak;

/*
 * What was denied, would have been, or is audited: in a ring of its own, so that no flood of other
 * events takes its room.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} denials SEC(".maps") __weak;

/* The number of the next event; taking it is a promise to send the event or to count it as lost. */
static __always_inline __u64 event_number(void)
{
	return __sync_fetch_and_add(&sequence, 1) + 1;
}

/* Makes the event one of `task`, but for its name. */
static __always_inline void event_of_task(struct scratch *scratch, struct task_struct *task)
{
	struct aspis_event *e = (struct aspis_event *)scratch->record;
	struct task_struct *loose = untrusted(task);

	e->pid = task->tgid; /* a number is cheaper to load with trust */
	e->tid = task->pid;
	e->cgroup = loose->cgroups->dfl_cgrp->kn->id;
	e->uid = loose->cred->uid.val;
	e->gid = loose->cred->gid.val;
}

/* Makes the event one of `task`, which is not current. */
static __always_inline void event_of(struct scratch *scratch, struct task_struct *task)
{
	struct aspis_event *e = (struct aspis_event *)scratch->record;

	event_of_task(scratch, task);
	/* bytes that are one string can be loaded one by one only; this is one call */
	bpf_probe_read_kernel(e->comm, sizeof(e->comm), &untrusted(task)->comm);
}

/* Begins a record of `fixed` bytes, zeroed; its tail comes behind them. */
static __always_inline void record_begin(struct scratch *scratch, __u32 fixed)
{
	scratch->used = fixed;
	__builtin_memset(scratch->record, 0, fixed);
}

/* An event that has its number, or would have had one, finds no scratch buffer. */
static __always_inline void event_without_scratch(void)
{
	struct aspis_cpu_counters *counters = cpu_counters();

	if (!counters)
		return;
	__sync_fetch_and_add(&counters->stat[ASPIS_STAT_SCRATCH_BUSY], 1);
	__sync_fetch_and_add(&counters->pending_scratch, 1);
}

/* bpf/stack.bpf.c. Appends the current task's Python frames to the record; `denied`: it goes into
 * that ring. */
int stack_append(struct scratch *scratch, __u32 denied);

/* Is the stack wanted that leads to this event of the current task? What profiles have made of it
 * stands in the record. Notes what is done of the announcement in force: what is left of it decides
 * about the next event. */
static __always_inline bool stack_wanted(
	struct aspis_task *state, const struct aspis_event *e, __u16 kind)
{
	__u32 operation;

	if (!stacks || !(state->flags & ASPIS_TASK_PYTHON) || kind == ASPIS_PROCESS_FOUND ||
		kind == ASPIS_PROCESS_EXIT)
		return false;
	if (stacks == ASPIS_STACKS_ALL || e->verdict || e->flags & ASPIS_F_REPORTED)
		return true;
	operation = kind_operations[kind & (KINDS_MAX - 1)];
	if (!(state->python.announced & operation))
		return operation;
	if (state->flags & ASPIS_TASK_ONCE)
		state->python.announced &= ~operation;
	return false;
}

/* Makes the buffer event `seq` of the current task, whose state this is, at `time` ns since boot.
 */
static __always_inline void event_stamp(
	struct scratch *scratch, struct aspis_task *state, __u16 kind, __u64 seq, __u64 time)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_event *e = (struct aspis_event *)scratch->record;

	e->kind = kind;
	e->flags |= (state->flags & ASPIS_TASK_PYTHON ? ASPIS_F_PYTHON : 0) |
		    (state->flags & ASPIS_TASK_INHERITED ? ASPIS_F_INHERITED : 0) |
		    (in_compat_call(task) ? ASPIS_F_COMPAT : 0);
	e->seq = seq;
	e->time = time;
	e->cause = state->cause;
	e->start = state->start;
	event_of_task(scratch, task);
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	scratch->stack.row = stack_wanted(state, e, kind) ? state->python.frames : 0;
}

/*
 * Starts event `seq` of the current task, whose state this is, at `time`. `fixed` is the size of
 * the kind's payload struct, header included; it is zeroed. Returns NULL when the event is lost.
 */
static __always_inline struct scratch *event_begin_numbered(
	struct aspis_task *state, __u16 kind, __u32 fixed, __u64 seq, __u64 time)
{
	struct scratch *scratch = scratch_lease();

	if (!scratch) {
		event_without_scratch();
		return NULL;
	}
	record_begin(scratch, fixed);
	event_stamp(scratch, state, kind, seq, time);
	return scratch;
}

#define event_begin(state, kind, fixed)                                                            \
	event_begin_numbered(state, kind, fixed, event_number(), bpf_ktime_get_boot_ns())

/* Starts an event of the current task on a kernel operation. NULL: nobody wants it, or it is lost.
 */
static __always_inline struct scratch *tracked_begin(__u16 kind, __u32 fixed)
{
	struct aspis_task *state = current_state();

	return state && tells_all(state) ? event_begin(state, kind, fixed) : NULL;
}

/* The payload of an event that event_begin started. */
#define EVENT(scratch, type) ((struct type *)(scratch)->record)

/* Appends kernel bytes to the tail; `len` at most CHUNK_MAX - 1. Returns the bytes appended. */
static __always_inline __u32 tail_kernel(struct scratch *scratch, const void *from, __u32 len)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);

	KEEP(len);
	len &= CHUNK_MAX - 1;
	if (!len || bpf_probe_read_kernel(&scratch->record[used], len, from))
		return 0;
	scratch->used = used + len;
	return len;
}

/* The same from the memory of the current process. */
static __always_inline __u32 tail_user(struct scratch *scratch, const void *from, __u32 len)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);

	KEEP(len);
	len &= CHUNK_MAX - 1;
	if (!len || bpf_probe_read_user(&scratch->record[used], len, from))
		return 0;
	scratch->used = used + len;
	return len;
}

#define SIGCONT 18
#define SIGSTOP 19

/*
 * Stops the process of an event on an image that nobody has looked at, and says so in the event: of
 * both kinds the image's path comes first. The signal goes before the event, as who reads the event
 * lets the process go on; it takes effect when the system call ends. A function of its own: its
 * frame is not to be on top of those of the deepest calls, which have 512 bytes together.
 */
static __noinline bool image_held(struct aspis_event *e)
{
	struct aspis_path *path = (struct aspis_path *)(e + 1);
	struct aspis_exe_key key = {};

	if ((e->kind != ASPIS_PROCESS_EXEC && e->kind != ASPIS_FILE_MMAP_EXEC) ||
		e->verdict == ASPIS_VERDICT_DENIED || holding_ended ||
		bpf_ktime_get_boot_ns() - agent_seen > HOLD_PATIENCE)
		return false;
	key.ino = path->ino;
	key.dev = path->dev;
	if (bpf_map_lookup_elem(&known_images, &key) || bpf_send_signal(SIGSTOP))
		return false;
	path->flags |= ASPIS_PATH_HELD;
	return true;
}

/* Puts the event into its ring. */
static __always_inline void event_put(struct scratch *scratch)
{
	struct aspis_event *e = (struct aspis_event *)scratch->record;
	struct aspis_cpu_counters *counters = cpu_counters();
	bool denied = enforcing && e->flags & ASPIS_F_REPORTED, held = false;
	__u32 used;

#ifndef WITHOUT_STACKS
	if (stacks && scratch->stack.row)
		stack_append(scratch, denied);
#endif
	used = scratch->used;
	if (!counters || used > RECORD_MAX + CHUNK_MAX - 1)
		return;
	e->size = used;
	if (counters->pending_ring | counters->pending_scratch) {
		e->lost_ring = __sync_lock_test_and_set(&counters->pending_ring, 0);
		e->lost_scratch = __sync_lock_test_and_set(&counters->pending_scratch, 0);
	}
	if (holding)
		held = image_held(e);
	if (denied ? bpf_ringbuf_output(&denials, scratch->record, used, 0)
		   : bpf_ringbuf_output(&events, scratch->record, used, 0)) {
		__sync_fetch_and_add(&counters->stat[ASPIS_STAT_RING_FULL], 1);
		__sync_fetch_and_add(&counters->pending_ring, e->lost_ring + 1);
		__sync_fetch_and_add(&counters->pending_scratch, e->lost_scratch);
		if (holding && held) /* nobody will know */
			bpf_send_signal(SIGCONT);
	}
}

/* Sends the event and ends the lease. */
static __always_inline void event_send(struct scratch *scratch)
{
	event_put(scratch);
	scratch_release(scratch);
}

#endif
