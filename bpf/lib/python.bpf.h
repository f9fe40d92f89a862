/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the arguments of an audit event out of the current process, into the event's tail: C values
 * and Python objects, str, bytes, int, bool, None, float, and tuples and lists of them. How:
 * bpf/abi/python_layout.h. One value is one step of a bpf_loop; nesting is a small stack of (next
 * item, items left). Everything read is the program's own memory and may be nonsense: no offset or
 * length from it is used before it is bounded.
 *
 * The programs are sleepable, so that what is not in memory can be fetched: most reads find
 * everything there and don't sleep.
 */
#ifndef ASPIS_PYTHON_BPF_H
#define ASPIS_PYTHON_BPF_H

#include "emit.bpf.h"
#include "../abi/python_layout.h"

#define VALUES_MAX 512 /* of one event, all levels together */
#define VALUES_ROOM                                                                                \
	(RECORD_MAX - VALUES_MAX * 16) /* text may fill the record up to here: heads always fit */
#define TYPE_NAME_MAX 64

#define OBJECT_HEAD 64

struct reader {
	struct scratch *scratch;
	struct aspis_python_layout *layout;
};

/* What an argument is (struct argument.kind), by the letters of Py_BuildValue(). */
enum argument_kind {
	ARGUMENT_OBJECT = 0, /* PyObject * */
	ARGUMENT_STR,	     /* char *, UTF-8; NULL is None */
	ARGUMENT_BYTES,	     /* char *; NULL is None */
	ARGUMENT_WIDE,	     /* wchar_t *; NULL is None */
	ARGUMENT_SIGNED,     /* 64 bits */
	ARGUMENT_UNSIGNED,
	ARGUMENT_CHARACTER, /* a code point */
	ARGUMENT_UNKNOWN,   /* it has no place among the others, or its letter is not known */
};

/* Fetches the page of an address that could not be read. */
static __always_inline bool fetch_user(__u64 address)
{
	__u8 byte;

	return !bpf_copy_from_user(&byte, sizeof(byte), (const void *)address);
}

static __always_inline bool read_user(void *to, __u32 len, __u64 from)
{
	return !bpf_probe_read_user(to, len, (const void *)from) ||
	       !bpf_copy_from_user(to, len, (const void *)from);
}

static __always_inline __u64 object_u64(struct scratch *scratch, __u16 offset)
{
	return *(__u64 *)&scratch->decode.object[offset & (OBJECT_HEAD - 1)];
}

/* Appends the head of a value; its bytes follow by the caller. */
static __always_inline void value_head(struct scratch *scratch, __u8 type, __u8 flags, __u16 len)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	struct aspis_value *value = (struct aspis_value *)&scratch->record[used];

	value->type = type;
	value->flags = flags;
	value->len = len;
	scratch->used = used + sizeof(*value);
	if (flags & ASPIS_VALUE_CUT)
		EVENT(scratch, aspis_event)->flags |= ASPIS_F_CUT;
}

static __always_inline void value_scalar(
	struct scratch *scratch, __u8 type, __u8 flags, __u64 bits, __u16 len)
{
	__u32 used;

	value_head(scratch, type, flags, len);
	used = scratch->used & (RECORD_MAX - 1);
	*(__u64 *)&scratch->record[used] = bits; /* little endian: the first byte is a bool's */
	scratch->used = used + len;
}

/* Room for the text of a value that begins at `used`. */
static __always_inline __u32 text_room(__u32 used)
{
	return used + sizeof(struct aspis_value) < VALUES_ROOM
		       ? VALUES_ROOM - used - sizeof(struct aspis_value)
		       : 0;
}

/* `units` code units of `kind` bytes at a user address; as many as there is room for. A global
 * function, as value_object() and value_c(): the verifier looks at it once, and not once for each
 * way that leads to it. */
__noinline int value_text(
	struct scratch *scratch, __u32 type, __u32 kind, __u64 address, __u64 units)
{
	__u64 len = units > RECORD_MAX ? RECORD_MAX : units * kind;
	__u8 flags = type == ASPIS_VALUE_STR ? kind : 0;
	struct aspis_value *value;
	__u32 used, room;

