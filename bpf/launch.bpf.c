// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The profiles that attach by what Python is started to run. At bprm_creds_for_exec the arguments
 * are on pages of no address space yet, and it is not known what interprets a script: what depends
 * on either waits (exec.bpf.c; aspis_task.waiting) until the new image is in place and none of it
 * has run. Nothing can be undone then: who may not go on is killed. Only where an exec fails
 * because nothing attaches to a program that turns out to be no script, bprm_creds_from_file still
 * gives the errno.
 */
/* The image whose Python frames there were is gone. */
#define WITHOUT_STACKS
#include "lib/hook.bpf.h"
#include "lib/launch.bpf.h"
#include "lib/observe.bpf.h"

/* Notes what is executed. */
static __always_inline void program_begin(struct scratch *scratch, struct linux_binprm *bprm)
{
	struct launch *launch = &scratch->launch;

	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	launch->read = 0;
	launch->len = 0;
	launch->name = (__u64)bprm->filename;
	launch->script = (__u64)bprm->interp != launch->name;
	launch->program = (__u64)&bprm->file->f_path;
	find_scopes(scratch);
}

/* Walks to what was executed or, of a script, to its interpreter. A script is known by its name
 * only: one that leads nobody knows where is as good as none. Always 0. */
__noinline int walk_executed(struct scratch *scratch, __u32 interpreter)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	char first = 0;

	if (!scratch || !task->fs)
		return 0;
	if (interpreter || !scratch->launch.script) {
		path_walk_address(scratch, (const struct path *)scratch->launch.program);
		return 0;
	}
	bpf_probe_read_kernel(&first, 1, (const void *)scratch->launch.name);
	path_walk_address(scratch, first == '/' ? &task->fs->root : &task->fs->pwd);
	scratch->plain.name = scratch->launch.name;
	name_join(scratch, false);
	if (scratch->plain.bad)
		scratch->walk.flags |= WALK_SPELLING;
	return 0;
}

/* What attaches to it; the arguments are read when they are wanted for the first time. */
__noinline __u32 attached_to(
	struct scratch *scratch, __u32 attachments, __u32 python, __u32 interpreter)
{
	/* of what was executed, what is wrong with its path was looked at when it was asked for */
	__u32 wrong = interpreter ? ~ASPIS_PATH_LEXICAL : ASPIS_PATH_CUT | WALK_SPELLING;
	__u32 len;

	if (!scratch)
		return 0;
	walk_executed(scratch, interpreter);
	if (scratch->walk.flags & wrong)
		return 0;
	if (!scratch->launch.read && match_is_alive(scratch, python)) {
		launch_read(scratch);
		walk_executed(scratch, interpreter);
	}
	len = scratch->launch.len;
	KEEP(len);
	len &= CHUNK_MAX - 1;
	scratch->subject_len = len;
	if (len)
		bpf_probe_read_kernel(scratch->subject, len, scratch->record);
	return match_launch(scratch, attachments, python);
}

/* What attaches in a scope. */
static __always_inline __u32 find_attached(struct scratch *scratch, struct scope scope, __u32 flags)
{
	__u32 found = 0;

	if (flags & ASPIS_WAITING_ALIVE)
		found = attached_to(scratch, scope.attachments, scope.python, false);
	if (!found && scratch->launch.script)
		found = attached_to(scratch, 0, scope.python, true);
	return found;
}

/* What was found for a waiting profile comes next, or what is in its place. As exec.bpf.c: follow
 * has it of what need not wait; an unconfined task that has none stays so, as in AppArmor, but a
 * conflict is told. Always 0. */
__noinline int take_found(
	struct scratch *scratch, struct aspis_task *state, __u32 place, __u32 found)
{
	struct arena arena = policy_arena_view();
	bool attaches = found && found != ASPIS_ATTACH_CONFLICT;
	__u8 info = found ? ASPIS_INFO_CONFLICT : ASPIS_INFO_NO_PROFILE;
	struct aspis_permissions permissions = {};
	const struct aspis_profile *profile;
	struct aspis_waiting waiting;

