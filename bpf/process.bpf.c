// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Processes, and with them tracking itself: a child of a tracked task is tracked from before its
 * first instruction (task_newtask runs before wake_up_new_task), and exec decides whether a
 * task becomes tracked by its executable or cgroup. These are raw tracepoints with types: they need
 * no trampoline and are the same in every backend.
 */
#include "lib/contexts.bpf.h"
#include "lib/domain.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* Executables whose processes are tracked, children included. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct aspis_exe_key);
	__type(value, __u32);
} track_exe SEC(".maps");

/* cgroup ids whose processes are tracked, those of child cgroups included. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} track_cgroup SEC(".maps");

#define CGROUP_DEPTH 12

static __always_inline bool in_tracked_cgroup(void)
{
	for (int level = 1; level <= CGROUP_DEPTH; level++) {
		__u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (!id)
			return false;
		if (bpf_map_lookup_elem(&track_cgroup, &id))
			return true;
	}
	return false;
}

static __always_inline bool exe_selected(struct file *file)
{
	struct aspis_exe_key key = {.ino = file->f_inode->i_ino, .dev = file->f_inode->i_sb->s_dev};

	return bpf_map_lookup_elem(&track_exe, &key) != NULL;
}

/* exe, cwd and parent: what exec and found have in common. argv comes after it in the tail. */
static __always_inline void exec_fill(
	struct scratch *scratch, struct task_struct *task, struct file *exe)
{
	struct aspis_exec_event *event = EVENT(scratch, aspis_exec_event);
	struct task_struct *parent = task->real_parent;
	struct fs_struct *fs = task->fs;

	path_emit_file(scratch, exe, &event->exe);
	if (fs)
		path_emit_address(scratch, &fs->pwd, &event->cwd);
	else
		event->cwd.flags = ASPIS_PATH_ERROR;
	event->ppid = parent->tgid;
	event->parent_start = parent->group_leader->start_boottime;
}

static __always_inline __u32 argv_length(struct mm_struct *mm, struct aspis_exec_event *event)
{
	__u64 length = mm->arg_end - mm->arg_start;

	if (length > ASPIS_ARGV_MAX) {
		event->argv_cut = 1;
		event->e.flags |= ASPIS_F_CUT;
		return ASPIS_ARGV_MAX;
	}
	return length;
}

/*
 * begin_new_exec → setup_new_exec → … → trace_sched_process_exec: the new image is in place, its
 * stack with argv has just been written, none of it has run. A thread that execs has taken its
 * leader's tid, and the leader's end has cleared the bit: hence the storage is asked, not the
 * bitmap.
 */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, pid_t old_tid, struct linux_binprm *bprm)
{
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct task_struct *current = untrusted(task);
	struct file *exe = untrusted(bprm)->file;
	struct mm_struct *mm = current->mm;
	struct aspis_exec_event *event;
	struct scratch *scratch;

	if (state && state->flags & ASPIS_TASK_NEXT) {
		scratch = scratch_lease();
		enter_next(state, scratch);
		if (scratch)
			scratch_release(scratch);
		state->outer = (struct aspis_domain){}; /* a hat ends here */
		state->token = 0;
	}
	if (!state || !(state->flags & ASPIS_TASK_TRACKED)) {
		bool selected = (track_all && task->tgid != self_tgid) ||
				(track_selectors && (exe_selected(exe) || in_tracked_cgroup()));

		if (!selected && !(state && state->flags & ASPIS_TASK_CONFINED))
			return 0;
		state = track(task);
		if (!state)
			return 0;
		if (!selected && attached_quiet)
			state->flags |= ASPIS_TASK_QUIET;
	} else {
		if (old_tid != task->pid)
			untrack_tid(old_tid);
		track(task); /* marks the tid, and fills in what user space could not know when it
				began the tree */
	}
	state->flags &= ~(ASPIS_TASK_PYTHON | ASPIS_TASK_STARTED | ASPIS_TASK_RUNS);
	state->flags |= ASPIS_TASK_INHERITED;
	state->origin = state->cause;
	state->capabilities = 0;
	__builtin_memset(&state->python, 0, sizeof(state->python));

	scratch = event_begin(state, ASPIS_PROCESS_EXEC, sizeof(struct aspis_exec_event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_exec_event);
	exec_fill(scratch, current, exe);
	if (mm)
		event->argv_len =
			tail_user(scratch, (const void *)mm->arg_start, argv_length(mm, event));
	if (enforcing && state->flags & ASPIS_TASK_CONFINED) { /* the profile that begins here */
		event->e.profile = state->domain.profiles[0];
		event->e.flags |= state->flags & ASPIS_TASK_NULL(0) ? ASPIS_F_NULL : 0;
	}
	event_send(scratch);
	return 0;
}

/*
 * copy_process(), when the child has its pid and has not run. Not sched_process_fork: the workers
 * of an io_uring are made without it, and would work outside of the domain of the task that they
 * work for.
 */
SEC("tp_btf/task_newtask")
int BPF_PROG(on_fork, struct task_struct *child)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct aspis_task *state = tracked_state(), *inherited;
	struct scratch *scratch;

	if (!state)
		return 0;
	inherited = track(child);
	if (!inherited)
		return 0;
	inherited->cause = state->cause;
	inherited->python.site = state->python.site;
	inherited->python.frames = state->python.frames;
	/* Of what was announced before, either thread may do the one thing; what a process does
	 * before its own first audit event is held against none. */
	inherited->python.announced = child->tgid == parent->tgid || !state->cause ? 0 : ~0u;
	if (child->tgid == parent->tgid)
		state->python.announced = 0;
	if (child->tgid != parent->tgid && state->python.said.flags & ASPIS_SAID_CHILD) {
		inherited->python.said.to_be_executed = state->python.said.operations != 0;
		state->python.said.operations = 0;
	}
	inherited->flags = state->flags & ~(ASPIS_TASK_NEXT | ASPIS_TASK_ONEXEC | ASPIS_TASK_ONCE);
	inherited->domain = state->domain;
	inherited->outer = state->outer;
	inherited->token = state->token;
	if (enforcing)
		contexts_inherit(child);
	if (child->tgid == parent->tgid) { /* a thread */
		inherited->origin = state->origin;
		return 0;
	}
	inherited->origin = state->cause;
	scratch = event_begin(state, ASPIS_PROCESS_FORK, sizeof(struct aspis_fork_event));
	if (!scratch)
		return 0;
	EVENT(scratch, aspis_fork_event)->child_pid = child->tgid;
	EVENT(scratch, aspis_fork_event)->child_start = inherited->start;
	event_send(scratch);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *exiting)
{
	struct aspis_task *state = tracked_state();
	struct scratch *scratch;

	if (!state)
		return 0;
	/* do_exit() has counted this thread out of signal->live before the tracepoint */
	if (exiting->signal->live.counter == 0) {
		scratch = event_begin(state, ASPIS_PROCESS_EXIT, sizeof(struct aspis_exit_event));
		if (scratch) {
			EVENT(scratch, aspis_exit_event)->status = exiting->exit_code;
			event_send(scratch);
		}
	}
	untrack_tid(exiting->pid);
	return 0;
}

