// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What can this kernel do? One small program for each hook backend that says that it ran. Loading
 * and attaching is not enough to know: without "bpf" in lsm= an lsm program attaches and is never
 * called.
 */
#include "lib/kernel.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

__u32 lsm_ran, fmod_ret_ran, tracepoint_ran;

SEC("?lsm/file_open")
int lsm(unsigned long long *ctx)
{
	lsm_ran = 1;
	return 0;
}

SEC("?fmod_ret/security_file_open")
int fmod_ret(unsigned long long *ctx)
{
	fmod_ret_ran = 1;
	return 0;
}

SEC("?tp_btf/sys_exit")
int tracepoint(unsigned long long *ctx)
{
	tracepoint_ran = 1;
	return 0;
}

SEC("?iter/task")
int iterator(struct bpf_iter__task *ctx)
{
	return 0;
}

/* Never attached: may a program write the registers of the process? (bpf/lib/raise.bpf.h) */
SEC("?uprobe.s")
int register_write(struct pt_regs *ctx)
{
	ctx->ax = 0;
	return 0;
}

/* Never attached to anything but a function of the agent itself. */
SEC("?uprobe")
int user_probe(struct pt_regs *ctx)
{
	return 0;
}
