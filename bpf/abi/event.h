/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the BPF programs write into the ring and the agent reads out of it.
 *
 * A record is: struct aspis_event (the header), the rest of its kind's payload struct, then a tail
 * of bytes whose lengths the payload gives, in the order in which the payload names them, then the
 * Python frames that led there. Nothing in the tail is NUL-terminated or aligned.
 *
 * Rules of this header: <linux/types.h> only, explicit padding, no pointers, no packed; a
 * static_assert on every size. Both clang -target bpf and g++ compile it.
 */
#ifndef ASPIS_ABI_EVENT_H
#define ASPIS_ABI_EVENT_H

#include <linux/types.h>

#ifdef __cplusplus
#define ASPIS_STATIC_ASSERT static_assert
#else
#define ASPIS_STATIC_ASSERT _Static_assert
#endif

#define ASPIS_ABI_VERSION 2

/* Bytes of the longest path, without a NUL (PATH_MAX - 1). */
#define ASPIS_PATH_MAX 4095
/* Bytes of argv kept by an exec event; more is cut and marked. */
#define ASPIS_ARGV_MAX 4095
/* Bytes of one Python str or bytes value; more is cut and marked. */
#define ASPIS_VALUE_MAX 4095
/* Arguments of one audit event that are decoded. */
#define ASPIS_AUDIT_ARGS_MAX 8
/* Elements of one tuple or list that are decoded; more is cut and marked. */
#define ASPIS_ITEMS_MAX 64
/* Tuples and lists inside an argument: the argument itself is level 1. */
#define ASPIS_DEPTH_MAX 2

enum aspis_kind {
	ASPIS_KIND_NONE = 0,
#define ASPIS_EVENT(id, payload, type, verb, description) ASPIS_##id,
#include "events.def"
#undef ASPIS_EVENT
	ASPIS_KIND_COUNT,
};

enum aspis_verdict {
	ASPIS_VERDICT_ALLOWED = 0,
	ASPIS_VERDICT_DENIED = 1,
	ASPIS_VERDICT_COMPLAIN = 2, /* allowed, would have been denied */
};

/* aspis_event.flags */
#define ASPIS_F_PYTHON                                                                             \
	0x01 /* this image has raised an audit event: it is a CPython under observation */
#define ASPIS_F_INHERITED 0x02 /* cause came over exec: this image has raised none itself */
#define ASPIS_F_CUT 0x04       /* something in the tail was cut; the payload says what */
#define ASPIS_F_COMPAT 0x08    /* raised by a 32-bit system call */
#define ASPIS_F_REPORTED 0x10  /* a rule audits it, or denied it and does not keep that quiet */
#define ASPIS_F_NULL 0x20      /* the profile is the one that complain made for this image */
#define ASPIS_F_KILLED 0x40    /* denied by a profile that kills: the task was sent its signal */
#define ASPIS_F_STACK_CUT 0x80 /* outer Python frames are missing */

/* The head of every record. 96 bytes. */
struct aspis_event {
	__u32 size;   /* bytes of the record, tail included */
	__u16 kind;   /* enum aspis_kind */
	__u8 verdict; /* enum aspis_verdict */
	__u8 flags;   /* ASPIS_F_* */
	__u64 seq;    /* 1, 2, 3, … over all CPUs, lost events included */
	__u64 time;   /* ns, CLOCK_BOOTTIME */
	__u64 cause;  /* seq of the audit event in force on this thread; 0: none. Of an audit event
			 itself: what was in  force when the process was forked or replaced its image
		       */
	__u64 start;  /* ns, CLOCK_BOOTTIME: when the process started; with pid its identity */
	__u64 cgroup; /* cgroup v2 id (inode of its directory) */
	__u32 pid;    /* thread group id, initial pid namespace */
	__u32 tid;
	__u32 uid; /* real ids, initial user namespace */
	__u32 gid;
	__u32 lost_ring;    /* events lost on this CPU since the last one sent from it: the ring was
			       full */
	__u32 lost_scratch; /* the same: every scratch buffer was taken */
	__u16 profile; /* id of the profile that decided (policy.h); 0: the task is not confined */
	__u16 requested; /* permissions of the event's class (policy.h) */
	__u16 denied;	 /* those of them that are missing */
	__u8 info;	 /* enum aspis_info (policy.h): why no rule could decide */
	__u8 frames;	 /* struct aspis_frame at the end of the record, innermost first */
	char comm[16];	 /* of the thread; ends in NUL */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_event) == 96, "aspis_event");

