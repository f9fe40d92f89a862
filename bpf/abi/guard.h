/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the agent nobody but the agent itself may touch. Rules as in event.h. */
#ifndef ASPIS_ABI_GUARD_H
#define ASPIS_ABI_GUARD_H

#include "event.h"

/* What was tried: `number` of PRIV_TAMPER. */
enum aspis_tamper {
	ASPIS_TAMPER_PTRACE = 1, /* to trace the agent, or to read or write its memory */
	ASPIS_TAMPER_SIGNAL,	 /* to send it a signal, which is in `flags` */
	ASPIS_TAMPER_MAP,	 /* to open one of its BPF maps */
	ASPIS_TAMPER_PROGRAM,	 /* the same of its programs */
	ASPIS_TAMPER_LINK,	 /* and of what attaches these */
	ASPIS_TAMPER_PIN,	 /* to change what it has pinned: `path` */
	ASPIS_TAMPER_FILE,	 /* to change a file of its own, or the way to one: `path` */
	ASPIS_TAMPER_MOUNT,	 /* to mount over one of these, or to unmount it */
	ASPIS_TAMPER_COUNT,
};

/* BPF objects of the agent, map `guarded_objects`, by kind (MAP, PROGRAM or LINK of the above) and
 * id. */
struct aspis_guarded_object {
	__u32 kind, id;
};
#define ASPIS_GUARDED_MAX 2048

/* A file or directory of the agent, map `guarded_places`, by struct aspis_exe_key. */
struct aspis_guarded_place {
	__u32 tamper; /* what it is to change it */
	__u32 flags;
	__u32 round; /* of looking which there are; one of a round before the last is no place of
			the agent any more */
};
#define ASPIS_GUARDED_TREE 0x01 /* a directory, with all that is below it */
#define ASPIS_GUARDED_WAY                                                                          \
	0x02 /* a directory that leads to a place: its name stays, what is in it is not the        \
	      * agent's                                                                            \
	      */
#define ASPIS_GUARDED_PLACES_MAX 4096

#endif