	if (!scratch || !state || !arena.bytes)
		return 0;
	waiting = state->waiting[place & (ASPIS_STACK_MAX - 1)];
	state->waiting[place & (ASPIS_STACK_MAX - 1)].mode = 0;
	if (attaches || waiting.flags & ASPIS_EXEC_ELSE_INHERIT) {
		if (!next_add(state, attaches ? found : waiting.profile))
			return 0;
		info = ASPIS_INFO_STACK_FULL;
	} else if (waiting.flags & ASPIS_EXEC_ELSE_UNCONFINED) {
		if (found && !waiting.profile) {
			scratch->ruling.requested = ASPIS_MAY_EXEC;
			scratch->ruling.reported = 1;
			scratch->ruling.info = info;
		}
		return 0;
	}
	profile = ARENA_AT(
		arena, struct aspis_profile, profile_at(arena, policy_root, waiting.profile));
	if (rule(scratch, profile, false, permissions, ASPIS_MAY_EXEC, info, EACCES) ==
		ASPIS_VERDICT_COMPLAIN)
		next_place(state, waiting.profile, true);
	return 0;
}

/* The same among all profiles that are no children: those of the container first. */
__noinline __u32 find_anywhere(struct scratch *scratch, __u32 flags)
{
	__u32 found;

	if (!scratch)
		return 0;
	for (int i = 0; i < ASPIS_CONTAINER_SCOPES_MAX; i++) {
		if (!scratch->scopes.at[i])
			break;
		found = find_attached(scratch, scope_at(scratch->scopes.at[i]), flags);
		if (found)
			return found;
	}
	return find_attached(scratch, scope_of_root(policy_root), flags);
}

/* Something waits at this place. A profile that was removed by force has no say. `at`: its offset,
 * or 0. */
static __always_inline bool has_waiting(
	struct arena arena, __u32 root, struct aspis_waiting waiting, __u32 *at)
{
	*at = profile_at(arena, root, waiting.profile);
	return waiting.mode && (*at || !waiting.profile);
}

/* Decides on what waits. Fills scratch.ruling and state.next. Always 0. */
__noinline int decide_waiting(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, at;

	if (!scratch || !state || !arena.bytes)
		return 0;
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		struct aspis_waiting waiting = state->waiting[i];

		if (!has_waiting(arena, root, waiting, &at))
			continue;
		take_found(scratch, state, i,
			waiting.mode == ASPIS_EXEC_CHILD
				? find_attached(scratch, children_of(at), waiting.flags)
				: find_anywhere(scratch, waiting.flags));
	}
	if (next_is_refused(arena, root, state))
		refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	return 0;
}

/* Decides on those that nothing attaches to, whatever the launch, and nothing is in place of.
 * Always 0. */
__noinline int decide_early(struct scratch *scratch, struct aspis_task *state)
{
	const __u8 later =
		ASPIS_WAITING_ALIVE | ASPIS_EXEC_ELSE_INHERIT | ASPIS_EXEC_ELSE_UNCONFINED;
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, at;

	if (!scratch || !state || !arena.bytes)
		return 0;
	if (scratch->launch.script)
		walk_executed(scratch, true);
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		if (!has_waiting(arena, root, state->waiting[i], &at) ||
			state->waiting[i].flags & later)
			continue;
		if (!scratch->launch.script ||
			!(state->waiting[i].mode == ASPIS_EXEC_CHILD
					? match_is_alive(scratch, children_of(at).python)
					: match_is_alive_anywhere(scratch)))
			take_found(scratch, state, i, 0);
	}
	return 0;
}

/* The event of what was decided, if there is something to tell; the hook's answer. */
static __always_inline int tell_exec(
	struct scratch *scratch, struct aspis_task *state, struct linux_binprm *bprm)
{
	struct inode *inode = BPF_CORE_READ(bprm, file, f_inode);
	struct aspis_file_event *event;