/* aspis_path.flags */
#define ASPIS_PATH_CUT 0x0001	  /* longer than ASPIS_PATH_MAX: the front is missing */
#define ASPIS_PATH_DELETED 0x0002 /* the name no longer leads to this file */
#define ASPIS_PATH_DETACHED                                                                        \
	0x0004 /* the mount is in no namespace (lazy umount, memfd, open_tree) */
#define ASPIS_PATH_FOREIGN                                                                         \
	0x0008 /* the mount is in another namespace than the task: path is from that one's root */
#define ASPIS_PATH_PIPE 0x0010	 /* no path: an anonymous pipe; ino names it */
#define ASPIS_PATH_SOCKET 0x0020 /* no path: a socket; ino names it */
#define ASPIS_PATH_ANON                                                                            \
	0x0040 /* no path: an anonymous inode; bytes are its name, e.g. "[eventfd]" */
#define ASPIS_PATH_LEXICAL                                                                         \
	0x0080 /* not walked by the kernel: directory + the string that the program passed */
#define ASPIS_PATH_LITERAL 0x0100 /* a text, not a path: the target of a symbolic link */
#define ASPIS_PATH_ERROR 0x0200	  /* could not be read; bytes are what is known of it */
#define ASPIS_PATH_MEMFD 0x0400	  /* bytes are "memfd:NAME" */
#define ASPIS_PATH_PSEUDO                                                                          \
	0x0800 /* no path: of a file system that is never mounted (nsfs, dma-buf, …) */

#define ASPIS_PATH_HELD                                                                            \
	0x1000 /* of an image: its process was stopped (SIGSTOP) until somebody has looked at it   \
		*/

struct aspis_path {
	__u16 len;   /* bytes in the tail */
	__u16 flags; /* ASPIS_PATH_* */
	__u32 dev;   /* super_block.s_dev, kernel encoding: major << 20 | minor */
	__u64 ino;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_path) == 16, "aspis_path");

/* PROCESS_EXEC, PROCESS_FOUND. Tail: exe, cwd, argv (each argument ends in NUL, the last one's may
 * be cut). */
struct aspis_exec_event {
	struct aspis_event e;
	struct aspis_path exe;
	struct aspis_path cwd;
	__u64 parent_start;
	__u32 ppid;
	__u16 argv_len;
	__u8 argv_cut;
	__u8 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_exec_event) == 144, "aspis_exec_event");

/* PROCESS_FORK: the header is the parent's. */
struct aspis_fork_event {
	struct aspis_event e;
	__u64 child_start;
	__u32 child_pid;
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_fork_event) == 112, "aspis_fork_event");

/* PROCESS_EXIT */
struct aspis_exit_event {
	struct aspis_event e;
	__u32 status; /* as wait(2) gives it: code << 8 | signal | 0x80 if core was dumped */
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_exit_event) == 104, "aspis_exit_event");

/* FILE_*. Tail: path, other. `other` is the new name (rename, link) or the link's text (symlink).
 */
