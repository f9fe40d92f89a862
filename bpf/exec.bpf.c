// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Executing a program: may it be, and under which profiles does it run then (AppArmor:
 * security/apparmor/domain.c). bprm_creds_for_exec runs once an execve, with the file that was
 * asked for (a script, not its interpreter), before anything of the old image is gone; what is
 * decided here holds from sched_process_exec on (process.bpf.c), which a failing execve never
 * reaches. What depends on the program's arguments is left to launch.bpf.c.
 */
#include "lib/hook.bpf.h"
#include "lib/container.bpf.h"
#include "lib/launch.bpf.h"
#include "lib/observe.bpf.h"
#include "lib/subject.bpf.h"

#define BPF_F_BPRM_SECUREEXEC 1

/* Where `exec` leads from `profile`: fills state.next. Returns why it leads nowhere, or 0. */
static __always_inline __u8 follow(struct scratch *scratch, struct aspis_task *state,
	struct arena arena, __u32 root, __u32 profile_offset, const struct aspis_exec *exec)
{
	const struct aspis_profile *profile = ARENA_AT(arena, struct aspis_profile, profile_offset);
	__u32 found = 0;

	if (exec->mode == ASPIS_EXEC_UNCONFINED)
		return ASPIS_INFO_NONE;
	if (exec->mode == ASPIS_EXEC_INHERIT || exec->flags & ASPIS_EXEC_STACK)
		if (next_add(state, profile->id))
			return ASPIS_INFO_STACK_FULL;
	if (exec->mode == ASPIS_EXEC_INHERIT)
		return ASPIS_INFO_NONE;
	if (exec->flags & ASPIS_EXEC_NAMED) {
		__u8 info = next_targets(state, arena, root, exec);

		if (info != ASPIS_INFO_NO_PROFILE)
			return info;
	} else {
		if (exec->mode == ASPIS_EXEC_CHILD) {
			struct scope children = children_of(profile_offset);

			found = match_before_launch(scratch, children.attachments, children.python);
		} else {
			found = match_before_launch_anywhere(scratch);
		}
		if (found & (ASPIS_ATTACH_ALIVE | ASPIS_ATTACH_NONE)) {
			next_wait(state, profile->id, exec->mode, exec->flags, found);
			return ASPIS_INFO_NONE;
		}
		if (found && found != ASPIS_ATTACH_CONFLICT && next_add(state, found))
			return ASPIS_INFO_STACK_FULL;
	}
	if (found && found != ASPIS_ATTACH_CONFLICT)
		return ASPIS_INFO_NONE;
	if (exec->flags & ASPIS_EXEC_ELSE_INHERIT)
		return next_add(state, profile->id) ? ASPIS_INFO_STACK_FULL : ASPIS_INFO_NONE;
	if (exec->flags & ASPIS_EXEC_ELSE_UNCONFINED)
		return ASPIS_INFO_NONE;
	return found ? ASPIS_INFO_CONFLICT : ASPIS_INFO_NO_PROFILE;
}

/* Global, for the sake of decide_exec's frame. Always 0. */
__noinline int file_permissions(struct scratch *scratch, const struct aspis_profile *profile,
	struct aspis_permissions *permissions)
{
	struct arena arena = policy_arena_view();

	if (scratch && profile && permissions && arena.bytes)
		*permissions = path_permissions(scratch, arena, profile, 0);
	return 0;
}

__noinline int decide_exec(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;
	int secure = 0;

	if (!scratch || !state || !arena.bytes)
		return 0;
	next_clear(state);
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {};
		const struct aspis_profile *profile;
		__u32 id = state->domain.profiles[i], at;
		__u8 info, verdict;

		at = profile_at(arena, root, id);
		if (!at)
			continue;
		profile = ARENA_AT(arena, struct aspis_profile, at);
		if (profile->mode == ASPIS_MODE_UNCONFINED) { /* what attaches takes its place */
			__u32 found = match_before_launch_anywhere(scratch);

			if (found & (ASPIS_ATTACH_ALIVE | ASPIS_ATTACH_NONE))
				next_wait(state, id, ASPIS_EXEC_PROFILE, ASPIS_EXEC_ELSE_INHERIT,
					found);
			else if (next_add(state,
					 found && found != ASPIS_ATTACH_CONFLICT ? found : id))
				rule(scratch, profile, false, permissions, ASPIS_MAY_EXEC,
					ASPIS_INFO_STACK_FULL, EACCES);
			continue;
		}
		info = path_problem(scratch, profile->flags);
		if (scratch->walk.flags & (ASPIS_PATH_MEMFD | ASPIS_PATH_ANON | ASPIS_PATH_PSEUDO))
			info = ASPIS_INFO_NO_NAME;
		scratch->ruling.audited = 0;
		if (!info && !is_null(state, i))
			file_permissions(scratch, profile, &permissions);
		if (unannounced(scratch, permissions, ASPIS_MAY_EXEC))
			info = ASPIS_INFO_UNANNOUNCED;
		if (permissions.allow & ASPIS_MAY_EXEC) {
			const struct aspis_exec *exec = ARENA_AT(arena, struct aspis_exec,
				profile->execs + permissions.exec * sizeof(struct aspis_exec));

			info = follow(scratch, state, arena, root, at, exec);
			if (info)
				permissions.allow = 0;
			else if (exec->flags & ASPIS_EXEC_SCRUB)
				secure = 1;
		}
		verdict = rule(scratch, profile, is_null(state, i), permissions, ASPIS_MAY_EXEC,
			info, EACCES);
		if (verdict == ASPIS_VERDICT_COMPLAIN)
			next_place(state, id, true);
	}
	if (!(state->next_flags & ASPIS_TASK_LAUNCH) && next_is_refused(arena, root, state))
		refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	return secure;
}