	if (!scratch->ruling.reported && scratch->ruling.verdict == ASPIS_VERDICT_ALLOWED)
		return access_drop(scratch);
	walk_executed(scratch, false);
	scratch->ruling.inode = (__u64)inode;
	event = file_record(scratch);
	event->mode = BPF_CORE_READ(inode, i_mode);
	event->target = state->next.profiles[0];
	path_finish(scratch, &event->path);
	if (!scratch->launch.script)
		path_identity(&event->path, inode);
	return access_tell(scratch, state, ASPIS_FILE_EXEC);
}

HOOK(bprm_creds_from_file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct linux_binprm *bprm = ARGUMENT(struct linux_binprm, 0);
	struct scratch *scratch;

	if (!state || !(state->flags & ASPIS_TASK_NEXT) || !(state->next_flags & ASPIS_TASK_LAUNCH))
		return 0;
	scratch = scratch_lease();
	if (!scratch)
		return -EAGAIN;
	program_begin(scratch, bprm);
	decide_early(scratch, state);
	return tell_exec(scratch, state, bprm);
}

/* Who may not go on keeps the domain that it had, for as long as it takes to die. */
static __always_inline void stop(struct scratch *scratch, struct aspis_task *state)
{
	bpf_send_signal(SIGKILL);
	scratch->ruling.killed = 1;
	scratch->ruling.reported = 1;
	state->next = state->domain;
	state->next_flags = state->flags & (ASPIS_TASK_CONFINED | ASPIS_TASK_NULL_ANY);
}

static __always_inline void decide_late(
	struct scratch *scratch, struct aspis_task *state, struct linux_binprm *bprm)
{
	program_begin(scratch, bprm);
	decide_waiting(scratch, state);
	state->next_flags &= ~ASPIS_TASK_LAUNCH;
	if (scratch->ruling.answer)
		stop(scratch, state);
	if (!state->start) /* an event may be the first that is heard of this process */
		state->start = untrusted(bpf_get_current_task_btf())->group_leader->start_boottime;
	tell_exec(scratch, state, bprm);
}

/* Nothing attaches to the script that an unconfined task has executed. Does it to its interpreter?
 */
static __always_inline void interpreter_alone(struct task_struct *task, struct linux_binprm *bprm)
{
	const struct aspis_policy_root *root;
	struct arena arena = policy_arena_view();
	struct scratch *scratch;
	struct aspis_task *state;
	__u32 alive;

	if (!arena.bytes)
		return;
	root = ARENA_AT(arena, struct aspis_policy_root, policy_root);
	if (!root->python.automaton && !root->selectors)
		return;
	scratch = scratch_lease();
	if (!scratch) {
		bpf_send_signal(SIGKILL);
		return;
	}
	program_begin(scratch, bprm);
	walk_executed(scratch, true);
	alive = match_is_alive_anywhere(scratch);
	if (!alive) {
		scratch_release(scratch);
		return;
	}
	state = bpf_task_storage_get(&task_state, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state) {
		scratch_release(scratch);
		bpf_send_signal(SIGKILL);
		return;
	}
	next_clear(state);
	next_wait(state, 0, ASPIS_EXEC_PROFILE, ASPIS_EXEC_ELSE_UNCONFINED, ASPIS_ATTACH_NONE);
	state->flags |= ASPIS_TASK_NEXT;
	decide_late(scratch, state, bprm);
}

/* Before on_exec of process.bpf.c, which enters the domain. */
SEC("?tp_btf/sched_process_exec")
int on_launch(unsigned long long *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct linux_binprm *bprm = ARGUMENT(struct linux_binprm, 2);
	struct scratch *scratch;

	if (state && state->flags & ASPIS_TASK_NEXT) {
		if (!(state->next_flags & ASPIS_TASK_LAUNCH))
			return 0;
		scratch = scratch_lease();
		if (scratch)
			decide_late(scratch, state, bprm);
		else
			bpf_send_signal(SIGKILL);
		return 0;
	}
	if (bprm->interp == bprm->filename || (state && confined(state)) ||
		!(attaching || (state && state->flags & ASPIS_TASK_TRACKED)))
		return 0;
	interpreter_alone(task, bprm);
	return 0;
}
