/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which containers there are, as the agent tells the kernel side, by cgroup; and what the kernel
 * side tells the agent of cgroups. Rules as in event.h.
 */
#ifndef ASPIS_ABI_CONTAINER_H
#define ASPIS_ABI_CONTAINER_H

#include "event.h"

/* Selectors, container=(…), of one policy that may choose one container. */
#define ASPIS_CONTAINER_SCOPES_MAX 4
/* Cgroups that are remembered; one that was forgotten is asked for again. */
#define ASPIS_CGROUPS_MAX 16384

/* Under one policy: offsets of the aspis_scope of each selector that chooses the container, in the
 * order in which they are asked. */
struct aspis_container_scopes {
	__u32 generation; /* aspis_policy_root.generation that this is of */
	__u32 count;
	__u32 scopes[ASPIS_CONTAINER_SCOPES_MAX];
};

#define ASPIS_CGROUP_CONTAINER 1 /* the cgroup is a container's, or below one's */

/* By cgroup id, map `cgroups`. The policy in force and the next one each have a place, by the low
 * bit of the generation: a policy is put in force when all that is known has both. */
struct aspis_cgroup {
	__u32 flags; /* ASPIS_CGROUP_* */
	__u32 pad;
	struct aspis_container_scopes by_generation[2];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_cgroup) == 56, "aspis_cgroup");

/*
 * A record in the ring of events, and no event: it has no number, and seq is 0. Somebody has made a
 * cgroup, or executes a program in one that the policy needs to know, and is not in the map: that
 * process was stopped (SIGSTOP), and its execve begins anew once somebody lets it go on.
 */
#define ASPIS_KIND_CGROUP 0x8001
struct aspis_cgroup_note {
	__u32 size; /* as aspis_event */
	__u16 kind; /* ASPIS_KIND_CGROUP */
	__u16 pad;
	__u64 seq;  /* 0 */
	__u64 id;   /* of the cgroup */
	__u32 held; /* thread group id, initial pid namespace; 0: nobody waits */
	__u32 pad2;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_cgroup_note) == 32, "aspis_cgroup_note");

#endif