/* An agent has come that knows none of the tracked processes: they are told of again, and no others
 * become tracked. */
__u8 telling_again;

/*
 * Walks every task once: finds the observer itself and the tasks that user space has named (by a
 * state made through a pidfd, which works in any pid namespace), and those that the selectors
 * choose; a child of a tracked process is tracked, too, as parents come before children in the walk
 * unless pids wrapped, so that user space runs it twice. Sleepable, because argv of another process
 * may be paged out.
 */
SEC("?iter.s/task")
int find_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task, *loose, *leader, *parent;
	struct aspis_task *state;
	struct aspis_exec_event *event;
	struct scratch *scratch;
	struct mm_struct *mm;
	struct file *exe;
	__u32 used, length;

	if (!task)
		return 0;
	mm = task->mm;
	if (!mm) /* kernel thread, or gone */
		return 0;
	if (task->tgid == 1)
		guarded_mounts[1] = untrusted(task)->nsproxy->mnt_ns->ns.inum;
	state = bpf_task_storage_get(&task_state, task, NULL, 0);
	if (state && state->flags & ASPIS_TASK_SELF) {
		guarded_mounts[0] = untrusted(task)->nsproxy->mnt_ns->ns.inum;
		self_tgid = task->tgid;
		self_cgroup = untrusted(task)->cgroups->dfl_cgrp->kn->id;
		return 0;
	}
	if (task->tgid == self_tgid)
		return 0;
	if (telling_again ? !(state && state->start && state->flags & ASPIS_TASK_TRACKED)
			  : state && state->start)
		return 0;
	loose = untrusted(task);
	exe = loose->mm->exe_file;
	leader = loose->group_leader;
	parent = loose->real_parent;
	if (!(state && state->flags & ASPIS_TASK_TRACKED) && !track_all) {
		/* a thread goes with its leader, a process with its parent */
		__u32 with = task->pid == task->tgid ? parent->tgid : leader->pid;
		__u64 cgroup = loose->cgroups->dfl_cgrp->kn->id;

		if (!tid_may_be_tracked(with) && !bpf_map_lookup_elem(&track_cgroup, &cgroup) &&
			!(track_selectors && exe && exe_selected(exe)))
			return 0;
	}
	state = track(task);
	if (!state || task->pid != task->tgid || !exe || state->flags & ASPIS_TASK_STARTED)
		return 0;
	scratch = event_begin(state, ASPIS_PROCESS_FOUND, sizeof(struct aspis_exec_event));
	if (!scratch)
		return 0;
	event_of(scratch, task);
	event = EVENT(scratch, aspis_exec_event);
	exec_fill(scratch, loose, exe);
	length = argv_length(mm, event) & (CHUNK_MAX - 1);
	used = scratch->used & (RECORD_MAX - 1);
	if (length && !bpf_copy_from_user_task(
			      &scratch->record[used], length, (void *)mm->arg_start, task, 0)) {
		event->argv_len = length;
		scratch->used = used + length;
	}
	event_send(scratch);
	return 0;
}

/* Tells of each confined task: who is under which profiles, now. */
SEC("?iter/task")
int list_domains(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct aspis_task_domain row = {};
	struct aspis_task *state;

	if (!task)
		return 0;
	state = bpf_task_storage_get(&task_state, task, NULL, 0);
	if (!state || !(state->flags & ASPIS_TASK_CONFINED))
		return 0;
	row.pid = task->tgid;
	row.tid = task->pid;
	row.domain = state->domain;
	row.flags = state->flags;
	bpf_seq_write(ctx->meta->seq, &row, sizeof(row));
	return 0;
}
