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
/*
 * In `allow` of a path, and no permission: nobody asks for it, no rule denies it. Code that is
 * loaded from there must be signed ("require signed"; bpf/signed.bpf.c).
 */
#define ASPIS_REQUIRE_SIGNED 0x400

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
/*
 * Of audit events. With CHANGE the thread changes to the profile of `exec` (as on_listen does) when
 * the event is raised and RAISE is granted; it has the bit of x, as it is `exec` that goes with it.
 */
#define ASPIS_PYTHON_CHANGE 0x1
#define ASPIS_PYTHON_RAISE 0x2

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

/*
 * What `audited` rules add to an outcome of `file`: permissions that are granted only where an
 * audit event has announced the access. allow | this is what counts then; `deny` has none of it,
 * `audit` and `exec` are of both. An access is announced if the event in force on its thread (the
 * cause, raised in this image, by this thread) announces operations of its sort, names this very
 * path, and no operation of the sort has come since; of an exec, the path is not compared, and it
 * is announced to the child that was made for it, too. What is done to an open file that could be
 * done to it since it was opened (locking, truncating what was opened to be written) needs no
 * other.
 */
struct aspis_announced {
	__u16 owner, other;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_announced) == 4, "aspis_announced");

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

/*
 * What a Python interpreter was started to run (lib/python_argv.h reads it off the arguments), as a
 * text: one of these letters, and behind SCRIPT the absolute path, behind MODULE the dotted name.
 * The path is the directory the process is in, "/" and the argument (or an absolute argument
 * alone), then, by its text: without "." and empty components, without ".." and what comes before
 * it. Symbolic links are left alone; it ends in "/" if the argument did.
 *
 * A profile with python=(…) attaches only where both its path and its launch match. These profiles
 * are not in `attachments`, but in tables of their own (`python`, `python_children`), whose
 * automaton takes PATH, NUL, LAUNCH. At exec:
 *
 *   1. PATH is that of the file that is executed. Where nothing attaches to a script with "#!", not
 *      even by `attachments`, it is that of its interpreter, and only `python` is asked.
 *   2. The automaton of `python` is run over PATH. In state 0 it is dead: nothing attaches by
 *      python=, and the arguments need not be looked at. So it is for all that is no interpreter.
 *   3. Else it goes on with NUL and LAUNCH. Outcome o > 0: lists[o], as of any attachments; all
 *      that match are in it, exact or not.
 *   4. Of several the one decides whose `matcher` takes more of PATH (longest left match), then the
 *      one whose `launch` takes more of LAUNCH; still two: a conflict (ASPIS_INFO_CONFLICT).
 *   5. What `attachments` says of PATH wins over it only if its longest left match is longer.
 *
 * A launch that cannot be read is none: ASPIS_LAUNCH_UNKNOWN matches nothing.
 */
enum aspis_launch {
	ASPIS_LAUNCH_UNKNOWN = 0, /* nothing is run (--version), or the arguments are not over */
	ASPIS_LAUNCH_SCRIPT = 's',
	ASPIS_LAUNCH_MODULE = 'm',
	ASPIS_LAUNCH_COMMAND = 'c', /* -c */
	ASPIS_LAUNCH_STDIN = 'i',   /* "-", or no argument: standard input, a terminal too */
};

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
#define ASPIS_PROFILE_SIGNED 0x20 /* some path has ASPIS_REQUIRE_SIGNED */

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
	ASPIS_CLASS_PYTHON, /* mediated where the profile has rules of it; AppArmor knows none */
	ASPIS_CLASS_COUNT,
};

#define ASPIS_RLIMITS 16

/*
 * The context of a thread: values by key, which a profile's file rules may refer to as @{ctx.KEY}.
 * A profile that has keys is matched by lib/context.h, which says how. Such a thread sets a value
 * by sys.audit("aspis.context", KEY, VALUE[, TOKEN]), and unsets it with None for VALUE; the kernel
 * side keeps it by the bytes of KEY, so that it survives another policy. A value is refused (and
 * the key keeps what it had) if it is empty or longer than ASPIS_CONTEXT_VALUE_MAX, is "." or "..",
 * or has a NUL, "/" or one of * ? [ ] { } ^ , \ " in it (context_value_ok). A key that was set with
 * a token is changed or unset with that token alone. New threads and processes begin with their
 * creator's values.
 */
