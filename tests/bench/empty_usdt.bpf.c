// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a probe costs by itself: a program that does nothing. */
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <linux/bpf.h>

char _license[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int empty(struct pt_regs* ctx) {
  return 0;
}
