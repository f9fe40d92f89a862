/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Compiled policy, as user space lays it out in the arena and BPF programs read it. Rules as in
 * event.h.
 *
 * The arena is one array of bytes. Every offset in it counts from its start and is a multiple of 8;
 * offset 0 means "none". `policy_root` (a global of the BPF side) is the offset of the
 * aspis_policy_root in force: writing it is what publishes a policy. A program reads it once and
 * goes on with what it found, so that it never sees half of two policies; user space reuses memory
 * only after a grace period.
 */
#ifndef ASPIS_ABI_POLICY_H
#define ASPIS_ABI_POLICY_H

#include "event.h"

/* Bytes behind the last offset that may be read: the widest load that begins at it. */
#define ASPIS_ARENA_SLACK 512
#define ASPIS_ARENA_ALIGN 8

/* Profiles that may confine a task together (a stack, A//&B). */
#define ASPIS_STACK_MAX 4
/* Longest name of a profile with its parents, without NUL. */
#define ASPIS_PROFILE_NAME_MAX 1023

/*
 * A minimised automaton. rows: __u16[states][width]; column class_of[byte] of a state is the next
 * one, the last column its outcome. State 0 is dead: its outcome is 0, and no byte leads out of it.
 */
struct aspis_automaton {
	__u32 rows;
	__u16 width;
	__u16 start;
	__u8 class_of[256];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_automaton) == 264, "aspis_automaton");

/*
 * Permissions. Of files as AppArmor has them (security/apparmor/include/perms.h), in its order of
 * letters; other classes have bits of their own, below.
 */
#define ASPIS_MAY_EXEC 0x001	/* x */
#define ASPIS_MAY_WRITE 0x002	/* w; also attributes, mode and owner */
#define ASPIS_MAY_READ 0x004	/* r */
#define ASPIS_MAY_APPEND 0x008	/* a; w implies it */
#define ASPIS_MAY_CREATE 0x010	/* c in logs; w grants it */
#define ASPIS_MAY_DELETE 0x020	/* d in logs; w grants it */
#define ASPIS_MAY_LOCK 0x040	/* k */
#define ASPIS_MAY_MAP 0x080	/* m: map executable */
#define ASPIS_MAY_LINK 0x100	/* l, of a pair of names */
#define ASPIS_LINK_SUBSET 0x200 /* the pair must pass the subset test */
#define ASPIS_MAY_ALL_FILE 0x1ff

/* Of the other classes, each with its own. */
#define ASPIS_SIGNAL_SEND 0x1	 /* asked of the sender */
#define ASPIS_SIGNAL_RECEIVE 0x2 /* asked of the target */
#define ASPIS_SIGNAL_ALL 0x3
#define ASPIS_PTRACE_TRACE 0x1 /* asked of the tracer */
#define ASPIS_PTRACE_READ 0x2
#define ASPIS_PTRACE_TRACEDBY 0x4 /* asked of the traced */
#define ASPIS_PTRACE_READBY 0x8
#define ASPIS_PTRACE_ALL 0xf
#define ASPIS_MOUNT_MOUNT 0x1
#define ASPIS_MOUNT_UMOUNT 0x2
#define ASPIS_MOUNT_PIVOT_ROOT 0x4
#define ASPIS_MOUNT_ALL 0x7
#define ASPIS_USERNS_CREATE 0x1
#define ASPIS_IO_URING_SQPOLL 0x1
#define ASPIS_IO_URING_OVERRIDE_CREDS 0x2
#define ASPIS_IO_URING_ALL 0x3
#define ASPIS_IO_URING_SETUP 0x4 /* no permission: where what rings do is not seen */
/* Of message queues; the bits of what files are asked for, so that a queue is asked like a file. */
#define ASPIS_MQUEUE_READ ASPIS_MAY_READ
#define ASPIS_MQUEUE_WRITE ASPIS_MAY_WRITE
#define ASPIS_MQUEUE_CREATE ASPIS_MAY_CREATE
#define ASPIS_MQUEUE_DELETE ASPIS_MAY_DELETE
#define ASPIS_MQUEUE_ALL 0x036
#define ASPIS_CAPABILITY_USE 0x1
#define ASPIS_PROFILE_CHANGE 0x1
#define ASPIS_PROFILE_ONEXEC 0x2
#define ASPIS_PROFILE_UNSAFE 0x4 /* with ONEXEC: the environment is not scrubbed */
#define ASPIS_RLIMIT_SET 0x1
/* Of network and unix rules, in the order of security/apparmor/net.c: aa_net_mask_names. */
#define ASPIS_SOCKET_SEND 0x001
#define ASPIS_SOCKET_RECEIVE 0x002
#define ASPIS_SOCKET_CREATE 0x004
#define ASPIS_SOCKET_SHUTDOWN 0x008
#define ASPIS_SOCKET_CONNECT 0x010
#define ASPIS_SOCKET_SETATTR 0x020
#define ASPIS_SOCKET_GETATTR 0x040
#define ASPIS_SOCKET_ACCEPT 0x080
#define ASPIS_SOCKET_BIND 0x100
#define ASPIS_SOCKET_LISTEN 0x200
#define ASPIS_SOCKET_SETOPT 0x400
#define ASPIS_SOCKET_GETOPT 0x800
#define ASPIS_SOCKET_ALL 0xfff

