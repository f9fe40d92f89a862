/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the agent and the kernel side tell each other of cgroups (abi/container.h). */
#ifndef ASPIS_CONTAINER_BPF_H
#define ASPIS_CONTAINER_BPF_H

#include "emit.bpf.h"

/* Filled by the agent. What is evicted is asked for again. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ASPIS_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, struct aspis_cgroup);
} cgroups SEC(".maps") __weak;

/* Non-zero: there is no room in the ring. */
static __always_inline long cgroup_note(__u64 id, __u32 held)
{
	struct aspis_cgroup_note note = {
		.size = sizeof(note), .kind = ASPIS_KIND_CGROUP, .id = id, .held = held};

	return bpf_ringbuf_output(&events, &note, sizeof(note), 0);
}

#endif
