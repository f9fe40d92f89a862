/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * State of one tracked task, in task storage; and what decides which tasks are tracked.
 * Rules as in event.h.
 */
#ifndef ASPIS_ABI_TASK_H
#define ASPIS_ABI_TASK_H

#include "event.h"

/* aspis_task.flags */
#define ASPIS_TASK_TRACKED 0x01 /* emits events; all of them unless ASPIS_TASK_QUIET */
#define ASPIS_TASK_SELF 0x02   /* the observer itself: never emits, or its own work would feed it */
#define ASPIS_TASK_PYTHON 0x04 /* raised an audit event in this image */
#define ASPIS_TASK_INHERITED                                                                       \
	0x08 /* cause came over exec: nothing in this image has raised one yet */
#define ASPIS_TASK_STARTED                                                                         \
	0x10 /* a child of the observer that has run nothing yet: not to be reported as found */
#define ASPIS_TASK_CONFINED 0x20 /* domain is not empty: its profiles decide */
#define ASPIS_TASK_NEXT 0x80	 /* next_* hold from the end of the exec under way on */
#define ASPIS_TASK_QUIET 0x200	 /* of kernel operations only what profiles report is told */
#define ASPIS_TASK_REVOKED                                                                         \
	0x400 /* has open files that its profiles do not let it use (bpf/inherit.bpf.c) */
#define ASPIS_TASK_ONEXEC 0x100	 /* next_* were asked for: the next exec enters them */
#define ASPIS_TASK_ONCE 0x1000	 /* what `announced` says may be done once only */
#define ASPIS_TASK_STACKS 0x800	 /* of next_*: the profile asked for comes on top of the domain */
#define ASPIS_TASK_LAUNCH 0x2000 /* of next_*: some of it is still to be found, see `waiting` */
#define ASPIS_TASK_RUNS                                                                            \
	0x4000 /* the interpreter has started up: it runs what it was started for                  \
		*/
#define ASPIS_TASK_NULL(place)                                                                     \
	(0x10000u << (place)) /* domain.profiles[place] complained about this exec, so that there  \
				 are no rules but those of complain */
#define ASPIS_TASK_NULL_ANY 0xf0000u

/* The profiles that confine a task, by id (policy.h); the first 0 ends them. */
struct aspis_domain {
	__u16 profiles[4];
};

/*
 * A profile of the next domain that depends on what Python is started to run, or on what interprets
 * a script: neither is known when bprm_creds_for_exec is asked (bpf/launch.bpf.c).
 */
struct aspis_waiting {
	__u16 profile; /* id of the one that the exec is made under; 0: unconfined */
	__u8 mode;     /* ASPIS_EXEC_PROFILE or _CHILD: what it attaches among; 0: nothing waits */
	__u8 flags;    /* aspis_exec.flags, and ASPIS_WAITING_ALIVE */
};
#define ASPIS_WAITING_ALIVE 0x80 /* what was executed may be an interpreter itself */

/* One audit event's name as it has been raised lately by a thread; see throttle.bpf.h. */
struct aspis_throttle {
	__u64 name;   /* address of its text in the process; 0: the slot is free */
	__u32 window; /* number of the window of time, modulo 2^32 */
	__u32 count;  /* in that window */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_throttle) == 16, "aspis_throttle");

#define ASPIS_THROTTLE_SLOTS 4
#define ASPIS_TYPE_SLOTS 8

/* aspis_said.flags, aspis_announcement.flags */
#define ASPIS_SAID_AGAIN 1 /* each operation may come more than once */
#define ASPIS_SAID_CHILD 2 /* it is a child that will execute something */

/*
 * What the audit event in force announces, as `audited` rules take it (policy.h: aspis_announced);
 * kept only under profiles that have such rules. Nothing here is announced for files that the event
 * names no path of.
 */
