// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tracepoint backend: where no trampoline can be had, the same events from the end of system
 * calls.
 *
 * What differs from the hooks: only what succeeded is seen (a connect under way, too); an opened
 * file's path comes from the file, but names that were made or removed leave no file behind, so
 * their path is the directory's as the kernel knows it plus the string that was passed
 * (ASPIS_PATH_LEXICAL, resolved further by the agent); strings and addresses are read after the
 * call, so another thread can have changed them; pids in arguments are those of the caller's
 * namespace. io_uring does not pass here.
 *
 * on_sys_exit leaves for an untracked task, then jumps by the call's number through
 * `sys_exit_calls`, which the agent fills from agent/kernel/syscalls.cc.
 */

#include "lib/observe.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} sys_exit_calls SEC(".maps");

SEC("?tp_btf/sys_exit")
int tp__sys_exit(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	if (!tracked_state())
		return 0;
	if (in_compat_call(bpf_get_current_task_btf())) {
		count(ASPIS_STAT_COMPAT);
		return 0;
	}
	bpf_tail_call(ctx, &sys_exit_calls, regs->orig_ax);
	return 0;
}