	if (!scratch)
		return 0;
	used = scratch->used & (RECORD_MAX - 1);
	room = text_room(used);
	value = (struct aspis_value *)&scratch->record[used];
	if (room > ASPIS_VALUE_MAX)
		room = ASPIS_VALUE_MAX;
	if (len > room) {
		len = room & ~(kind - 1u);
		flags |= ASPIS_VALUE_CUT;
	}
	value_head(scratch, type, flags, 0);
	if (tail_user(scratch, (const void *)address, len) ||
		(len && fetch_user(address) && fetch_user(address + len - 1) &&
			tail_user(scratch, (const void *)address, len)))
		value->len = len;
	else if (len)
		value->type = ASPIS_VALUE_UNREADABLE;
	return 0;
}

/* Text that ends in NUL: bytes, or a str in UTF-8. */
static __always_inline void value_cstring(struct scratch *scratch, __u8 type, __u64 address)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	__u32 room = text_room(used);
	struct aspis_value *value = (struct aspis_value *)&scratch->record[used];
	long len;

	if (room > ASPIS_VALUE_MAX)
		room = ASPIS_VALUE_MAX;
	value_head(scratch, type, 0, 0);
	used = scratch->used & (RECORD_MAX - 1);
	KEEP(room);
	room = (room & (CHUNK_MAX - 1)) + 1;
	len = bpf_probe_read_user_str(&scratch->record[used], room, (const void *)address);
	if (len < 0 && fetch_user(address))
		len = bpf_probe_read_user_str(&scratch->record[used], room, (const void *)address);
	if (len < 1 || len > CHUNK_MAX) {
		value->type = ASPIS_VALUE_UNREADABLE;
		return;
	}
	value->len = len - 1;
	scratch->used = used + len - 1;
	if (len == room) {
		value->flags |= ASPIS_VALUE_CUT;
		EVENT(scratch, aspis_event)->flags |= ASPIS_F_CUT;
	}
}

static __always_inline void value_other(struct scratch *scratch, __u64 name)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	struct aspis_value *value = (struct aspis_value *)&scratch->record[used];
	long len;

	value_head(scratch, ASPIS_VALUE_OTHER, 0, 0);
	used = scratch->used & (RECORD_MAX - 1);
	len = bpf_probe_read_user_str(&scratch->record[used], TYPE_NAME_MAX, (const void *)name);
	if (len > 1 && len <= TYPE_NAME_MAX) {
		value->len = len - 1;
		scratch->used = used + len - 1;
	}
}

static __always_inline void value_int(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 object, __u64 name)
{
	__u64 word = object_u64(scratch, layout->int_size), value = 0, digits;
	__u32 digit[3] = {};
	__u8 flags = 0, bits = layout->int_digit_bits & 31;
	char text[8] = {};

	if (layout->int_form == ASPIS_PYTHON_INT_TAG) {
		__u8 sign = word & layout->int_sign_mask;

		digits = sign == layout->int_sign_zero ? 0 : word >> (layout->int_tag_shift & 63);
		if (sign == layout->int_sign_negative)
			flags = ASPIS_VALUE_NEGATIVE;
	} else {
		digits = (__s64)word < 0 ? -word : word;
		if ((__s64)word < 0)
			flags = ASPIS_VALUE_NEGATIVE;
	}
	if (digits)
		bpf_probe_read_user(&digit,
			digits > 2   ? 12
			: digits > 1 ? 8
				     : 4,
			(const void *)(object + layout->int_digits));
	value = digit[0] | (__u64)digit[1] << bits | (__u64)digit[2] << (2 * bits & 63);
	if (digits > 3 || (digits == 3 && digit[2] >> (64 - 2 * bits & 31)))
		flags |= ASPIS_VALUE_CUT;
	if (value <= 1 && !flags && !bpf_probe_read_user(text, 5, (const void *)name) &&
		text[0] == 'b' && text[1] == 'o' && text[2] == 'o' && text[3] == 'l' && !text[4])
		value_scalar(scratch, ASPIS_VALUE_BOOL, 0, value, 1);
	else
		value_scalar(scratch, ASPIS_VALUE_INT, flags, value, 8);
}

