// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What can this kernel do? One small program for each hook backend that says that it ran. Loading
 * and attaching is not enough to know: without "bpf" in lsm= an lsm program attaches and is never
 * called.
 */
#include "lib/kernel.bpf.h"

char _license[] SEC("license") = "Dual BSD/GPL";

__u32 lsm_ran, fmod_ret_ran, tracepoint_ran, signed_code_ran;

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

extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[8]);
} digest_room SEC(".maps");

/* The digest of fs-verity, behind a file system's own open (signed.bpf.c). */
SEC("?lsm/file_post_open")
int signed_code(unsigned long long *ctx)
{
	struct bpf_dynptr room;
	__u32 zero = 0;
	__u64 *bytes = bpf_map_lookup_elem(&digest_room, &zero);

	if (!bytes || bpf_dynptr_from_mem(bytes, 8 * sizeof(*bytes), 0, &room))
		return 0;
	bpf_get_fsverity_digest((struct file *)ctx[0], &room);
	signed_code_ran = 1;
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
