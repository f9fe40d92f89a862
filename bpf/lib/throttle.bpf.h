/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An audit event that a thread raises in a hot loop (builtins.id in copy.deepcopy: half a million a
 * second) would fill every buffer and hide the rest. The rule: of one event of one thread,
 * THROTTLE_MAX in each window of 134 ms are told; what comes beyond in this window leaves early, is
 * counted, and its number is told by the thread's next event.
 *
 * Events are told apart by the address of their names: constants of the interpreter, one each. A
 * program that makes up a new str for each event is not throttled by this.
 */
#ifndef ASPIS_THROTTLE_BPF_H
#define ASPIS_THROTTLE_BPF_H

#include "state.bpf.h"

#define THROTTLE_WINDOW_SHIFT 27 /* 2^27 ns */
#define THROTTLE_MAX 2048	 /* about 15,000 a second */

/* Is this one too many, at `now` ns? Counts it, and counts the loss if so. */
static __always_inline bool throttled(struct aspis_task *state, __u64 name, __u64 now)
{
	__u32 window = now >> THROTTLE_WINDOW_SHIFT;
	/* names are constants of one string table: their low bits differ most */
	struct aspis_throttle *slot =
		&state->python.throttle[(name ^ name >> 4) & (ASPIS_THROTTLE_SLOTS - 1)];

	if (slot->name != name || slot->window != window) {
		slot->name = name;
		slot->window = window;
		slot->count = 0;
	}
	if (slot->count++ < THROTTLE_MAX)
		return false;
	state->python.throttled++;
	count(ASPIS_STAT_THROTTLED);
	return true;
}

#endif
