/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads the arguments of an audit event out of the current process, into the event's tail: C values
 * and Python objects, str, bytes, int, bool, None, float, and tuples and lists of them. How:
 * bpf/abi/python_layout.h. One value is one step of a bpf_loop; nesting is a small stack of (next
 * item, items left). Everything read is the program's own memory and may be nonsense: no offset or
 * length from it is used before it is bounded.
 *
 * A read of user memory costs about as much as everything else that is done for a value, and a
 * quarter less if it goes to the stack than into a map (the kernel looks up whose memory a map's
 * is). So an object is read once, text of ordinary length included, and what the thread has learned
 * of types is kept.
 */
#ifndef ASPIS_PYTHON_BPF_H
#define ASPIS_PYTHON_BPF_H

#include "value.bpf.h"
#include "../abi/python_layout.h"

#define TYPE_NAME_MAX 64

/* A power of two: the text of a short str that begins in the first half is in it. */
#define OBJECT_HEAD 128

/* The beginning of an object. */
struct object {
	__u8 head[OBJECT_HEAD];
	__u32 read; /* bytes of it */
};

struct reader {
	struct scratch *scratch;
	struct aspis_python_layout *layout;
	struct aspis_task *state;
};

/* What an object is, by its type. 0 is no answer: a free slot of aspis_python.types. */
enum object_kind {
	OBJECT_STR = 1,
	OBJECT_INT,
	OBJECT_BOOL,
	OBJECT_BYTES,
	OBJECT_TUPLE,
	OBJECT_LIST,
	OBJECT_FLOAT,
	OBJECT_NONE,
	OBJECT_OTHER,
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

/* Of an object at the very end of a mapping, or one that is not in memory: what there is. */
static __noinline void read_words(struct object *object, __u64 address)
{
	object->read = 0;
	for (__u32 i = 0; i < OBJECT_HEAD / 2; i += 8) {
		if (!read_user(&object->head[i], 8, address + i))
			break;
		object->read = i + 8;
	}
}

static __always_inline void read_object(struct object *object, __u64 address)
{
	object->read = OBJECT_HEAD;
	if (!bpf_probe_read_user(object->head, OBJECT_HEAD, (const void *)address))
		return;
	object->read = OBJECT_HEAD / 2;
	if (bpf_probe_read_user(object->head, OBJECT_HEAD / 2, (const void *)address))
		read_words(object, address);
}

/* A field of an object's first half; 0: it has not been read. CPython aligns them. */
static __always_inline __u64 object_u64(const struct object *object, __u16 offset)
{
	return offset + 8u <= object->read ? *(__u64 *)&object->head[offset & (OBJECT_HEAD / 2 - 8)]
					   : 0;
}

/* An object of a type that is none of those above: the type's name. */
static __always_inline void value_other(
	struct scratch *scratch, struct aspis_python_layout *layout, __u64 type)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	struct aspis_value *value = (struct aspis_value *)&scratch->record[used];
	__u64 name = 0;
	long len;

	read_user(&name, sizeof(name), type + layout->type_name);
	value_head(scratch, ASPIS_VALUE_OTHER, 0, 0);
	used = scratch->used & (RECORD_MAX - 1);
	len = bpf_probe_read_user_str(&scratch->record[used], TYPE_NAME_MAX, (const void *)name);
	if (len > 1 && len <= TYPE_NAME_MAX) {
		value->len = len - 1;
		scratch->used = used + len - 1;
	}
}