/* The next domain was asked for (change.bpf.c): may this program be what it begins with? Returns as
 * decide_exec. */
static __noinline int exec_as_asked(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, id = 0; /* none: to be unconfined */

	if (!arena.bytes)
		return 0;
	for (int i = 0; i < ASPIS_STACK_MAX; i++) { /* the last one is what was asked for */
		if (state->next.profiles[i])
			id = state->next.profiles[i];
	}
	scratch->ruling.problem = path_problem(scratch, 0);
	scratch->subject[0] = ASPIS_CLASS_CHANGE_PROFILE;
	scratch->subject_len = 1;
	subject_path(scratch, false);
	subject_byte(scratch, 0);
	if (state->next_flags & ASPIS_TASK_STACKS)
		subject_byte(scratch, '&');
	subject_profile(scratch, arena, root, id);
	rules_on_subject(scratch, state, ASPIS_CLASS_CHANGE_PROFILE, ASPIS_PROFILE_ONEXEC, EACCES);
	if (next_is_refused(arena, root, state))
		refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	else if (scratch->ruling.answer)
		scratch->ruling.info = ASPIS_INFO_ONEXEC;
	if (scratch->ruling.requested) /* the event is one of executing */
		scratch->ruling.requested = ASPIS_MAY_EXEC;
	if (scratch->ruling.denied)
		scratch->ruling.denied = ASPIS_MAY_EXEC;
	return scratch->ruling.lacking & ASPIS_PROFILE_UNSAFE ? 1 : 0;
}

/* Has Python announced that this task executes a program? Which one is not compared: what it says
 * is looked for in PATH, and begins at another directory. A new image forgets what was announced.
 */
static __always_inline bool exec_announced(const struct aspis_task *state)
{
	const struct aspis_said *said = &state->python.said;

	return said->to_be_executed ||
	       (!(said->flags & ASPIS_SAID_CHILD) &&
		       said->operations & kind_operations[ASPIS_PROCESS_EXEC]);
}

/* Walks to the program that is executed. Once it has been, a script is known by its name only. */
static __always_inline void walk_program(
	struct scratch *scratch, struct linux_binprm *bprm, bool done)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct linux_binprm *loose = untrusted(bprm);
	__u64 name = (__u64)loose->filename;
	char first = 0;

	if (!done) {
		path_walk_file(scratch, bprm->file);
		return;
	}
	if ((__u64)loose->interp == name) {
		path_walk_address(scratch, &loose->file->f_path);
		return;
	}
	bpf_probe_read_kernel(&first, 1, (const void *)name);
	path_walk_address(scratch, first == '/' ? &task->fs->root : &task->fs->pwd);
	scratch->plain.name = name;
	name_join(scratch, false);
	if (scratch->plain.bad)
		scratch->walk.flags |= WALK_SPELLING;
}

/* include/linux/errno.h: the system call begins anew when the signal has been dealt with. */
#define ERESTARTNOINTR 513

/*
 * The current task's cgroup is not known: stops it until the agent has looked, if there is one and
 * nothing of the old image is gone. Returns what the hook is to answer; 0: it goes on, and no
 * profile with container=(…) attaches. The signal goes first, as the agent lets go who waits; were
 * it to do so before the task has stopped, the execve would begin anew all the same: it is a signal
 * being pending that makes it. A function of its own: its frame is not to be below those of the
 * deepest calls.
 */
