// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One task reaching into another: signals and ptrace. Both profiles have a say: that of the task
 * that acts and that of the one that it acts on (security/apparmor/ipc.c, task.c). A process may
 * always act on itself.
 */
#include "lib/privilege.bpf.h"

/* One deed of a task on another. The states are NULL of tasks that have none. */
struct deed {
	struct aspis_task *mine, *theirs;
	__u32 target_pid;
	__u64 target_start;
	__u32 number;
	__u16 event;
};

/* The same as what decide_peer takes, for either side: what the actor needs, what the other. */
struct question {
	__u32 kind, active, passive;
	struct aspis_task *actor, *object;
};

static __always_inline bool confined_task(const struct aspis_task *state)
{
	return state && confined(state);
}

/* Asks the profiles of both, and tells. */
static __always_inline int decide_deed(const struct deed *deed, const struct question *question)
{
	/* An actor without a state: unconfined, and told of only if the other's profile says so. */
	struct aspis_task nobody = {};
	struct aspis_task *teller = deed->mine ? deed->mine : &nobody;
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	int answer = 0;

	if (!deed->mine) {
		struct task_struct *self = untrusted(bpf_get_current_task_btf());

		nobody.start = self->group_leader->start_boottime;
	}
	scratch = privilege_begin(teller, &answer);
	if (!scratch)
		return confined_task(deed->mine) || confined_task(deed->theirs) ? -EACCES : 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->target_pid = deed->target_pid;
	event->target_start = deed->target_start;
	event->number = deed->number;
	if (confined_task(question->actor))
		decide_peer(scratch, question->actor, question->object, question->kind,
			question->active);
	if (question->passive && confined_task(question->object))
		decide_peer(scratch, question->object, question->actor, question->kind,
			question->passive);
	return access_end(scratch, teller, deed->event);
}

/*
 * Signals of the kernel itself never come here (kernel/signal.c: si_fromuser). With credentials
 * given, it is a USB device's completion on behalf of somebody else. The observer passes signals on
 * to the command that it runs, and must be able to end it.
 */
TWO_SIDED_HOOK(task_kill, 0)
{
	struct task_struct *target = (void *)ctx[0], *self = bpf_get_current_task_btf();
	struct aspis_task *mine, *theirs = NULL;
	__u32 signal = ctx[2];
	__u64 cred = 0;

	/* not ctx[3]: the verifier takes an argument for never NULL, and the rest for dead code */
	bpf_probe_read_kernel(&cred, sizeof(cred), &ctx[3]);
	if (target->tgid == self->tgid || self->tgid == self_tgid || cred)
		return 0;
	mine = current_state();
	if (enforcing)
		theirs = state_of(target);
	if (!mine && !confined_task(theirs))
		return 0;
	{
		struct deed deed = {mine, theirs, target->tgid,
			untrusted(target)->group_leader->start_boottime, signal, ASPIS_PRIV_KILL};
		struct question question = {ASPIS_CLASS_SIGNAL | (signal & 0xff) << 8,
			ASPIS_SIGNAL_SEND, ASPIS_SIGNAL_RECEIVE, mine, theirs};

		return decide_deed(&deed, &question);
	}
}

/* A tracer that is not confined is free, whatever the traced one's profile says, as in AppArmor: so
 * an untracked task may leave at once. */
HOOK(ptrace_access_check)
{
	struct task_struct *target = (void *)ctx[0], *self = bpf_get_current_task_btf();
	struct aspis_task *mine = current_state(), *theirs = NULL;
	__u32 mode = ctx[1];

	if (!mine || target->tgid == self->tgid)
		return 0;
	if (enforcing)
		theirs = state_of(target);
	{
		struct deed deed = {mine, theirs, target->tgid,
			untrusted(target)->group_leader->start_boottime, mode, ASPIS_PRIV_PTRACE};
		struct question question = {ASPIS_CLASS_PTRACE,
			mode & PTRACE_MODE_READ ? ASPIS_PTRACE_READ : ASPIS_PTRACE_TRACE,
			!confined(mine)		  ? 0
			: mode & PTRACE_MODE_READ ? ASPIS_PTRACE_READBY
						  : ASPIS_PTRACE_TRACEDBY,
			mine, theirs};

		return decide_deed(&deed, &question);
	}
}

/* PTRACE_TRACEME: the current task asks its parent to be the tracer. */
TWO_SIDED_HOOK(ptrace_traceme, 0)
{
	struct task_struct *parent = (void *)ctx[0];
	struct aspis_task *mine = current_state(), *theirs = state_of(parent);

	if (!confined_task(theirs))
		return 0;
	{
		struct deed deed = {mine, theirs, parent->tgid,
			untrusted(parent)->group_leader->start_boottime, PTRACE_MODE_ATTACH,
			ASPIS_PRIV_PTRACE};
		struct question question = {ASPIS_CLASS_PTRACE, ASPIS_PTRACE_TRACE,
			ASPIS_PTRACE_TRACEDBY, theirs, mine};

		return decide_deed(&deed, &question);
	}
}