static __always_inline void value_int(struct scratch *scratch, struct aspis_python_layout *layout,
	const struct object *object, __u32 kind)
{
	__u64 word = object_u64(object, layout->int_size), value = 0, digits, low, high;
	__u8 flags = 0, bits = layout->int_digit_bits & 31;
	__u32 digit[3];

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
	if (digits && object->read < layout->int_digits + (digits > 2 ? 16 : 8)) {
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
		return;
	}
	low = object_u64(object, layout->int_digits);
	high = object_u64(object, layout->int_digits + 8);
	digit[0] = digits ? low : 0;
	digit[1] = digits > 1 ? low >> 32 : 0;
	digit[2] = digits > 2 ? high : 0;
	value = digit[0] | (__u64)digit[1] << bits | (__u64)digit[2] << (2 * bits & 63);
	if (digits > 3 || (digits == 3 && digit[2] >> (64 - 2 * bits & 31)))
		flags |= ASPIS_VALUE_CUT;
	if (kind == OBJECT_BOOL)
		value_scalar(scratch, ASPIS_VALUE_BOOL, 0, value & 1, 1);
	else
		value_scalar(scratch, ASPIS_VALUE_INT, flags, value, 8);
}

/*
 * The text of an object, at `offset` of it: out of its head if that has all of it, 64 bytes of it
 * at most. They are copied whole: what is behind the text lies behind the record's end.
 */
#define INLINE_TEXT 64

static __always_inline void value_text_in(struct scratch *scratch, __u32 type, __u32 kind,
	const struct object *object, __u64 address, __u32 offset, __u64 units)
{
	__u64 len = units * kind;
	__u32 used;

	if (units > INLINE_TEXT || len > INLINE_TEXT || offset + len > object->read ||
		offset > OBJECT_HEAD - INLINE_TEXT ||
		text_room(scratch->used & (RECORD_MAX - 1)) < INLINE_TEXT) {
		value_text(scratch, type, kind, address + offset, units);
		return;
	}
	value_head(scratch, type, type == ASPIS_VALUE_STR ? kind : 0, len);
	used = scratch->used & (RECORD_MAX - 1);
	offset &= OBJECT_HEAD - INLINE_TEXT - 8;
	for (__u32 i = 0; i < INLINE_TEXT; i += 8)
		*(__u64 *)&scratch->record[used + i] = *(__u64 *)&object->head[offset + i];
	scratch->used = used + len;
}

