/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where CPython keeps what the audit reader needs of its objects, for one version.
 *
 * All offsets are bytes from the start of the object. The values are data
 * (probes/cpython/layouts.def); the reader has no version test in it, so another version needs a
 * row and no program. Reading a value (Include/cpython/unicodeobject.h, longintrepr.h):
 *
 * type  = *(u64 *)(object + ob_type); flags = *(u64 *)(type + type_flags);
 *       name = *(char **)(type + type_name)
 * str   flags & UNICODE. state = *(u32 *)(object + str_state), length at + str_length (s64).
 *       kind = state >> str_kind_shift & ASPIS_PYTHON_KIND_MASK: bytes of a code unit, 1, 2 or 4;
 *       0 is a legacy string that nobody has made ready (up to 3.11): unreadable.
 *       state & str_compact_mask: the text is in the object, at + str_ascii_data if
 *       state & str_ascii_mask, else at + str_compact_data. Not compact (a subclass of str): at
 *       *(void **)(object + str_data_pointer).
 * int   flags & LONG. word = *(s64 *)(object + int_size):
 *       ASPIS_PYTHON_INT_SIZE  count = abs(word), negative if word < 0;
 *       ASPIS_PYTHON_INT_TAG   count = 0 if (word & int_sign_mask) == int_sign_zero, else
 *                              word >> int_tag_shift; negative if it is == int_sign_negative.
 *       count digits, u32, at object + int_digits, int_digit_bits each, lowest first.
 * bool  an int (flags & LONG) whose type's name is "bool".
 * bytes flags & BYTES: ob_size bytes at object + bytes_data.
 * float the type's name is "float": a double at object + float_value.
 * None  the type's name is "NoneType".
 * tuple flags & TUPLE: ob_size pointers at object + tuple_items.
 * list  flags & LIST: ob_size pointers at *(void **)(object + list_items).
 *
 * Rules of this header: as bpf/abi/event.h.
 */
#ifndef ASPIS_ABI_PYTHON_LAYOUT_H
#define ASPIS_ABI_PYTHON_LAYOUT_H

#include <linux/types.h>

#ifdef __cplusplus
#define ASPIS_LAYOUT_ASSERT static_assert
#else
#define ASPIS_LAYOUT_ASSERT _Static_assert
#endif

/* Bits of a type's tp_flags: it is, or derives from, … The same in every version so far. */
#define ASPIS_PYTHON_HEAP_TYPE (1ULL << 9) /* made at run time, and may go */
#define ASPIS_PYTHON_LONG (1ULL << 24)
#define ASPIS_PYTHON_LIST (1ULL << 25)
#define ASPIS_PYTHON_TUPLE (1ULL << 26)
#define ASPIS_PYTHON_BYTES (1ULL << 27)
#define ASPIS_PYTHON_UNICODE (1ULL << 28)
#define ASPIS_PYTHON_DICT (1ULL << 29)

#define ASPIS_PYTHON_KIND_MASK 7

enum aspis_python_int_form {
	ASPIS_PYTHON_INT_SIZE = 0, /* up to 3.11: ob_size, whose sign is the number's */
	ASPIS_PYTHON_INT_TAG = 1,  /* from 3.12: lv_tag */
};

struct aspis_python_layout {
	/* PyObject, PyVarObject, PyTypeObject */
	__u16 ob_type;	  /* PyTypeObject * */
	__u16 ob_size;	  /* s64 */
	__u16 type_name;  /* char * */
	__u16 type_flags; /* u64 */

	/* str */
	__u16 str_length;	/* s64, code units */
	__u16 str_state;	/* u32 of bit fields */
	__u16 str_ascii_data;	/* compact and ASCII: the text */
	__u16 str_compact_data; /* compact, not ASCII: the text */
	__u16 str_data_pointer; /* not compact: void *, the text */
	__u16 pad0;
	__u32 str_compact_mask; /* in state */
	__u32 str_ascii_mask;	/* in state */
	__u8 str_kind_shift;	/* in state */

	/* int */
	__u8 int_form;	  /* enum aspis_python_int_form */
	__u16 int_size;	  /* ob_size or lv_tag: 8 bytes */
	__u16 int_digits; /* u32[] */
	__u8 int_digit_bits;
	__u8 int_tag_shift; /* the next four: ASPIS_PYTHON_INT_TAG only */
	__u8 int_sign_mask;
	__u8 int_sign_zero;
	__u8 int_sign_negative;
	__u8 pad;

	/* the others */
	__u16 bytes_data;
	__u16 float_value;
	__u16 tuple_items; /* PyObject *[] */
	__u16 list_items;  /* PyObject ** */

	__u8 major; /* the CPython that this is for */
	__u8 minor;
	__u8 free_threaded; /* built without the GIL */
	__u8 pad2;
};
ASPIS_LAYOUT_ASSERT(sizeof(struct aspis_python_layout) == 52, "aspis_python_layout");
ASPIS_LAYOUT_ASSERT(
	__builtin_offsetof(struct aspis_python_layout, str_ascii_mask) == 24, "str_ascii_mask");
ASPIS_LAYOUT_ASSERT(__builtin_offsetof(struct aspis_python_layout, int_size) == 30, "int_size");
ASPIS_LAYOUT_ASSERT(__builtin_offsetof(struct aspis_python_layout, bytes_data) == 40, "bytes_data");
ASPIS_LAYOUT_ASSERT(__builtin_offsetof(struct aspis_python_layout, major) == 48, "major");

#endif
