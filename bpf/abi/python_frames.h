/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where CPython keeps what the frame walker needs, for one build of it. Values are data, made by
 * probes/cpython; the walker has no version test in it. How it walks:
 *
 * thread  Each thread of CPython keeps its PyThreadState in a slot of thread-specific data (a
 *         pthread key), whether it holds the GIL or not. Which slot it is nobody needs to say: the
 *         state has the thread's own address in it, at + thread_id, and that address is the
 *         thread's base register. From 3.14 on it is a thread-local variable: the same test.
 * frame   *(state + thread_frame), or with ASPIS_FRAMES_CFRAME *(that + cframe_frame). Frames that
 *         C code made have no Python code: owner >= owner_skip.
 * code    *(frame + frame_code), less the low bits code_tag.
 * place   ASPIS_LASTI_BYTES  *(s32 *)(frame + frame_lasti), bytes into the code
 *         ASPIS_LASTI_UNITS  the same, in units of two bytes
 *         ASPIS_LASTI_POINTER  an address; the code begins at code + code_instructions. Without the
 *         GIL each thread may have a copy: number frame_tlbc of those that code_tlbc leads to.
 *
 * Every code object is checked when it is first met: that it is one, and that its parts are of the
 * types that they should be. A wrong table is found out there, and nothing of it is told.
 *
 * Rules of this header: as bpf/abi/event.h.
 */
#ifndef ASPIS_ABI_PYTHON_FRAMES_H
#define ASPIS_ABI_PYTHON_FRAMES_H

#include "python_layout.h"

enum aspis_frames_form {
	ASPIS_FRAMES_DIRECT = 0,
	ASPIS_FRAMES_CFRAME = 1, /* 3.11 and 3.12 */
};

enum aspis_lasti_form {
	ASPIS_LASTI_BYTES = 0,	 /* up to 3.9 */
	ASPIS_LASTI_UNITS = 1,	 /* 3.10 */
	ASPIS_LASTI_POINTER = 2, /* from 3.11 */
};

/* Bytes of a frame, and of a code object from code_head on, that can be looked at. */
#define ASPIS_FRAME_HEAD 128
#define ASPIS_CODE_HEAD 128

struct aspis_python_frames {
	struct aspis_python_layout objects;

	/* PyThreadState */
	__u16 thread_id;    /* u64: address of the thread's control block */
	__u16 thread_frame; /* pointer to the frame, or to the C frame */
	__u16 cframe_frame; /* in a C frame: pointer to the frame */
	__u8 form;	    /* enum aspis_frames_form */
	__u8 lasti_form;    /* enum aspis_lasti_form */

	/* PyFrameObject, from 3.11 _PyInterpreterFrame */
	__u16 frame_size; /* bytes to read */
	__u16 frame_code;
	__u16 frame_back;
	__u16 frame_lasti;
	__u16 frame_owner; /* u8; 0: there is none */
	__u8 owner_skip;
	__u8 code_tag;
	__u16 frame_tlbc; /* u32; 0: there is none */

	/* PyCodeObject */
	__u16 code_head; /* from here on, ASPIS_CODE_HEAD bytes tell it from others, … */
	__u16 code_mask; /* … of them the words whose bit is set: they never change */
	__u16 code_filename;
	__u16 code_name; /* the qualified one, where there is one */
	__u16 code_first_line;
	__u16 code_lines;
	__u16 code_instructions;
	__u16 code_tlbc; /* pointer to {u64 count; u8 *instructions[count]} */
	__u16 slot;	 /* kept by the walker: where the last thread's state was */
	__u16 pad0[2];

	__u32 tls_size; /* bytes of thread-local variables to look through; from 3.14 on */
	__u32 pad;

	__u64 refused; /* kept by the walker: objects that were not what this table says */
};
ASPIS_LAYOUT_ASSERT(sizeof(struct aspis_python_frames) == 112, "aspis_python_frames");

#endif