static __always_inline void value_str(struct scratch *scratch, struct aspis_python_layout *layout,
	const struct object *object, __u64 from)
{
	__u64 length = object_u64(object, layout->str_length);
	__u32 state = object_u64(object, layout->str_state);
	__u8 kind = state >> (layout->str_kind_shift & 31) & ASPIS_PYTHON_KIND_MASK;
	__u64 address = 0;

	if (kind != 1 && kind != 2 && kind != 4) {
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
		return;
	}
	if (state & layout->str_compact_mask) {
		value_text_in(scratch, ASPIS_VALUE_STR, kind, object, from,
			state & layout->str_ascii_mask ? layout->str_ascii_data
						       : layout->str_compact_data,
			length);
		return;
	}
	bpf_probe_read_user(
		&address, sizeof(address), (const void *)(from + layout->str_data_pointer));
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

/* What kind of objects a type has, by its flags, or by its name where there is no flag. */
static __noinline __u32 kind_of_type(__u64 flags, __u64 name)
{
	char text[16] = {};

	if (flags & ASPIS_PYTHON_UNICODE)
		return OBJECT_STR;
	if (flags & ASPIS_PYTHON_BYTES)
		return OBJECT_BYTES;
	if (flags & ASPIS_PYTHON_TUPLE)
		return OBJECT_TUPLE;
	if (flags & ASPIS_PYTHON_LIST)
		return OBJECT_LIST;
	bpf_probe_read_user_str(text, 9, (const void *)name);
	if (flags & ASPIS_PYTHON_LONG) /* bool cannot be derived from */
		return *(__u64 *)text == 0x6c6f6f62 ? OBJECT_BOOL : OBJECT_INT;
	if (*(__u64 *)text == 0x65707954656e6f4e) /* NoneType */
		return OBJECT_NONE;
	if (*(__u64 *)text == 0x74616f6c66) /* float */
		return OBJECT_FLOAT;
	return OBJECT_OTHER;
}

/*
 * What kind of object it is whose type is at this address; 0: cannot be read. Types that are static
 * in the interpreter stay what they are as long as the image does, and are kept; those made by
 * `class` can go, and others come to their place.
 */
static __noinline __u32 object_kind(struct reader *reader, __u64 type)
{
	struct aspis_python_layout *layout = reader->layout;
	struct aspis_task *state = reader->state;
	__u64 flags = 0, name = 0, *slot;
	__u32 kind;

	if (!layout || !state)
		return 0;
	slot = &state->python.types[(type >> 5 ^ type >> 8) & (ASPIS_TYPE_SLOTS - 1)];
	if (*slot >> 8 == type && type)
		return *slot & 0xff;
	if (!read_user(&flags, sizeof(flags), type + layout->type_flags) ||
		!read_user(&name, sizeof(name), type + layout->type_name))
		return 0;
	kind = kind_of_type(flags, name);
	if (kind != OBJECT_OTHER && !(flags & ASPIS_PYTHON_HEAP_TYPE))
		*slot = type << 8 | kind;
	return kind;
}

static __noinline void value_object(struct reader *reader, __u64 from)
{
	struct aspis_python_layout *layout = reader->layout;
	struct scratch *scratch = reader->scratch;
	struct object object;
	__u64 type, size;
	__u32 kind;

	if (!scratch || !layout)
		return;
	read_object(&object, from);
	type = object_u64(&object, layout->ob_type);
	size = object_u64(&object, layout->ob_size);
	kind = object_kind(reader, type);
	switch (kind) {
	case OBJECT_STR:
		value_str(scratch, layout, &object, from);
		break;
	case OBJECT_INT:
	case OBJECT_BOOL:
		value_int(scratch, layout, &object, kind);
		break;
	case OBJECT_BYTES:
		value_text_in(
			scratch, ASPIS_VALUE_BYTES, 1, &object, from, layout->bytes_data, size);
		break;
	case OBJECT_TUPLE:
		value_items(scratch, ASPIS_VALUE_TUPLE, from + layout->tuple_items, size);
		break;
	case OBJECT_LIST:
		value_items(
			scratch, ASPIS_VALUE_LIST, object_u64(&object, layout->list_items), size);
		break;
	case OBJECT_FLOAT:
		value_scalar(
			scratch, ASPIS_VALUE_FLOAT, 0, object_u64(&object, layout->float_value), 8);
		break;
	case OBJECT_NONE:
		value_head(scratch, ASPIS_VALUE_NONE, 0, 0);
		break;
	case OBJECT_OTHER:
		value_other(scratch, layout, type);
		break;
	default:
		value_head(scratch, ASPIS_VALUE_UNREADABLE, 0, 0);
	}
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
	struct aspis_value *value =
		(struct aspis_value *)&scratch->record[scratch->used & (RECORD_MAX - 1)];

	scratch->decode.wide = address;
	scratch->decode.units = 0;
	bpf_loop(WIDE_MAX, wide_step, &scratch, 0);
	value_text(scratch, ASPIS_VALUE_STR, 4, address, scratch->decode.units);
	if (scratch->decode.units == WIDE_MAX) { /* or longer */
		value->flags |= ASPIS_VALUE_CUT;
		EVENT(scratch, aspis_event)->flags |= ASPIS_F_CUT;
	}
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
	__u64 object = 0;
	__u32 level;

	if (!scratch)
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
	value_object(reader, object);
	return 0;
}

/* Appends the first `count` of scratch.call.argument as top-level values. Returns the bytes added.
 */
static __always_inline __u32 values_emit(struct scratch *scratch,
	struct aspis_python_layout *layout, struct aspis_task *state, __u32 count)
{
	struct reader reader = {.scratch = scratch, .layout = layout, .state = state};
	__u32 before = scratch->used;

	scratch->decode.level = 0;
	scratch->decode.next[0] = 0;
	scratch->decode.left[0] = count;
	scratch->decode.budget = VALUES_MAX - ASPIS_AUDIT_ARGS_MAX;
	bpf_loop(2 * VALUES_MAX, value_step, &reader, 0);
	return scratch->used - before;
}

#endif
