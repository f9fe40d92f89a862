/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A site: one instruction of an interpreter where an audit event can be read out of the registers.
 * The agent fills a row for each (probes/cpython/sites.h finds them), and attaches the one program
 * there with the row's number as its cookie.
 *
 * Rules of this header: as event.h.
 */
#ifndef ASPIS_ABI_PYTHON_SITE_H
#define ASPIS_ABI_PYTHON_SITE_H

#include "event.h"

/* Rows of the table: places of all interpreters together. */
#define ASPIS_SITES_MAX 1024
/* aspis_python_site.layout: of this interpreter no layout is known, only names can be told. */
#define ASPIS_LAYOUT_NONE 0xff

/* What the registers hold there (Python/sysmodule.c). */
enum aspis_site_form {
	/* USDT python:audit. name and tuple say where char *event and PyObject *eventArgs are. */
	ASPIS_SITE_USDT = 0,
	/* call sys_audit_tstate(tstate, event, format, va_list *), 3.9 and later */
	ASPIS_SITE_CALL = 1,
	/* sys_audit(module, PyObject *const *args, nargs): sys.audit of Python code */
	ASPIS_SITE_SYS_AUDIT = 2,
	/* PySys_Audit(event, format, ...), before the registers of its arguments are used again;
	 * `offset` bytes above the stack pointer are the arguments that are in no register */
	ASPIS_SITE_ENTRY = 3,
	/* _PySys_Audit(tstate, event, format, ...), as ENTRY; of 3.9 and later */
	ASPIS_SITE_INNER = 4,
};

enum aspis_operand_form {
	ASPIS_OPERAND_NONE = 0,
	ASPIS_OPERAND_REGISTER = 1, /* its value */
	ASPIS_OPERAND_MEMORY = 2,   /* 8 bytes at its value + offset */
	ASPIS_OPERAND_CONSTANT = 3, /* offset */
};

/* Where an argument of a USDT is (systemtap's "8@-16(%rbp)"); always 8 bytes. */
struct aspis_operand {
	__u8 form; /* enum aspis_operand_form */
	__u8 pad[3];
	__u32 regs; /* REGISTER, MEMORY: bytes into struct pt_regs */
	__s64 offset;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_operand) == 16, "aspis_operand");

struct aspis_python_site {
	__u8 form;	/* enum aspis_site_form */
	__u8 layout;	/* row of the table python_layouts, or ASPIS_LAYOUT_NONE */
	__u16 frames;	/* row of the table python_frames, plus 1; 0: none is known */
	__u32 offset;	/* ENTRY, INNER */
	__u64 location; /* virtual address of the instruction in the file */
	struct aspis_operand name, tuple;
	/* Where the kernel can raise PermissionError (bpf/raise.bpf.c): addresses in the file of
	 * PyErr_SetString and PyExc_PermissionError; the site is a function's first instruction. 0:
	 * it cannot. */
	__u64 raise_function, raise_exception;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_python_site) == 64, "aspis_python_site");

/* How many events of tracked tasks a site has seen on one CPU, and of which file it is: whoever may
 * read the maps of the machine finds out from them alone. */
struct aspis_site_seen {
	__u64 device; /* as stat(2) gives it */
	__u64 inode;
	__u64 events; /* told or not (throttled, lost) */
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_site_seen) == 24, "aspis_site_seen");
#define ASPIS_SEEN_MAP "python_seen"

#endif
