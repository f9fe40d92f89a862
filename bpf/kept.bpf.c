// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Memory of the agent that outlives it: pinned with the programs, read by the agent that adopts
 * them.
 */
#include "lib/state.bpf.h"
#include "abi/kept.h"

/* Its size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4096);
} agent_state SEC(".maps");