static __noinline int hold_for_cgroup(bool done)
{
	struct task_struct *loose = untrusted(bpf_get_current_task_btf());

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

/* Which profiles there are in the container that the task is in. Who has to wait for that to be
 * known is told so by the hook's answer, and has no buffer any more. */
static __always_inline int scopes_or_hold(struct scratch *scratch, bool done)
{
	int held = find_scopes(scratch) ? hold_for_cgroup(done) : 0;

	if (held)
		scratch_release(scratch);
	return held;
}

/* An unconfined task executes a program: the profile that attaches to it, if any, comes next.
 * Without a buffer nobody can tell, and the exec fails. */
static __always_inline int attach(struct task_struct *task, struct linux_binprm *bprm, bool done)
{
	struct scratch *scratch = scratch_lease();
	struct aspis_task *state;
	int held;
	__u32 id;

	if (!scratch)
		return -EAGAIN;
	held = scopes_or_hold(scratch, done);
	if (held)
		return held;
	walk_program(scratch, bprm, done);
	id = scratch->walk.flags & ~ASPIS_PATH_LEXICAL ? 0 : match_before_launch_anywhere(scratch);
	scratch_release(scratch);
	if (!id || id & (ASPIS_ATTACH_CONFLICT | ASPIS_ATTACH_NONE))
		return 0;
	state = bpf_task_storage_get(&task_state, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state)
		return -ENOMEM;
	next_clear(state);
	if (id == ASPIS_ATTACH_ALIVE)
		next_wait(state, 0, ASPIS_EXEC_PROFILE, ASPIS_EXEC_ELSE_UNCONFINED, id);
	else
		next_add(state, id);
	state->flags |= ASPIS_TASK_NEXT;
	return 0;
}

/* Answers 1 for "AT_SECURE", else as a hook does. `done`: it has been executed already. */
static __always_inline int exec_access(
	struct task_struct *task, struct linux_binprm *bprm, bool done)
{
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0, secure;
	struct inode *inode;
	bool asked;

	if (!enforcing || (!state && !attaching))
		return 0;
	if (!state)
		return attach(task, bprm, done);
	asked = state->flags & ASPIS_TASK_ONEXEC;
	if (asked && !confined(state)) {
		state->flags |= ASPIS_TASK_NEXT;
		return 0;
	}
	state->flags &= ~ASPIS_TASK_NEXT; /* of an execve that failed */
	if (!confined(state))
		return attach(task, bprm, done);
	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	answer = scopes_or_hold(scratch, done);
	if (answer)
		return answer;
	walk_program(scratch, bprm, done);
	inode = BPF_CORE_READ(bprm, file, f_inode);
	scratch->ruling.inode = (__u64)inode;
	scratch->ruling.announced = exec_announced(state) ? ASPIS_MAY_EXEC : 0;
	secure = asked ? exec_as_asked(scratch, state) : decide_exec(scratch, state);
	if (!done) /* the stack is gone then */
		decide_packages(scratch, state, ASPIS_CLASS_FILE, ASPIS_MAY_EXEC, EACCES << 16);
	state->flags |= ASPIS_TASK_NEXT;
	if (!scratch->ruling.reported && scratch->ruling.verdict == ASPIS_VERDICT_ALLOWED) {
		scratch_release(scratch); /* process.exec tells of it */
		return secure;
	}
	if (done)
		observed_told(scratch, state);
	event = file_record(scratch);
	event->mode = BPF_CORE_READ(inode, i_mode);
	event->target = state->next.profiles[0];
	path_finish(scratch, &event->path);
	path_identity(&event->path, inode);
	answer = access_tell(scratch, state, ASPIS_FILE_EXEC);
	return answer ? answer : secure;
}

static __noinline int on_bprm_creds_for_exec(unsigned long long *ctx)
{
	return exec_access(bpf_get_current_task_btf(), ARGUMENT(struct linux_binprm, 0), false);
}

SEC("?lsm/bprm_creds_for_exec")
int lsm__bprm_creds_for_exec(unsigned long long *ctx)
{
	unsigned long long *volatile kept = ctx;
	int answer = attaching || current_may_be_tracked() ? on_bprm_creds_for_exec(kept) : 0;

	if (answer <= 0)
		return hook_answer(answer);
	bpf_bprm_opts_set((struct linux_binprm *)ctx[0], BPF_F_BPRM_SECUREEXEC);
	return 0;
}

/* bpf_bprm_opts_set is for lsm programs only: upper-case exec modes do not scrub here. */
SEC("?fmod_ret/security_bprm_creds_for_exec")
int fmr__bprm_creds_for_exec(unsigned long long *ctx)
{
	unsigned long long *volatile kept = ctx;
	int answer = attaching || current_may_be_tracked() ? on_bprm_creds_for_exec(kept) : 0;

	return answer < 0 ? hook_answer(answer) : 0;
}

/*
 * Without hooks: the new image is in place, and none of it has run. Attached before on_exec of
 * process.bpf.c, which enters the domain that is chosen here. A thread that execs has its leader's
 * tid by now, whose end may have cleared the bit: hence the storage is asked.
 */
SEC("?tp_btf/sched_process_exec")
int tp__bprm_creds_for_exec(unsigned long long *ctx)
{
	if (exec_access(bpf_get_current_task_btf(), (struct linux_binprm *)ctx[2], true) < 0)
		bpf_send_signal(SIGKILL);
	return 0;
}