struct aspis_file_event {
	struct aspis_event e;
	struct aspis_path path;
	struct aspis_path other;
	__u32 flags; /* open(2) flags; prot for mmap_exec */
	__u32 mode;  /* create, mkdir, chmod: mode bits; open: those of the inode */
	__u32 uid;   /* chown; (u32)-1: unchanged */
	__u32 gid;
	__u64 length; /* truncate; ~0: not known on this hook */
	/* Where a profile was asked: who wanted it, and what the file is. A name that has no file
	 * yet is to be the task's. */
	__u32 fsuid, ouid;
	__u16 target;	/* exec: id of the profile that it leads to; 0: none */
	__u8 directory; /* AppArmor writes the name with "/" at its end */
	__u8 protect;	/* mmap_exec: by mprotect(2) */
	__u8 pad[4];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_file_event) == 168, "aspis_file_event");

/* NET_*. Tail: unix_path (as in sun_path: an abstract name starts with NUL). */
struct aspis_net_event {
	struct aspis_event e;
	__u16 family;	  /* AF_* */
	__u16 type;	  /* SOCK_* */
	__u16 protocol;	  /* IPPROTO_* */
	__u16 port;	  /* host byte order */
	__u8 address[16]; /* network byte order; inet uses the first four */
	__u32 backlog;	  /* listen */
	__u32 scope;	  /* inet6 scope id */
	__u16 unix_len;	  /* bytes in the tail */
	__u16 local_port; /* accept, listen */
	__u32 bytes;	  /* sendmsg: size of the message */
	__u8 local[16];	  /* accept, listen: the socket's own address */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_net_event) == 152, "aspis_net_event");

/* PRIV_*. Tail: path (mount point, module), text (mount: "TYPE\0SOURCE";
 * change_profile: the name asked for). */
struct aspis_privilege_event {
	struct aspis_event e;
	struct aspis_path path;
	__u64 target_start; /* ptrace, kill: the target's identity */
	__u64 flags;	    /* mount flags */
	__u32 target_pid;
	__u32 number;	 /* capable: CAP_*; kill: signal; ptrace: PTRACE_MODE_*; bpf: BPF_*; module:
			    READING_*; rlimit: RLIMIT_*, its new hard value in `flags`; io_uring:
			    the permission (policy.h); change_profile: enum aspis_request */
	__u32 old_id[3]; /* setuid: real, effective, saved */
	__u32 new_id[3];
	__u16 text_len;
	__u16 pad;
	__u32 pad2;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_privilege_event) == 168, "aspis_privilege_event");

/* PYTHON_AUDIT. Tail: name (UTF-8), then the encoded arguments (values_len bytes). */
struct aspis_python_event {
	struct aspis_event e;
	__u16 name_len;
	__u16 values_len;
	__u16 args;	 /* arguments that CPython passed */
	__u16 args_sent; /* top-level values in the tail, at most ASPIS_AUDIT_ARGS_MAX */
	__u8 name_cut;
	__u8 pad;
	__u16 site;	 /* row of python_site.h */
	__u32 throttled; /* events of this thread before this one that were not told */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_python_event) == 112, "aspis_python_event");

/*
 * One Python value in the tail: this head, then `len` bytes; for TUPLE and LIST no bytes, but `len`
 * values. Read it by memcpy: it is not aligned.
 */
struct aspis_value {
	__u8 type;  /* enum aspis_value_type */
	__u8 flags; /* ASPIS_VALUE_* */
	__u16 len;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_value) == 4, "aspis_value");

enum aspis_value_type {
	ASPIS_VALUE_NONE = 0,
	ASPIS_VALUE_BOOL = 1, /* one byte, 0 or 1 */
	ASPIS_VALUE_INT =
		2, /* __u64 magnitude, sign in flags; CUT: it did not fit, the low 64 bits follow */
	ASPIS_VALUE_FLOAT = 3, /* double */
	ASPIS_VALUE_STR = 4,   /* UTF-8, or code units of 1 (Latin-1), 2 or 4 bytes, by
				  ASPIS_VALUE_KIND */
	ASPIS_VALUE_BYTES = 5,
	ASPIS_VALUE_TUPLE = 6,
	ASPIS_VALUE_LIST = 7,
	ASPIS_VALUE_OTHER = 8,	    /* the type's tp_name */
	ASPIS_VALUE_UNREADABLE = 9, /* the memory could not be read (paged out, or not an object) */
};

