// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Use of privilege. These hooks run after the kernel's own check: a capability that the task lacks
 * never gets here.
 */
#include "lib/privilege.bpf.h"
#include "lib/domain.bpf.h"

#define CAP_OPT_NOAUDIT 2 /* include/linux/security.h: asked in passing, not to use it */

static __always_inline void privilege_number(__u16 kind, __u32 number)
{
	struct scratch *scratch = tracked_begin(kind, sizeof(struct aspis_privilege_event));

	if (!scratch)
		return;
	EVENT(scratch, aspis_privilege_event)->number = number;
	event_send(scratch);
}

/* It is the current task's profile that decides, also where the kernel asks about the credentials
 * of another one (which AppArmor finds the profile in). */
HOOK(capable)
{
	struct aspis_task *state = current_state();
	__u32 capability = ctx[2];
	struct scratch *scratch;
	int answer = 0;

	if (!state)
		return 0;
	if (ctx[3] & CAP_OPT_NOAUDIT)
		return confined(state) && capability_denied(state, capability) ? -EPERM : 0;
	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer ? -EPERM : 0;
	EVENT(scratch, aspis_privilege_event)->number = capability;
	if (confined(state))
		decide_capability(scratch, state, capability, EPERM);
	return access_end(scratch, state, ASPIS_PRIV_CAPABLE);
}

WATCH_HOOK(bpf)
{
	privilege_number(ASPIS_PRIV_BPF, ctx[0]);
}

HOOK(userns_create)
{
	struct aspis_task *state = current_state();
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	if (confined(state))
		decide_class(scratch, state, ASPIS_CLASS_USERNS, ASPIS_USERNS_CREATE);
	return access_end(scratch, state, ASPIS_PRIV_USERNS);
}

/*
 * A ring with SQPOLL does its work in a thread of the kernel's, one with a personality under other
 * credentials. Credentials carry no profile here: label= is the acting task's own profile.
 */
HOOK(uring_override_creds)
{
	struct aspis_task *state = current_state();
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	EVENT(scratch, aspis_privilege_event)->number = ASPIS_IO_URING_OVERRIDE_CREDS;
	if (confined(state))
		decide_peer(
			scratch, state, state, ASPIS_CLASS_IO_URING, ASPIS_IO_URING_OVERRIDE_CREDS);
	return access_end(scratch, state, ASPIS_PRIV_IO_URING);
}

HOOK(uring_sqpoll)
{
	struct aspis_task *state = current_state();
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	EVENT(scratch, aspis_privilege_event)->number = ASPIS_IO_URING_SQPOLL;
	if (confined(state))
		decide_class(scratch, state, ASPIS_CLASS_IO_URING, ASPIS_IO_URING_SQPOLL);
	return access_end(scratch, state, ASPIS_PRIV_IO_URING);
}

/* setrlimit(2), prlimit(2). Limits of a task under other profiles need the right to sys_resource
 * (security/apparmor/resource.c). */
HOOK(task_setrlimit)
{
	struct task_struct *target = (void *)ctx[0];
	struct aspis_task *state = current_state(), *theirs;
	__u64 value = ARGUMENT(struct rlimit, 2)->rlim_max;
	struct aspis_privilege_event *event;
	__u32 resource = ctx[1];
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = resource;
	event->flags = value;
	event->target_pid = target->tgid;
	event->target_start = untrusted(target)->group_leader->start_boottime;
	if (confined(state)) {
		theirs = state_of(target);
		if (theirs && confined(theirs) && same_domain(state->domain, theirs->domain))
			decide_limit(scratch, state, resource, value);
		else
			decide_capability(scratch, state, CAP_SYS_RESOURCE, EACCES);
	}
	return access_end(scratch, state, ASPIS_PRIV_RLIMIT);
}

WATCH_HOOK(task_fix_setuid)
{
	struct cred *new = (void *)ctx[0], *old = (void *)ctx[1];
	struct scratch *scratch =
		tracked_begin(ASPIS_PRIV_SETUID, sizeof(struct aspis_privilege_event));
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->old_id[0] = old->uid.val;
	event->old_id[1] = old->euid.val;
	event->old_id[2] = old->suid.val;
	event->new_id[0] = new->uid.val;
	event->new_id[1] = new->euid.val;
	event->new_id[2] = new->suid.val;
	event_send(scratch);
}

WATCH_HOOK(kernel_read_file)
{
	struct file *file = ARGUMENT(struct file, 0);
	struct scratch *scratch =
		tracked_begin(ASPIS_PRIV_MODULE, sizeof(struct aspis_privilege_event));
	struct aspis_privilege_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = ctx[1];
	if (file)
		path_emit_file(scratch, file, &event->path);
	event_send(scratch);
}

WATCH_HOOK(kernel_load_data)
{
	privilege_number(ASPIS_PRIV_MODULE, ctx[0]);
}
