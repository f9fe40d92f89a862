/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What one agent leaves to the next (map agent_state): BPF programs do not look at it. The map has
 * ASPIS_KEPT_SLOTS slots of equal size, each begins with a struct aspis_kept. Rules as in event.h.
 */
#ifndef ASPIS_ABI_KEPT_H
#define ASPIS_ABI_KEPT_H

#include "event.h"

/* To be raised when what the agent writes into the slots is no longer understood by others. */
#define ASPIS_KEPT_FORMAT 1

#define ASPIS_KEPT_LOAD 0   /* how the programs were loaded: written once */
#define ASPIS_KEPT_POLICY 1 /* and 2: what belongs to the policy of an even, an odd generation */
#define ASPIS_KEPT_SLOTS 3

struct aspis_kept {
	__u64 generation; /* of the policy; 0: nothing is in the slot, or not all of it yet */
	__u64 length;	  /* bytes behind this */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_kept) == 16, "aspis_kept");

#endif