static __always_inline void value_str(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 object)
{
	__u64 length = object_u64(scratch, layout->str_length);
	__u32 state = object_u64(scratch, layout->str_state);
	__u8 kind = state >> (layout->str_kind_shift & 31) & ASPIS_PYTHON_KIND_MASK;
	__u64 address = 0;

	if (kind != 1 && kind != 2 && kind != 4) {
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
		return;
	}
	if (!(state & layout->str_compact_mask))
		bpf_probe_read_user(&address, sizeof(address),
			(const void *)(object + layout->str_data_pointer));
	else
		address = object + (state & layout->str_ascii_mask ? layout->str_ascii_data
								   : layout->str_compact_data);
	value_text(scratch, ASPIS_VALUE_STR, kind, address, length);
}

/* A tuple or list: its head now, its items in the next steps. */
static __always_inline void value_items(struct scratch *scratch, __u8 type, __u64 items, __u64 size)
{
	struct decode *decode = &scratch->decode;
	__u32 level = decode->level & 3, left = size;
	__u8 flags = 0;

	if (size > ASPIS_ITEMS_MAX) {
		left = ASPIS_ITEMS_MAX;
		flags = ASPIS_VALUE_CUT;
	}
	if (left > decode->budget) {
		left = decode->budget;
		flags = ASPIS_VALUE_CUT;
	}
	if (level >= ASPIS_DEPTH_MAX) {
		flags = left ? ASPIS_VALUE_CUT : 0;
		left = 0;
	}
	value_head(scratch, type, flags, left);
	if (!left)
		return;
	level = (level + 1) & 3;
	decode->next[level] = items;
	decode->left[level] = left;
	decode->level = level;
	decode->budget -= left;
}

static __always_inline void value_float_none_other(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 name)
{
	char text[9] = {};

	bpf_probe_read_user(text, sizeof(text), (const void *)name);
	if (text[0] == 'N' && text[1] == 'o' && text[2] == 'n' && text[3] == 'e' &&
		text[4] == 'T' && text[5] == 'y' && text[6] == 'p' && text[7] == 'e' && !text[8])
		value_head(scratch, ASPIS_VALUE_NONE, 0, 0);
	else if (text[0] == 'f' && text[1] == 'l' && text[2] == 'o' && text[3] == 'a' &&
		 text[4] == 't' && !text[5])
		value_scalar(
			scratch, ASPIS_VALUE_FLOAT, 0, object_u64(scratch, layout->float_value), 8);
	else
		value_other(scratch, name);
}

__noinline int value_object(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 object)
{
	__u64 type, flags = 0, name = 0, items = 0;

	if (!scratch || !layout)
		return 0;

	/* an object at the very end of a mapping is shorter than the head that is wanted */
	if (bpf_probe_read_user(scratch->decode.object, OBJECT_HEAD, (const void *)object) &&
		bpf_probe_read_user(
			scratch->decode.object, OBJECT_HEAD / 2, (const void *)object) &&
		!read_user(scratch->decode.object, 24, object)) {
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
		return 0;
	}
	type = object_u64(scratch, layout->ob_type);
	if (!read_user(&flags, sizeof(flags), type + layout->type_flags) ||
		!read_user(&name, sizeof(name), type + layout->type_name)) {
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
		return 0;
	}
	if (flags & ASPIS_PYTHON_UNICODE) {
		value_str(scratch, layout, object);
	} else if (flags & ASPIS_PYTHON_LONG) {
		value_int(scratch, layout, object, name);
	} else if (flags & ASPIS_PYTHON_BYTES) {
		value_text(scratch, ASPIS_VALUE_BYTES, 1, object + layout->bytes_data,
			object_u64(scratch, layout->ob_size));
	} else if (flags & ASPIS_PYTHON_TUPLE) {
		value_items(scratch, ASPIS_VALUE_TUPLE, object + layout->tuple_items,
			object_u64(scratch, layout->ob_size));
	} else if (flags & ASPIS_PYTHON_LIST) {
		bpf_probe_read_user(
			&items, sizeof(items), (const void *)(object + layout->list_items));
		value_items(scratch, ASPIS_VALUE_LIST, items, object_u64(scratch, layout->ob_size));
	} else {
		value_float_none_other(scratch, layout, name);
	}
	return 0;
}

