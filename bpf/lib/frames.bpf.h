/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The Python frames of the current task, one after the other, whether it holds the GIL or not. How
 * they are found: ../abi/python_frames.h. A frame is one read, the head of its code object another
 * one. Everything read is the program's own memory and may be nonsense.
 */
#ifndef ASPIS_FRAMES_BPF_H
#define ASPIS_FRAMES_BPF_H

#include "emit.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct aspis_python_frames);
} python_frames SEC(".maps") __weak;

#define THREAD_SLOTS 32
#define THREAD_SLOTS_AT 0x310 /* glibc, x86-64: pthread.specific_1stblock, {sequence, value}[] */
#define TLS_WORDS_MAX 64
#define OBJECT_HEAD 64

struct walker {
	struct scratch *scratch;
	struct aspis_python_frames *row;
};

static __always_inline __u64 user_word(__u64 address)
{
	__u64 word = 0;

	bpf_probe_read_user(&word, sizeof(word), (const void *)address);
	return word;
}

/* Is this the state of the thread? Then it is kept. */
static __always_inline bool try_state(
	struct scratch *scratch, struct aspis_python_frames *row, __u64 state)
{
	if (!state || user_word(state + row->thread_id) != scratch->stack.thread)
		return false;
	scratch->stack.state = state;
	return true;
}

/* Where place `slot` is: those of thread-specific data first, then the words of the thread-local
 * block of the program, which ends where the control block begins. */
static __always_inline __u64 slot_address(struct scratch *scratch, __u32 slot)
{
	if (slot < THREAD_SLOTS)
		return scratch->stack.thread + THREAD_SLOTS_AT + 16 * slot + 8;
	return scratch->stack.thread - 8 * (slot - THREAD_SLOTS + 1);
}

static long slot_step(__u32 slot, void *data)
{
	struct walker *walker = data;
	struct scratch *scratch = walker->scratch;
	struct aspis_python_frames *row = walker->row;

	if (!scratch || !row)
		return 1;
	if (!try_state(scratch, row, user_word(slot_address(scratch, slot))))
		return 0;
	row->slot = slot;
	return 1;
}

/* Finds the thread's state. False: it is none of Python's, or its state is being made. */
static __always_inline bool find_state(struct walker *walker)
{
	struct scratch *scratch = walker->scratch;
	__u32 words = walker->row->tls_size / 8;

	scratch->stack.state = 0;
	if (try_state(scratch, walker->row, user_word(slot_address(scratch, walker->row->slot))))
		return true;
	if (words > TLS_WORDS_MAX)
		words = TLS_WORDS_MAX;
	bpf_loop(THREAD_SLOTS + words, slot_step, walker, 0);
	return scratch->stack.state;
}

static __always_inline __u64 head_word(const __u8 *head, __u16 at)
{
	return *(const __u64 *)&head[at & (ASPIS_FRAME_HEAD - 8)];
}

/* Words of the code object that never change, as one number; never 0. Without a branch for each: it
 * would double what the verifier has to look at. */
static __always_inline __u64 fingerprint(struct walker *walker)
{
	__u64 sum = walker->scratch->stack.image, mask = walker->row->code_mask;

	for (int i = 0; i < ASPIS_CODE_HEAD / 8; i++) {
		__u64 word = *(const __u64 *)&walker->scratch->stack.code[8 * i];

		sum = (sum ^ (word & -(mask >> i & 1))) * 0x9e3779b97f4a7c15ull;
		sum ^= sum >> 29;
	}
	return sum | 1;
}

/* Reads the head of an object; one at the very end of a mapping may be shorter. */
static __always_inline bool read_object(struct scratch *scratch, __u64 object)
{
	return object &&
	       (!bpf_probe_read_user(scratch->stack.object, OBJECT_HEAD, (const void *)object) ||
		       !bpf_probe_read_user(scratch->stack.object, 40, (const void *)object));
}

static __always_inline __u64 object_word(struct scratch *scratch, __u16 at)
{
	return *(__u64 *)&scratch->stack.object[at & (OBJECT_HEAD - 8)];
}

/* Is the object that was read of a type with this flag? */
static __always_inline bool object_is(
	struct scratch *scratch, const struct aspis_python_layout *layout, __u64 flag)
{
	return user_word(object_word(scratch, layout->ob_type) + layout->type_flags) & flag;
}

/* Is the object at this address of type `code`? */
static __always_inline bool is_code(const struct aspis_python_layout *layout, __u64 object)
{
	__u64 type = user_word(object + layout->ob_type);
	__u64 name = user_word(type + layout->type_name);
	char text[5] = {};

	return !bpf_probe_read_user(text, sizeof(text), (const void *)name) && text[0] == 'c' &&
	       text[1] == 'o' && text[2] == 'd' && text[3] == 'e' && !text[4];
}

/* What code_text() answers: bytes, bytes of a code unit, and whether it was cut. */
#define TEXT_LEN(text) ((text) & 0xffff)
#define TEXT_UNIT(text) ((text) >> 16 & 7)
#define TEXT_CUT (1u << 24)

/* bpf/stack.bpf.c. Appends a str of at most `max` bytes to scratch.stack.record, at
 * scratch.stack.used. Returns TEXT_*; 0: it is none, or cannot be read. */
int code_text(struct scratch *scratch, struct aspis_python_layout *layout, __u64 object, __u32 max);

/* Reads the head of a code object. False: there is nothing to read. */
static __always_inline bool read_code(struct walker *walker, __u64 object)
{
	return !bpf_probe_read_user(walker->scratch->stack.code, ASPIS_CODE_HEAD,
		(const void *)(object + walker->row->code_head));
}

/* Address of the str that is the code object's file name; its head has been read. */
static __always_inline __u64 code_file(struct walker *walker)
{
	return head_word(
		walker->scratch->stack.code, walker->row->code_filename - walker->row->code_head);
}

/* Reads the next frame, whose code object's address it returns; 0: it is one that C code made, or
 * the last one has been (scratch.stack.frame is 0). *wrong: it cannot be read. */
static __always_inline __u64 next_frame(struct walker *walker, bool *wrong)
{
	struct aspis_python_frames *row = walker->row;
	struct scratch *scratch = walker->scratch;
	__u64 address = scratch->stack.frame;
	__u32 size = row->frame_size & (ASPIS_FRAME_HEAD - 1);

	*wrong = false;
	if (bpf_probe_read_user(scratch->stack.head, size, (const void *)address)) {
		*wrong = true;
		return 0;
	}
	scratch->stack.frame = head_word(scratch->stack.head, row->frame_back);
	if (row->frame_owner &&
		scratch->stack.head[row->frame_owner & (ASPIS_FRAME_HEAD - 1)] >= row->owner_skip)
		return 0;
	return head_word(scratch->stack.head, row->frame_code) & ~(__u64)row->code_tag;
}

/* Begins a walk of the current task's frames. False: the thread is none of Python's. */
static __always_inline bool first_frame(struct walker *walker)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct scratch *scratch = walker->scratch;

	scratch->stack.thread = task->thread.fsbase;
	if (!find_state(walker))
		return false;
	scratch->stack.frame = user_word(scratch->stack.state + walker->row->thread_frame);
	if (walker->row->form == ASPIS_FRAMES_CFRAME)
		scratch->stack.frame = user_word(scratch->stack.frame + walker->row->cframe_frame);
	return true;
}

/* Tells the process `state` is of from others that had its number. */
static __always_inline __u64 image_of(__u64 start)
{
	return start ^ untrusted(bpf_get_current_task_btf())->self_exec_id << 48;
}

#endif
