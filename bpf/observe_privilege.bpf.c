// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Use of privilege, at the end of system calls (tracepoint backend). */
#include "lib/observe.bpf.h"

#define CLONE_NEWUSER 0x10000000

/* kill, tkill, tgkill, ptrace, process_vm_*: a process by its number. */
SEC("?tp_btf/sys_exit")
int sys__target(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	struct task_struct *task = bpf_get_current_task_btf();
	bool kill = nr == __NR_kill || nr == __NR_tkill || nr == __NR_tgkill;
	__u32 target = nr == __NR_ptrace ? regs->si : regs->di;

	if ((long)ctx[1] < 0 || target == task->tgid)
		return 0;
	scratch = tracked_begin(kill ? ASPIS_PRIV_KILL : ASPIS_PRIV_PTRACE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->target_pid = target;
	event->number = nr == __NR_tgkill ? regs->dx : kill ? regs->si : 2; /* PTRACE_MODE_ATTACH */
	event_send(scratch);
	return 0;
}

SEC("?tp_btf/sys_exit")
int sys__setuid(unsigned long long *ctx)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	scratch = tracked_begin(ASPIS_PRIV_SETUID, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	__builtin_memset(event->old_id, 0xff, sizeof(event->old_id)); /* gone by now */
	event->new_id[0] = task->cred->uid.val;
	event->new_id[1] = task->cred->euid.val;
	event->new_id[2] = task->cred->suid.val;
	event_send(scratch);
	return 0;
}

/* mount, umount2, move_mount, pivot_root: the place where something is mounted. */
SEC("?tp_btf/sys_exit")
int sys__mount(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax, target = regs->si;
	int dirfd = AT_FDCWD;
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	if (nr == __NR_umount2) {
		target = regs->di;
	} else if (nr == __NR_pivot_root) {
		target = regs->di;
	} else if (nr == __NR_move_mount) {
		dirfd = regs->dx;
		target = regs->r10;
	}
	scratch = tracked_begin(
		nr == __NR_umount2 ? ASPIS_PRIV_UMOUNT : ASPIS_PRIV_MOUNT, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = nr == __NR_mount ? regs->r10 : nr == __NR_umount2 ? regs->si : 0;
	name_walk(scratch, dirfd, (const char *)target);
	path_finish(scratch, &event->path);
	event_send(scratch);
	return 0;
}

/* bpf, init_module, finit_module, unshare(CLONE_NEWUSER). */
SEC("?tp_btf/sys_exit")
int sys__privilege(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	__u16 kind = ASPIS_PRIV_BPF;

	if ((long)ctx[1] < 0)
		return 0;
	if (nr == __NR_init_module || nr == __NR_finit_module)
		kind = ASPIS_PRIV_MODULE;
	else if (nr != __NR_bpf) {
		if (!(regs->di & CLONE_NEWUSER))
			return 0;
		kind = ASPIS_PRIV_USERNS;
	}
	scratch = tracked_begin(kind, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	if (kind == ASPIS_PRIV_BPF)
		event->number = regs->di;
	if (kind == ASPIS_PRIV_MODULE)
		event->number = 2; /* READING_MODULE, include/linux/kernel_read_file.h */
	if (nr == __NR_finit_module) {
		fd_walk(scratch, file_of(regs->di));
		fd_finish(scratch, file_of(regs->di), &event->path);
	}
	event_send(scratch);
	return 0;
}

/*
 * From 6.14 on: (cred, target_ns, capable_ns, cap, result). It does not tell a use from a question
 * in passing (CAP_OPT_NOAUDIT), which every mmap asks: each capability is reported once an image.
 */
SEC("?tp_btf/cap_capable")
int tp__capable(unsigned long long *ctx)
{
	struct aspis_task *state = tracked_state();
	__u64 bit = 1ull << (ctx[3] & 63);
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if (!state || (int)ctx[4] || state->capabilities & bit)
		return 0;
	state->capabilities |= bit;
	scratch = event_begin(state, ASPIS_PRIV_CAPABLE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = ctx[3];
	event_send(scratch);
	return 0;
}
