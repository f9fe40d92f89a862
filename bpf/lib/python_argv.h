/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What CPython runs, by its command line: plain C for BPF and for the host, no helper calls, one
 * byte at a time. CPython 3.8 to 3.15; how it reads its options is in Python/getopt.c and in
 * Python/initconfig.c: config_parse_cmdline.
 *
 *   struct python_argv argv = {};
 *   for each byte of the arguments, argv[0] first, each with the NUL behind it:
 *           if (python_argv_step(&argv, byte)) break;
 *   python_argv_end(&argv);
 *
 * Then argv.launch is what is run, and of a script or a module argv.text is the offset, in what was
 * stepped over, at which its name begins; a NUL ends it. An option that this interpreter does not
 * have (-P before 3.11), or a value that it refuses, ends it before it runs anything: such
 * arguments are read as those of one that goes on.
 */
#ifndef ASPIS_PYTHON_ARGV_H
#define ASPIS_PYTHON_ARGV_H

#include "match.h"

enum python_argv_state {
	PYTHON_ARGV_PROGRAM = 0, /* in argv[0] */
	PYTHON_ARGV_BEGIN,	 /* before the first byte of an argument */
	PYTHON_ARGV_DASH,	 /* behind its "-" */
	PYTHON_ARGV_OPTIONS,	 /* behind letters that take no value */
	PYTHON_ARGV_LONG,	 /* behind the "-" of a long option */
	PYTHON_ARGV_VALUE,	 /* behind a letter that takes one */
	PYTHON_ARGV_SKIP,	 /* in a value that says nothing here */
	PYTHON_ARGV_OPERAND,	 /* behind "--" */
	PYTHON_ARGV_LONE,	 /* behind the "-" of an operand */
};

struct python_argv {
	__u32 at;      /* bytes taken */
	__u32 text;    /* see above */
	__u8 launch;   /* enum aspis_launch */
	__u8 state;    /* enum python_argv_state */
	__u8 option;   /* VALUE: its letter */
	__u8 compared; /* LONG: bytes that are those of the one long option that takes a value */
	__u8 pad[4];
};

/* Takes a value, and says nothing of what is run. The others with "--" show help or an error. */
#define PYTHON_ARGV_LONG_OPTION "check-hash-based-pycs"
#define PYTHON_ARGV_LONG_BYTES (sizeof(PYTHON_ARGV_LONG_OPTION) - 1)

/* Letters that take no value, and after which Python still runs something. */
MATCH_INLINE int python_argv_flag(__u8 byte)
{
	switch (byte) {
	case 'b':
	case 'B':
	case 'd':
	case 'E':
	case 'i':
	case 'I':
	case 'O':
	case 'P':
	case 'q':
	case 'R':
	case 's':
	case 'S':
	case 't':
	case 'u':
	case 'v':
	case 'x':
		return 1;
	}
	return 0;
}

/* It is known what is run. Always 1. */
MATCH_INLINE int python_argv_decide(struct python_argv *argv, __u8 launch, __u32 text)
{
	argv->launch = launch;
	argv->text = text;
	return 1;
}

/* A letter of an argument that began with "-"; 0 ends it. */
MATCH_INLINE int python_argv_option(struct python_argv *argv, __u8 byte)
{
	if (!byte) {
		argv->state = PYTHON_ARGV_BEGIN;
	} else if (byte == '-') {
		argv->compared = 0;
		argv->state = PYTHON_ARGV_LONG;
	} else if (byte == 'c' || byte == 'm' || byte == 'W' || byte == 'X') {
		argv->option = byte;
		argv->state = PYTHON_ARGV_VALUE;
	} else if (python_argv_flag(byte)) {
		argv->state = PYTHON_ARGV_OPTIONS;
	} else {
		return python_argv_decide(argv, ASPIS_LAUNCH_UNKNOWN, 0);
	}
	return 0;
}

MATCH_INLINE int python_argv_long(struct python_argv *argv, __u8 byte)
{
	static const char option[] = PYTHON_ARGV_LONG_OPTION;

	/* "--"; of "-I-" Python complains, and takes it for the same */
	if (!byte && !argv->compared) {
		argv->state = PYTHON_ARGV_OPERAND;
		return 0;
	}
	if (!byte && argv->compared == PYTHON_ARGV_LONG_BYTES) {
		argv->state = PYTHON_ARGV_SKIP;
		return 0;
	}
	if (!byte || argv->compared >= PYTHON_ARGV_LONG_BYTES || byte != option[argv->compared])
		return python_argv_decide(argv, ASPIS_LAUNCH_UNKNOWN, 0);
	argv->compared++;
	return 0;
}

/* The first byte behind a letter that takes a value: the value is the rest of the argument or, if
 * there is none, the next one. */
MATCH_INLINE int python_argv_value(struct python_argv *argv, __u8 byte, __u32 at)
{
	if (argv->option == 'c' && byte)
		return python_argv_decide(argv, ASPIS_LAUNCH_COMMAND, 0);
	if (argv->option == 'm' && byte)
		return python_argv_decide(argv, ASPIS_LAUNCH_MODULE, at);
	argv->state = PYTHON_ARGV_SKIP;
	return 0;
}

/* Takes one byte. 1: it is decided. */
MATCH_INLINE int python_argv_step(struct python_argv *argv, __u8 byte)
{
	__u32 at = argv->at++;

	switch (argv->state) {
	case PYTHON_ARGV_PROGRAM:
		if (!byte)
			argv->state = PYTHON_ARGV_BEGIN;
		return 0;
	case PYTHON_ARGV_BEGIN:
		if (byte != '-')
			return python_argv_decide(argv, ASPIS_LAUNCH_SCRIPT, at);
		argv->text = at;
		argv->state = PYTHON_ARGV_DASH;
		return 0;
	case PYTHON_ARGV_DASH:
		if (!byte)
			return python_argv_decide(argv, ASPIS_LAUNCH_STDIN, 0);
		return python_argv_option(argv, byte);
	case PYTHON_ARGV_OPTIONS:
		return python_argv_option(argv, byte);
	case PYTHON_ARGV_LONG:
		return python_argv_long(argv, byte);
	case PYTHON_ARGV_VALUE:
		return python_argv_value(argv, byte, at);
	case PYTHON_ARGV_SKIP:
		/* -c and -m with the value in an argument of its own, which may be empty */
		if (argv->option == 'c')
			return python_argv_decide(argv, ASPIS_LAUNCH_COMMAND, 0);
		if (argv->option == 'm')
			return python_argv_decide(argv, ASPIS_LAUNCH_MODULE, at);
		if (!byte)
			argv->state = PYTHON_ARGV_BEGIN;
		return 0;
	case PYTHON_ARGV_OPERAND:
		if (byte != '-')
			return python_argv_decide(argv, ASPIS_LAUNCH_SCRIPT, at);
		argv->text = at;
		argv->state = PYTHON_ARGV_LONE;
		return 0;
	default: /* LONE */
		return python_argv_decide(
			argv, byte ? ASPIS_LAUNCH_SCRIPT : ASPIS_LAUNCH_STDIN, argv->text);
	}
}

/* There are no more arguments. */
MATCH_INLINE void python_argv_end(struct python_argv *argv)
{
	if (argv->launch)
		return;
	if (argv->state == PYTHON_ARGV_BEGIN || argv->state == PYTHON_ARGV_OPERAND)
		argv->launch = ASPIS_LAUNCH_STDIN;
}

#endif
