// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Executing a program: may it be, and under which profiles does it run then (AppArmor:
 * security/apparmor/domain.c). bprm_creds_for_exec runs once an execve, with the file that was
 * asked for (a script, not its interpreter), before anything of the old image is gone; what is
 * decided here holds from sched_process_exec on (process.bpf.c), which a failing execve never
 * reaches.
 */
#include "lib/hook.bpf.h"
#include "lib/ruling.bpf.h"

#define BPF_F_BPRM_SECUREEXEC 1

/* Adds a profile to the domain that comes next, or the null profile that complain makes up of it: a
 * place that has its rules already has more than that. Returns non-zero when it is full. */
static __always_inline int next_place(struct aspis_task *state, __u32 id, bool null)
{
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		if (!state->next.profiles[i]) {
			state->next.profiles[i] = id;
			state->next_flags |= ASPIS_TASK_CONFINED | (null ? ASPIS_TASK_NULL(i) : 0);
			return 0;
		}
		if (state->next.profiles[i] == id) {
			if (!null)
				state->next_flags &= ~ASPIS_TASK_NULL(i);
			return 0;
		}
	}
	return 1;
}

static __always_inline int next_add(struct aspis_task *state, __u32 id)
{
	return next_place(state, id, false);
}

/* Offset of the attachments of all profiles that are no children of others. */
static __always_inline __u32 attachments_at(__u32 root)
{
	return root + __builtin_offsetof(struct aspis_policy_root, attachments);
}

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
		for (int i = 0; i < ASPIS_STACK_MAX; i++) {
			__u32 id = exec->targets[i];

			if (!id || !profile_at(arena, root, id))
				break;
			if (next_add(state, id))
				return ASPIS_INFO_STACK_FULL;
			found = id;
		}
	} else {
		found = match_attachment(scratch,
			exec->mode == ASPIS_EXEC_CHILD
				? profile_offset +
					  __builtin_offsetof(struct aspis_profile, children)
				: attachments_at(root));
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

__noinline int decide_exec(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;
	int secure = 0;

	if (!scratch || !state || !arena.bytes)
		return 0;
	__builtin_memset(&state->next, 0, sizeof(state->next));
	state->next_flags = 0;
	FOR_EACH_PLACE(i, state)
	{
		struct aspis_permissions permissions = {};
		const struct aspis_profile *profile;
		__u32 id = state->domain.profiles[i], at;
		__u8 info, verdict;

		at = profile_at(arena, root, id);
		if (!at)
			continue;
		profile = ARENA_AT(arena, struct aspis_profile, at);
		if (profile->mode == ASPIS_MODE_UNCONFINED) { /* what attaches takes its place */
			__u32 found = match_attachment(scratch, attachments_at(root));

			if (next_add(state, found && found != ASPIS_ATTACH_CONFLICT ? found : id))
				rule(scratch, profile, false, permissions, ASPIS_MAY_EXEC,
					ASPIS_INFO_STACK_FULL, EACCES);
			continue;
		}
		info = path_problem(scratch, profile->flags);
		if (scratch->walk.flags & (ASPIS_PATH_MEMFD | ASPIS_PATH_ANON | ASPIS_PATH_PSEUDO))
			info = ASPIS_INFO_NO_NAME;
		if (!info && !is_null(state, i))
			permissions = path_permissions(scratch, arena, profile, 0);
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
	return secure;
}

/* Answers 1 for "AT_SECURE", else as a hook does. */
static __noinline int on_bprm_creds_for_exec(unsigned long long *ctx)
{
	struct file *file = ARGUMENT(struct linux_binprm, 0)->file;
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0, secure;

	if (!enforcing || !state)
		return 0;
	if (state->flags & ASPIS_TASK_ONEXEC) { /* `next` was asked for */
		state->flags |= ASPIS_TASK_NEXT;
		return 0;
	}
	state->flags &= ~ASPIS_TASK_NEXT; /* of an execve that failed */
	if (!confined(state))
		return 0;
	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_file(scratch, file);
	scratch->ruling.inode = (__u64)file->f_inode;
	secure = decide_exec(scratch, state);
	state->flags |= ASPIS_TASK_NEXT;
	if (!scratch->ruling.reported && scratch->ruling.verdict == ASPIS_VERDICT_ALLOWED) {
		scratch_release(scratch); /* process.exec tells of it */
		return secure;
	}
	event = file_record(scratch);
	event->mode = file->f_inode->i_mode;
	event->target = state->next.profiles[0];
	path_finish_file(scratch, file, &event->path);
	answer = access_tell(scratch, state, ASPIS_FILE_EXEC);
	return answer ? answer : secure;
}

SEC("?lsm/bprm_creds_for_exec")
int lsm__bprm_creds_for_exec(unsigned long long *ctx)
{
	unsigned long long *volatile kept = ctx;
	int answer = current_may_be_tracked() ? on_bprm_creds_for_exec(kept) : 0;

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
	int answer = current_may_be_tracked() ? on_bprm_creds_for_exec(kept) : 0;

	return answer < 0 ? hook_answer(answer) : 0;
}