#define ASPIS_CONTEXT_EVENT "aspis.context"
#define ASPIS_CONTEXTS_MAX 4 /* keys of one profile */
#define ASPIS_CONTEXT_KEY_MAX 15
#define ASPIS_CONTEXT_VALUE_MAX 63
struct aspis_context_key {
	char name[ASPIS_CONTEXT_KEY_MAX + 1]; /* the rest is 0; empty: none, and none behind it */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_context_key) == 16, "aspis_context_key");

/*
 * Packages of a profile: rules that hold, too, while a frame of their distribution is on the Python
 * call stack of the thread that asks. Each is an aspis_profile with automata, outcomes, capability
 * sets, `mediated`, mode, flags, id and error; the other members are 0. Its id is that of the
 * profile around it, its name that of the package, normalised as in PEP 503.
 *
 * A hook that is about to grant or deny an access under a profile with packages finds out which of
 * them are on the stack, as a set of numbers, and asks each of those that has the bit of the class
 * in `mediated` (of files, too). The access is granted if the profile and all of them grant it. A
 * package speaks of what the thread does itself: not of signals and ptrace by others, and not of
 * what is opened already. Its outcomes have no `exec`: where x leads, the profile says.
 */
#define ASPIS_PACKAGES_MAX 64 /* of one profile: one bit each */
struct aspis_packages {
	__u32 names; /* aspis_automaton over co_filename; outcome: number of the package, from 1 */
	__u32 count;
	__u32 profiles; /* __u32[count]: aspis_profile of package n at n - 1 */
	__u16 mediated; /* bits of the classes that any of them has rules of */
	__u16 audited;	/* any of them has audited rules */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_packages) == 16, "aspis_packages");

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
	__u32 announced; /* aspis_announced[], by outcome of `file`; 0: no rule is audited */
	__u32 launch;	 /* aspis_automaton of python=(…): outcome 1 it matches; 0: there is none */
	__u32 packages;	 /* aspis_packages; 0: none */
	__u32 pad2;
	struct aspis_attachments python_children; /* those of `children` with python=(…) */
	struct aspis_context_key contexts[ASPIS_CONTEXTS_MAX];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_profile) == 336, "aspis_profile");

/* In `names`, of ASPIS_UNCONFINED (subject.h), which is no profile. */
#define ASPIS_ID_UNCONFINED 0xffff

/*
 * The profiles with container=(…) are in neither of these: each selector has a scope of its own.
 * In a container the scopes of the selectors that choose it (container.h) are asked one after the
 * other, then `attachments` and `python` above; the first that something attaches by decides.
 */
struct aspis_scope {
	struct aspis_attachments attachments;
	struct aspis_attachments python;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_scope) == 16, "aspis_scope");

struct aspis_policy_root {
	__u32 generation; /* 1, 2, 3, … */
	__u32 count;	  /* entries of profiles: the highest id, and 1 */
	__u32 profiles;	  /* __u32[count]: aspis_profile by id; 0: not loaded. Id 0 is no profile */
	__u32 names; /* aspis_automaton of full names, with or without "&" before them; outcome: id
		      */
	struct aspis_attachments attachments;
	struct aspis_attachments python; /* of profiles with python=(…) */
	__u32 containers;		 /* aspis_scope[selectors] */
	__u32 selectors;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_policy_root) == 40, "aspis_policy_root");

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
	ASPIS_INFO_CONTEXT,  /* a context has no such key, or cannot have this value */
	ASPIS_INFO_RAISED,   /* PermissionError has been raised where the event was */
	ASPIS_INFO_UNANNOUNCED,	    /* a rule grants it if it is announced, and it was not */
	ASPIS_INFO_NOT_SIGNED,	    /* code without fs-verity, where it must be signed */
	ASPIS_INFO_NOT_IN_MANIFEST, /* the same with another digest, or at another path */
	ASPIS_INFO_AGENT,	    /* the agent protects itself (guard.h) */
	ASPIS_INFO_COUNT,
	/* and the number of a package, less one: it was this one that did not allow it */
	ASPIS_INFO_PACKAGE = 0x80,
};

#endif
