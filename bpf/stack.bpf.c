// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The stack of an event: the Python frames of the current task (lib/frames.bpf.h). What a code
 * object is called, and its line table, are sent when it is met for the first time (struct
 * aspis_code), so that the agent need not read the memory of a process that may have ended.
 *
 * Nothing that is kept can be stale: where a thread's state was is tried first, but it is tried; an
 * object that was met before is known by a fingerprint of all that it consists of.
 */
#include "lib/frames.bpf.h"
#include "lib/path.bpf.h"

struct code_key {
	__u64 address;
	__u32 tgid;
	__u32 pad;
};

/* A code object that was met. */
struct known_code {
	__u64 id;
	__u64 fingerprint;
	__u32 rings; /* it was sent to: bit 0 `events`, bit 1 `denials` */
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ASPIS_CODES_KNOWN);
	__type(key, struct code_key);
	__type(value, struct known_code);
} known_codes SEC(".maps");

/* The id of the next code object less one. */
__u64 code_sequence;

/* Appends `len` bytes of the process, which is what their length field says. */
static __always_inline bool append_bytes(struct scratch *scratch, __u64 address, __u32 len)
{
	__u32 at = scratch->stack.used & (CODE_TAIL_MAX - 1);

	KEEP(len);
	len &= CODE_TAIL_MAX - 1;
	if (len && bpf_probe_read_user(&scratch->stack.record[at], len, (const void *)address))
		return false;
	scratch->stack.used = at + len;
	return true;
}

/* Global: the verifier looks at it once, and not once for each name. */
__noinline int code_text(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 object, __u32 max)
{
	__u64 length, address;
	__u32 state, unit, cut = 0;

	if (!scratch || !layout || !read_object(scratch, object) ||
		!object_is(scratch, layout, ASPIS_PYTHON_UNICODE))
		return 0;
	length = object_word(scratch, layout->str_length);
	state = object_word(scratch, layout->str_state);
	unit = state >> (layout->str_kind_shift & 31) & ASPIS_PYTHON_KIND_MASK;
	if (unit != 1 && unit != 2 && unit != 4)
		return 0;
	if (!(state & layout->str_compact_mask))
		address = user_word(object + layout->str_data_pointer);
	else
		address = object + (state & layout->str_ascii_mask ? layout->str_ascii_data
								   : layout->str_compact_data);
	max &= CODE_TAIL_MAX - 1;
	if (length > max / unit) {
		length = max / unit;
		cut = TEXT_CUT;
	}
	if (!append_bytes(scratch, address, length * unit))
		return 0;
	return (__u32)(length * unit) | unit << 16 | cut;
}

/* Appends the line table. False: it is no bytes object. */
static __always_inline bool append_lines(struct scratch *scratch,
	const struct aspis_python_layout *layout, __u64 object, struct aspis_code *out)
{
	__u64 length;

	if (!read_object(scratch, object) || !object_is(scratch, layout, ASPIS_PYTHON_BYTES))
		return false;
	length = object_word(scratch, layout->ob_size);
	if (length > ASPIS_CODE_LINES_MAX) {
		length = ASPIS_CODE_LINES_MAX;
		out->cut |= ASPIS_CODE_LINES_CUT;
	}
	out->lines_len = length;
	return append_bytes(scratch, object + layout->bytes_data, length);
}

/* Sends the code object whose head was read. 0: done; 1: no room; 2: it is none. A global function:
 * see code_text(). */
__noinline int code_send(
	struct scratch *scratch, struct aspis_python_frames *row, __u64 object, __u64 id)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	const struct inode *root = task->fs->root.dentry->d_inode;
	__u32 file, name, used;
	struct aspis_code *out;

	if (!scratch || !row || !is_code(&row->objects, object))
		return 2;
	out = (struct aspis_code *)scratch->stack.record;
	__builtin_memset(out, 0, sizeof(*out));
	out->kind = ASPIS_KIND_CODE;
	out->major = row->objects.major;
	out->minor = row->objects.minor;
	out->id = id;
	out->root_ino = root->i_ino;
	out->root_dev = root->i_sb->s_dev;
	out->pid = scratch->stack.tgid;
	out->first_line =
		*(__u32 *)&scratch->stack
			 .code[(row->code_first_line - row->code_head) & (ASPIS_CODE_HEAD - 4)];
	scratch->stack.used = sizeof(*out);
	file = code_text(scratch, &row->objects,
		head_word(scratch->stack.code, row->code_filename - row->code_head),
		ASPIS_CODE_FILE_MAX);
	name = code_text(scratch, &row->objects,
		head_word(scratch->stack.code, row->code_name - row->code_head),
		ASPIS_CODE_NAME_MAX);
	if (!file || !name ||
		!append_lines(scratch, &row->objects,
			head_word(scratch->stack.code, row->code_lines - row->code_head), out))
		return 2;
	out->file_len = TEXT_LEN(file);
	out->file_unit = TEXT_UNIT(file);
	out->name_len = TEXT_LEN(name);
	out->name_unit = TEXT_UNIT(name);
	out->cut |= (file & TEXT_CUT ? ASPIS_CODE_FILE_CUT : 0) |
		    (name & TEXT_CUT ? ASPIS_CODE_NAME_CUT : 0);
	used = scratch->stack.used;
	KEEP(used);
	used &= 2 * CODE_TAIL_MAX - 1;
	out->size = used;
	if (scratch->stack.denied ? bpf_ringbuf_output(&denials, scratch->stack.record, used, 0)
				  : bpf_ringbuf_output(&events, scratch->stack.record, used, 0)) {
		count(ASPIS_STAT_CODE_LOST);
		return 1;
	}
	return 0;
}