/* What rules say together about one subject; resolved by priority, deny before allow. */
struct aspis_permissions {
	__u16 allow;
	__u16 deny;  /* denied by a rule; disjoint from allow. Not reported unless in audit */
	__u16 audit; /* reported although allowed, or although denied by a rule */
	__u16 exec;  /* index into the profile's table of aspis_exec, 0: none (no x) */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_permissions) == 8, "aspis_permissions");

/* Outcome of a state. Classes without an owner have both alike. */
struct aspis_outcome {
	struct aspis_permissions owner; /* fsuid is the inode's uid */
	struct aspis_permissions other;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_outcome) == 16, "aspis_outcome");

enum aspis_exec_mode {
	ASPIS_EXEC_INHERIT = 0,
	ASPIS_EXEC_UNCONFINED,
	ASPIS_EXEC_PROFILE, /* target, or what attaches among all profiles */
	ASPIS_EXEC_CHILD,   /* target, or what attaches among the profile's children */
};

/* aspis_exec.flags */
#define ASPIS_EXEC_SCRUB 0x01	     /* AT_SECURE */
#define ASPIS_EXEC_NAMED 0x02	     /* the rule names its targets; one not loaded has no profile */
#define ASPIS_EXEC_STACK 0x04	     /* targets come on top of the profile that the task has */
#define ASPIS_EXEC_ELSE_INHERIT 0x08 /* what happens when there is no such profile */
#define ASPIS_EXEC_ELSE_UNCONFINED 0x10 /* the same; neither: the exec is denied */

struct aspis_exec {
	__u8 mode; /* enum aspis_exec_mode */
	__u8 flags;
	__u16 targets[ASPIS_STACK_MAX]; /* ids of profiles; 0 ends them */
	__u8 pad[6];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_exec) == 16, "aspis_exec");

/*
 * Which profile attaches to a path. An outcome o > 0 of the automaton means lists[o]: a number n,
 * then n ids; where more than one, longest left match decides.
 */
#define ASPIS_ATTACH_MAX 16 /* ids of one list */
struct aspis_attachments {
	__u32 automaton; /* aspis_automaton, 0: nothing attaches */
	__u32 lists;	 /* __u16[] */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_attachments) == 8, "aspis_attachments");

enum aspis_mode {
	ASPIS_MODE_ENFORCE = 0,
	ASPIS_MODE_COMPLAIN,
	ASPIS_MODE_KILL,
	ASPIS_MODE_UNCONFINED,
};

/* aspis_profile.flags */
#define ASPIS_PROFILE_AUDIT 0x01	       /* every access is reported */
#define ASPIS_PROFILE_ATTACH_DISCONNECTED 0x02 /* paths without a root are taken from "/" */
#define ASPIS_PROFILE_MEDIATE_DELETED 0x04     /* deleted files by their former name */
#define ASPIS_PROFILE_CHROOT_RELATIVE 0x08     /* paths from the task's root, not the namespace's */
#define ASPIS_PROFILE_HAT 0x10