#define ASPIS_VALUE_KIND 0x07	  /* str: bytes of a code unit; 0: UTF-8 */
#define ASPIS_VALUE_NEGATIVE 0x08 /* int */
#define ASPIS_VALUE_CUT 0x80	  /* bytes, items or digits are missing */

/* Python frames of one stack; more are cut and marked. */
#define ASPIS_FRAMES_MAX 48

/* One Python frame: the code that it runs, and how far. */
struct aspis_frame {
	__u64 code;  /* aspis_code.id; 0: it could not be sent */
	__s32 lasti; /* bytes into its instructions; negative: before the first */
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_frame) == 16, "aspis_frame");

/*
 * A record of its own, sent once, before the first event with a frame of it, into the same ring. It
 * is no event: it has no number, and seq is 0. Tail: file name and qualified name (code units of 1,
 * 2 or 4 bytes), then the line table.
 */
#define ASPIS_KIND_CODE 0x8000
#define ASPIS_CODE_FILE_MAX 4095
#define ASPIS_CODE_NAME_MAX 1023
#define ASPIS_CODE_LINES_MAX 8191

struct aspis_code {
	__u32 size; /* as aspis_event */
	__u16 kind; /* ASPIS_KIND_CODE */
	__u8 major; /* the CPython whose line table this is */
	__u8 minor;
	__u64 seq; /* 0 */
	__u64 id;  /* 1, 2, 3, … */
	__u64 root_ino;
	__u32 root_dev; /* root directory of the process, as aspis_path has it */
	__u32 pid;	/* thread group id, initial pid namespace */
	__u32 first_line;
	__u16 file_len; /* bytes in the tail */
	__u16 name_len;
	__u16 lines_len;
	__u8 file_unit; /* bytes of a code unit */
	__u8 name_unit;
	__u8 cut; /* ASPIS_CODE_*_CUT */
	__u8 pad[3];
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_code) == 56, "aspis_code");

/* Code objects that the BPF side remembers to have sent; the agent must remember more. */
#define ASPIS_CODES_KNOWN 16384

#define ASPIS_CODE_FILE_CUT 1
#define ASPIS_CODE_NAME_CUT 2
#define ASPIS_CODE_LINES_CUT 4

/* Which events carry Python frames. */
enum aspis_stacks {
	ASPIS_STACKS_NONE = 0,
	ASPIS_STACKS_DENIED = 1, /* what profiles report, and what Python may not have announced */
	ASPIS_STACKS_ALL = 2,
};

/* Per-CPU counters of the BPF side, index of map `stats`. */
enum aspis_stat {
	ASPIS_STAT_RING_FULL = 0, /* events lost: no room in the ring */
	ASPIS_STAT_SCRATCH_BUSY,  /* events lost: every scratch buffer of the CPU was taken */
	ASPIS_STAT_TASK_FULL,	  /* tasks that could not be tracked: no memory for their state */
	ASPIS_STAT_PATH_CUT,	  /* events sent with a cut path */
	ASPIS_STAT_VALUE_CUT,	  /* audit events sent with a cut value */
	ASPIS_STAT_COMPAT,    /* 32-bit system calls that the tracepoint backend does not decode */
	ASPIS_STAT_CODE_LOST, /* code objects that found no room in the ring: frames without names
			       */
	ASPIS_STAT_THROTTLED, /* audit events that a thread raised too often (throttle.bpf.h) */
	/* programs executed in a cgroup that nobody could tell whether it is a container's: no
	 * profile with container=(…) attaches to them */
	ASPIS_STAT_CGROUP_UNKNOWN,
	ASPIS_STAT_COUNT,
};

/* Of each CPU; and the losses that its next event will report. */
struct aspis_cpu_counters {
	__u64 stat[ASPIS_STAT_COUNT];
	__u32 pending_ring;
	__u32 pending_scratch;
};

#endif