/* The id of the code object at an address, which has been sent then. 0: it could not be; the walk
 * ends if it is not what the table says. */
static __always_inline __u64 code_id(struct walker *walker, __u64 object, bool *wrong)
{
	struct scratch *scratch = walker->scratch;
	struct code_key key = {.address = object, .tgid = scratch->stack.tgid};
	__u32 ring = scratch->stack.denied ? 2 : 1;
	struct known_code *found, known = {};
	int error;

	*wrong = !read_code(walker, object);
	if (*wrong)
		return 0;
	known.fingerprint = fingerprint(walker);
	found = bpf_map_lookup_elem(&known_codes, &key);
	if (found && found->fingerprint == known.fingerprint) {
		known.id = found->id;
		if (found->rings & ring)
			return known.id;
		known.rings = found->rings;
	} else {
		known.id = __sync_fetch_and_add(&code_sequence, 1) + 1;
	}
	error = code_send(scratch, walker->row, object, known.id);
	if (error) {
		*wrong = error == 2;
		return 0;
	}
	known.rings |= ring;
	bpf_map_update_elem(&known_codes, &key, &known, BPF_ANY);
	return known.id;
}

static __always_inline __s32 lasti_of(struct walker *walker, __u64 code)
{
	struct aspis_python_frames *row = walker->row;
	__u64 at = head_word(walker->scratch->stack.head, row->frame_lasti);
	__u64 copies;
	__u32 copy;

	if (row->lasti_form == ASPIS_LASTI_POINTER && row->frame_tlbc) {
		copies = user_word(code + row->code_tlbc);
		copy = head_word(walker->scratch->stack.head, row->frame_tlbc);
		return at - user_word(copies + 8 + 8ull * copy);
	}
	if (row->lasti_form == ASPIS_LASTI_POINTER)
		return at - code - row->code_instructions;
	return row->lasti_form == ASPIS_LASTI_UNITS ? (__s32)at * 2 : (__s32)at;
}

/* One frame. 1 ends the walk. */
static long frame_step(__u32 index, void *data)
{
	struct walker *walker = data;
	struct scratch *scratch = walker->scratch;
	struct aspis_python_frames *row = walker->row;
	struct aspis_event *e;
	struct aspis_frame *frame;
	__u64 code, id;
	bool wrong;
	__u32 used;

	if (!scratch || !row)
		return 1;
	e = (struct aspis_event *)scratch->record;
	if (!scratch->stack.frame)
		return 1;
	if (scratch->stack.count >= ASPIS_FRAMES_MAX || scratch->used > RECORD_MAX - 16) {
		e->flags |= ASPIS_F_STACK_CUT;
		return 1;
	}
	code = next_frame(walker, &wrong);
	if (wrong) {
		e->flags |= ASPIS_F_STACK_CUT;
		return 1;
	}
	if (!code)
		return 0;
	id = code_id(walker, code, &wrong);
	if (wrong) {
		__sync_fetch_and_add(&row->refused, 1);
		e->flags |= ASPIS_F_STACK_CUT;
		return 1;
	}
	used = scratch->used & (RECORD_MAX - 1);
	frame = (struct aspis_frame *)&scratch->record[used];
	frame->code = id;
	frame->lasti = lasti_of(walker, code);
	frame->pad = 0;
	scratch->used = used + sizeof(*frame);
	scratch->stack.count++;
	return 0;
}

__noinline int stack_append(struct scratch *scratch, __u32 denied)
{
	struct walker walker = {.scratch = scratch};
	struct aspis_event *e;
	__u32 key;

	if (!scratch)
		return 0;
	e = (struct aspis_event *)scratch->record;
	key = scratch->stack.row - 1;
	walker.row = bpf_map_lookup_elem(&python_frames, &key);
	if (!walker.row || !walker.row->frame_size || e->flags & ASPIS_F_COMPAT)
		return 0;
	scratch->stack.denied = denied;
	scratch->stack.tgid = e->pid;
	scratch->stack.image = image_of(e->start);
	scratch->stack.count = 0;
	if (!first_frame(&walker))
		return 0;
	/* frames of C code lie between those of Python's, at most one for each */
	bpf_loop(2 * ASPIS_FRAMES_MAX + 2, frame_step, &walker, 0);
	e->frames = scratch->stack.count;
	return 0;
}
