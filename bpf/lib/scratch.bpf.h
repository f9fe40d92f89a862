/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scratch buffers: what a program has no room for on its stack, and the record that it builds.
 *
 * A record's length is known only at the end, and the ring reserves constant sizes only. Scratch
 * buffers belong to a CPU, several of them: programs run with migration off but can be preempted,
 * so each is leased by an atomic exchange. All taken: the event is lost and counted.
 */
#ifndef ASPIS_SCRATCH_BPF_H
#define ASPIS_SCRATCH_BPF_H

#include "state.bpf.h"
#include "context.h"
#include "python_argv.h"
#include "subject.h"
#include "../abi/container.h"
#include "../abi/python_frames.h"

#define RECORD_MAX 16384 /* fixed part and tail; power of two */
#define CHUNK_MAX 4096	 /* longest single piece of a tail; power of two */
#define NAME_MAX_BYTES 255
#define SCRATCH_PER_CPU 3
#define CODE_TAIL_MAX 8192 /* of a code object: where its last piece may begin; power of two */

struct walk {
	__u64 dentry; /* next to take */
	__u64 mount;  /* struct mount the dentry is seen through */
	__u32 flags;  /* ASPIS_PATH_* found on the way */
	__u32 off;    /* start of the path in scratch.path */
};

/* The Python reader's place in the arguments: one row for each level of nesting. */
struct decode {
	__u64 next[4]; /* address of the next PyObject * */
	__u32 left[4]; /* of this tuple or list */
	__u32 level;
	__u32 budget; /* values that may still be added */
	__u64 wide;   /* text of wchar_t */
	__u32 units;  /* of it */
	__u32 pad;
};

/* An argument of an audit event, before it is read; kinds: lib/python.bpf.h. */
struct argument {
	__u64 value;
	__s64 length; /* of text whose length was passed; -1: it ends in NUL */
	__u64 kind;
};

/* How far the subject of an audit event has been spelled (spell.bpf.c). */
struct spell {
	__u32 at;	/* in the record: the next value */
	__u32 from;	/* the text at hand: in the record or, if from_own, in own */
	__u32 left;	/* bytes of it */
	__u32 taken;	/* bytes of the argument that have been spelled */
	__u32 level;	/* of tuples and lists */
	__u32 count[4]; /* values left, by level */
	__u8 unit;	/* bytes of a code unit */
	__u8 latin;	/* units are characters, not bytes */
	__u8 from_own;
	__u8 closing;	/* behind the text comes ">" */
	__u8 cut;	/* the argument ends here */
	__u8 cut_then;	/* the same, behind the text at hand */
	__u8 cut_after; /* the same, behind the tuple or list */
	__u8 open;	/* an argument has begun */
	__u8 items;	/* and has something in it */
	__u8 pad[3];
	char own[32];
};

#define FORMAT_MAX 32 /* the longest one of CPython has 9 letters */

/* What PySys_Audit was called with (lib/site.bpf.h). */
struct audit_call {
	struct argument argument[ASPIS_AUDIT_ARGS_MAX];
	__u32 count; /* of all arguments */
	__u32 taken; /* variable arguments, in slots of 8 bytes */
	__u64 registers[6];
	__u64 overflow; /* address of those that are in no register */
	char format[FORMAT_MAX];
};

enum said {
	SAID_NOTHING = 0, /* the event does not announce this operation */
	SAID_PATH,
	SAID_OTHER,
};

/* What the profiles of the current task say of the operation at hand (decide.bpf.h). */
struct ruling {
	__u32 requested, denied;
	__u16 profile;
	__u8 verdict; /* enum aspis_verdict */
	__u8 info;    /* enum aspis_info */
	__u8 reported;
	__u8 null;
	__u8 killed;
	__u8 directory;
	__u8 problem;  /* enum aspis_info: why scratch.subject says nothing; set before rules are
			  asked */
	__u8 packaged; /* a profile that had its say has packages: they are to be asked, too */
	__u16 lacking; /* permissions that some profile does not give, whether requested or not */
	int answer;    /* of the hook: 0, or a negative errno */
	__u16 said; /* enum said: which name of the audit event in force the walked path must be */
	__u16 announced; /* permissions that audited rules may grant: it is that one */
	__u16 audited;	 /* what those of the profile at hand do not grant for want of that */
	__u16 pad;
	__u64 inode; /* address of the struct inode that owner rules ask about; 0: the task's own */
};

/* Where a link's name has led one profile; its target is matched from there. */
struct link_name {
	__u32 state;
	struct aspis_permissions permissions;
	__u16 audited; /* what audited rules grant besides */
	__u16 pad;
};

/* What an audit event aspis.context asks for. */
struct asked_context {
	struct aspis_context_key key;
	struct context_value value; /* without a length: to unset it */
	__u64 token;
	__u32 has_token;
	__u32 pad;
};

/* Which packages the code object at an address is of. */
struct code_packages_key {
	__u64 address;
	__u32 tgid;
	__u32 packages; /* offset of aspis_packages */
};

struct code_packages {
	__u64 fingerprint; /* of the object, the process and the policy */
	__u64 mask;
};

