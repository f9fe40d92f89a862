// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a probe costs by itself: a program that does nothing. */
// clang-format off: in the kernel's layout, and linux/bpf.h has the types that the others need
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int empty(struct pt_regs *ctx)
{
	return 0;
}