struct aspis_said {
	__u64 path, other;   /* hashes of the paths that it names, as the walker spells them */
	__u32 operations;    /* that are still to come: bits of kind_operations */
	__u16 permissions;   /* that they may ask for, ASPIS_MAY_* */
	__u8 flags;	     /* ASPIS_SAID_* */
	__u8 to_be_executed; /* this is the child that will execute something, and it has not yet */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_said) == 24, "aspis_said");

/* What a thread that runs Python has lately said. */
struct aspis_python {
	__u32 site; /* 1 + row of the site that raised the last audit event of this image, in this
		       thread or the one that made it; 0: none has */
	__u32 throttled; /* events not told since the last one that was */
	/* address of the name in the last call of sys.audit(): where CPython hands it on with the
	 * same address, it is the same event */
	__u64 told;
	struct aspis_throttle throttle[ASPIS_THROTTLE_SLOTS];
	__u32 frames; /* aspis_python_site.frames of that site */
	/* Operations that the audit event in force announced, and that are still to come: bits of
	 * kind_operations. Never fewer than the agent would call unannounced. */
	__u32 announced;
	/* Types of the interpreter that have been met: address << 8 | enum object_kind
	 * (bpf/lib/python.bpf.h); 0: free. */
	__u64 types[ASPIS_TYPE_SLOTS];
	/* bpf/lib/raise.bpf.h: of PySys_Audit and its like, how many have been entered and not
	 * left; and whether the innermost returns what says that an exception is set */
	__u32 audits;
	__u32 raising;
	struct aspis_said said;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_python) == 184, "aspis_python");

struct aspis_task {
	__u64 start;  /* start_boottime of the thread group leader, ns; 0 until the BPF side has
			 filled it */
	__u64 cause;  /* seq of the audit event in force, 0: none */
	__u64 origin; /* what `cause` was when this process was forked or replaced its image */
	__u64 capabilities; /* tracepoint backend: those already reported in this image, by bit */
	struct aspis_domain domain;
	struct aspis_domain next;	 /* see ASPIS_TASK_NEXT */
	__u32 flags;			 /* ASPIS_TASK_* */
	__u32 next_flags;		 /* ASPIS_TASK_CONFINED and _NULL of `next` */
	struct aspis_domain outer;	 /* in a hat: what the task returns to */
	__u64 token;			 /* that lets it return; 0: it is in no hat, or for good */
	struct aspis_waiting waiting[4]; /* with ASPIS_TASK_LAUNCH */
	struct aspis_python python;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_task) == 272, "aspis_task");

/* What an audit event announces (map audit_announcements), by its name. */
struct aspis_announcement_key {
	char name[64]; /* zero-padded */
};

struct aspis_announcement {
	__u32 operations; /* for the sake of stacks */
	__u8 once;	  /* each of them only once */
	__u8 of_path;	  /* only if the first argument is not a number: an open file */
	/* For audited rules: arguments by their place from 1 on, 0 is none. */
	__u8 path, other;	/* what the event names */
	__u8 path_fd, other_fd; /* the directories that these start at */
	__u8 open_flags;	/* how a file is opened (O_*) */
	__u8 flags;		/* ASPIS_SAID_* */
	__u32 audited;		/* operations */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_announcement) == 16, "aspis_announcement");

/* What the iterator `list_domains` says of each confined task. */
struct aspis_task_domain {
	__u32 pid, tid; /* initial pid namespace */
	struct aspis_domain domain;
	__u32 flags; /* of aspis_task */
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_task_domain) == 24, "aspis_task_domain");

/* Key of the set of executables whose processes are tracked (map track_exe). */
struct aspis_exe_key {
	__u64 ino;
	__u32 dev; /* super_block.s_dev, kernel encoding */
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_exe_key) == 16, "aspis_exe_key");

/* Bits of the tid bitmap: pid_max is at most 4194304 on 64-bit (include/linux/threads.h). */
#define ASPIS_TID_MAX 4194304

#endif