struct scratch {
	__u32 busy;
	__u32 used; /* bytes of record */
	struct ruling ruling;
	struct link_name link[ASPIS_STACK_MAX];
	struct walk walk;
	struct leftmatch left; /* of the attachment under trial */
	struct {	       /* the files that a task brings along (inherit.bpf.c) */
		__u64 table;   /* address of struct file *[] */
		__u32 count, entering;
	} inherit;
	struct plain { /* a name in `subject` that is looked through (mount.bpf.c, observe.bpf.c) */
		__u64 name; /* its address. Here, for a pointer to text is no argument of a global
			       function */
		__u32 from;
		__u32 to;     /* where what is left of it ends */
		__u32 length; /* of the component so far */
		__u32 dots;   /* in it */
		__u32 bad;
	} plain;
	struct { /* a match that goes on (match.bpf.c) */
		__u32 automaton, state, at, subject;
	} rest;
	struct {	   /* the text in `path` is what the task asks for (change.bpf.c) */
		__u32 len; /* without its NUL */
	} asked;
	struct {	   /* of the current task (stack.bpf.c) */
		__u32 row; /* of python_frames, plus 1; 0: the event at hand has no stack */
		__u32 count;
		__u32 tgid;
		__u32 denied; /* the event goes into that ring */
		__u32 used;   /* bytes of the struct aspis_code at hand */
		__u32 pad;
		__u64 image;  /* of the process: tells it from others that had its number */
		__u64 thread; /* its base register */
		__u64 state;  /* PyThreadState */
		__u64 frame;  /* next to take */
		__u8 head[ASPIS_FRAME_HEAD];
		__u8 code[ASPIS_CODE_HEAD];
		__u8 object[64];
		/* struct aspis_code and its tail; room for a last piece */
		__u8 record[2 * CODE_TAIL_MAX];
	} stack;
	struct { /* of the current thread (context.bpf.c) */
		__u32 automaton, keys, at, pad;
		struct context_walk walk;
		__u32 pad2;
		struct context_values values;
		struct asked_context asked;
		__u8 taken[ASPIS_CONTEXT_VALUE_MAX + 1]; /* bytes of an argument */
		__u32 taken_len;
		__u8 key;   /* it is KEY, not VALUE */
		__u8 wrong; /* has a byte that it cannot have */
		__u8 pad3[2];
	} context;
	struct { /* the question that packages are asked, and which of them (package.bpf.c) */
		__u32 class, request, how, error;
		__u32 packages; /* offset of aspis_packages */
		__u32 unknown;	/* the stack cannot be read: any of them may be on it */
		__u32 root;
		__u32 generation;
		__u32 reading; /* a co_filename, which is in stack.record */
		__u32 unit;    /* bytes of its code units */
		__u32 at, end; /* bytes of it */
		__u32 names;   /* aspis_packages.names */
		__u32 state;   /* of it, behind what has been read */
		__u64 fingerprint;
		__u64 on_stack;
		struct code_packages_key key; /* of the frame at hand */
	} package;
	__u16 order[ASPIS_STACK_MAX]
		__attribute__((aligned(8))); /* by place: index into execs, where an event leads; 0:
					      * nowhere
					      */
	struct launch {			     /* what Python is started to run (argv.bpf.c) */
		struct python_argv argv;
		__u64 arguments; /* address in the process */
		__u32 size;	 /* of them, in bytes */
		__u32 read;	 /* they have been read */
		__u32 len;	 /* of NUL and the launch, in `record`; 0: it is not known */
		__u32 script;	 /* a script with "#!" was executed */
		__u64 program;	 /* address of the struct path of its interpreter, or of what was
				    executed */
		__u64 name;	 /* address of the name that was executed */
	} launch;
	struct { /* of the current task's container (container.bpf.c) */
		__u32 at[ASPIS_CONTAINER_SCOPES_MAX]; /* offsets of aspis_scope; 0 ends them */
	} scopes;
	struct normal {	      /* a path in `subject` that becomes the walked one (normal.bpf.c) */
		__u32 from;   /* bytes of it that are still to be looked at */
		__u32 length; /* of the component so far */
		__u32 dots;   /* in it */
		__u32 drop;   /* components that ".." takes away */
	} normal;
	struct {	     /* a name that an audit event says (announce.bpf.c) */
		__u32 from;  /* in the record: its next code unit */
		__u32 left;  /* bytes of it */
		__u32 unit;  /* bytes of a code unit */
		__u32 latin; /* units are characters, not bytes */
		__u32 bad;   /* it can be none of a file */
		__u32 none;  /* None is one */
	} said;
	struct decode decode;
	struct audit_call call;
	struct aspis_announcement announcement; /* of the audit event at hand */
	struct spell spell;
	struct {		/* the socket to decide on (socket.bpf.c) */
		__u64 sk, peer; /* addresses of struct sock */
		__u64 address;	/* of the struct sockaddr of the call */
	} socket;
	struct socket_ends ends;
	__u32 subject_len;
	/* Of a class other than files (abi/subject.h); the second half is room for a last piece
	 * that makes it too long. */
	__u8 subject[2 * CHUNK_MAX];
	/* written from its end; its beginning holds a socket address */
	char path[CHUNK_MAX + 256] __attribute__((aligned(8)));
	char record[RECORD_MAX + CHUNK_MAX] __attribute__((aligned(8)));
};

/* max_entries is set to CPUs × SCRATCH_PER_CPU before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SCRATCH_PER_CPU);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch_buffers SEC(".maps") __weak;

static __always_inline struct scratch *scratch_lease(void)
{
	__u32 first = bpf_get_smp_processor_id() * SCRATCH_PER_CPU;

	for (int i = 0; i < SCRATCH_PER_CPU; i++) {
		__u32 key = first + i;
		struct scratch *scratch = bpf_map_lookup_elem(&scratch_buffers, &key);

		if (scratch && !__sync_lock_test_and_set(&scratch->busy, 1))
			return scratch;
	}
	return NULL;
}

static __always_inline void scratch_release(struct scratch *scratch)
{
	__sync_lock_test_and_set(&scratch->busy, 0);
}

#endif