/* Classes in the automaton `rules`, told apart by the first byte of the subject. */
enum aspis_class {
	ASPIS_CLASS_FILE = 0, /* has an automaton of its own */
	ASPIS_CLASS_NETWORK,
	ASPIS_CLASS_UNIX,
	ASPIS_CLASS_PTRACE,
	ASPIS_CLASS_SIGNAL,
	ASPIS_CLASS_MOUNT,
	ASPIS_CLASS_USERNS,
	ASPIS_CLASS_IO_URING,
	ASPIS_CLASS_MQUEUE,
	ASPIS_CLASS_CHANGE_PROFILE,
	ASPIS_CLASS_CAPABILITY, /* bit sets */
	ASPIS_CLASS_RLIMIT,	/* an array */
	ASPIS_CLASS_COUNT,
};

#define ASPIS_RLIMITS 16

struct aspis_profile {
	__u32 name; /* bytes of the full name */
	__u16 name_len;
	__u16 id;
	__u8 mode; /* enum aspis_mode */
	__u8 kill_signal;
	__u16 flags;
	__u16 error;	/* errno of a denial; 0: the class's own */
	__u16 mediated; /* bit of each class: without it, the class is not mediated */
	__u16 parent;	/* id, of children and hats */
	__u16 rlimits;	/* bit of each limit that is set */
	__u32 file;	/* aspis_automaton */
	__u32 file_outcomes;
	__u32 rules; /* aspis_automaton; start state of a class: rule_start */
	__u32 rule_outcomes;
	__u32 execs;   /* aspis_exec[], from index 1 */
	__u32 matcher; /* aspis_automaton of the attachment alone: longest left match */
	struct aspis_attachments children;
	__u64 capability_allow;
	__u64 capability_deny;
	__u64 capability_audit;
	__u16 rule_start[16]; /* by class */
	__u64 rlimit[ASPIS_RLIMITS];
	__u16 on_listen; /* index into execs: where who listens goes; 0: stays */
	__u16 pad[3];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_profile) == 248, "aspis_profile");

/* In `names`, of ASPIS_UNCONFINED (subject.h), which is no profile. */
#define ASPIS_ID_UNCONFINED 0xffff

struct aspis_policy_root {
	__u32 generation; /* 1, 2, 3, … */
	__u32 count;	  /* entries of profiles: the highest id, and 1 */
	__u32 profiles;	  /* __u32[count]: aspis_profile by id; 0: not loaded. Id 0 is no profile */
	__u32 names; /* aspis_automaton of full names, with or without "&" before them; outcome: id
		      */
	struct aspis_attachments attachments;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_policy_root) == 24, "aspis_policy_root");

/* Why a name could not be matched, or a transition not be made (info= of AppArmor's log). */
enum aspis_info {
	ASPIS_INFO_NONE = 0,
	ASPIS_INFO_DISCONNECTED,
	ASPIS_INFO_DELETED,
	ASPIS_INFO_TOO_LONG,
	ASPIS_INFO_NO_NAME,	 /* a file without a path is executed */
	ASPIS_INFO_NO_PROFILE,	 /* profile transition not found */
	ASPIS_INFO_CONFLICT,	 /* conflicting profile attachments */
	ASPIS_INFO_NOT_SUBSET,	 /* link not subset of target */
	ASPIS_INFO_STACK_FULL,	 /* more than ASPIS_STACK_MAX profiles */
	ASPIS_INFO_NO_RESOURCES, /* no memory to decide with */
	ASPIS_INFO_SOURCE,	 /* a mount's source that names no path by itself */
	ASPIS_INFO_NO_NEW_PRIVS, /* the next domain would have less profiles than this one */
	ASPIS_INFO_NO_LABEL,	 /* there is no profile of this name */
	ASPIS_INFO_NOT_HAT,	 /* a child, but no hat */
	ASPIS_INFO_TOKEN,	 /* a hat was to be left, or changed, with the wrong token */
	ASPIS_INFO_ONEXEC,	 /* no rule lets this program begin with the profile asked for */
	ASPIS_INFO_REQUEST,	 /* what the program asked for could not be read */
	ASPIS_INFO_UNSEEN,	 /* tracepoint backend: what came of it cannot be seen */
	ASPIS_INFO_SPELLING, /* tracepoint backend: a name with "..", or what is not there to look
				at any more */
	ASPIS_INFO_COUNT,
};

#endif