/* Code units of 4 bytes, up to a 0. */
#define WIDE_MAX 256

static long wide_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	__u32 unit = 0;

	if (!scratch || !read_user(&unit, sizeof(unit), scratch->decode.wide + 4ull * index) ||
		!unit)
		return 1;
	scratch->decode.units = index + 1;
	return 0;
}

static __always_inline void value_wide(struct scratch *scratch, __u64 address)
{
	scratch->decode.wide = address;
	scratch->decode.units = 0;
	bpf_loop(WIDE_MAX, wide_step, &scratch, 0);
	value_text(scratch, ASPIS_VALUE_STR, 4, address, scratch->decode.units);
}

/* Argument `at`, which C code passed as no object. */
__noinline int value_c(struct scratch *scratch, __u32 at)
{
	const struct argument *argument;
	__u64 value;
	__s64 length;
	__u8 type;

	if (!scratch)
		return 0;
	argument = &scratch->call.argument[at & (ASPIS_AUDIT_ARGS_MAX - 1)];
	value = argument->value;
	length = argument->length;
	type = argument->kind == ARGUMENT_BYTES ? ASPIS_VALUE_BYTES : ASPIS_VALUE_STR;
	switch (argument->kind) {
	case ARGUMENT_STR:
	case ARGUMENT_BYTES:
	case ARGUMENT_WIDE:
		if (!value)
			value_head(scratch, ASPIS_VALUE_NONE, 0, 0);
		else if (argument->kind == ARGUMENT_WIDE)
			value_wide(scratch, value);
		else if (length < 0)
			value_cstring(scratch, type, value);
		else
			value_text(scratch, type, 1, value, length);
		break;
	case ARGUMENT_SIGNED:
		value_scalar(scratch, ASPIS_VALUE_INT, (__s64)value < 0 ? ASPIS_VALUE_NEGATIVE : 0,
			(__s64)value < 0 ? -value : value, 8);
		break;
	case ARGUMENT_UNSIGNED:
		value_scalar(scratch, ASPIS_VALUE_INT, 0, value, 8);
		break;
	case ARGUMENT_CHARACTER:
		value_scalar(scratch, ASPIS_VALUE_STR, 4, value & 0xffffffff, 4);
		break;
	default:
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
	}
	return 0;
}

/*
 * One step: the next argument, or the next item of the innermost tuple, or back to the one around
 * it. 1 ends the loop.
 */
static long value_step(__u32 index, void *data)
{
	struct reader *reader = data;
	struct scratch *scratch = reader->scratch;
	struct aspis_python_layout *layout = reader->layout;
	__u64 object = 0;
	__u32 level;

	if (!scratch || !layout)
		return 1;
	level = scratch->decode.level & 3;
	if (!scratch->decode.left[level]) {
		if (!level)
			return 1;
		scratch->decode.level = level - 1;
		return 0;
	}
	scratch->decode.left[level]--;
	if (level) {
		read_user(&object, sizeof(object), scratch->decode.next[level]);
		scratch->decode.next[level] += sizeof(object);
	} else {
		__u32 at = scratch->decode.next[0]++ & (ASPIS_AUDIT_ARGS_MAX - 1);
		struct argument *argument = &scratch->call.argument[at];

		if (argument->kind != ARGUMENT_OBJECT) {
			value_c(scratch, at);
			return 0;
		}
		object = argument->value;
	}
	value_object(scratch, layout, object);
	return 0;
}

/* Appends the first `count` of scratch.call.argument as top-level values. Returns the bytes added.
 */
static __always_inline __u32 values_emit(
	struct scratch *scratch, struct aspis_python_layout *layout, __u32 count)
{
	struct reader reader = {.scratch = scratch, .layout = layout};
	__u32 before = scratch->used;

	scratch->decode.level = 0;
	scratch->decode.next[0] = 0;
	scratch->decode.left[0] = count;
	scratch->decode.budget = VALUES_MAX - ASPIS_AUDIT_ARGS_MAX;
	bpf_loop(2 * VALUES_MAX, value_step, &reader, 0);
	return scratch->used - before;
}

#endif
