// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The subject of an audit event (abi/subject.h: PYTHON), spelled out of the event's own record:
 * what is decided on is what is told. One value, or one unit of its text, is one step of a
 * bpf_loop.
 */
#include "lib/subject.bpf.h"

#define SPELL_STEPS 16384
/* Where the subject must end, so that what is still to come fits in, cut: a mark and an end for
 * each argument. */
#define SPELL_ROOM (ASPIS_SUBJECT_MAX - 4 * ASPIS_AUDIT_ARGS_MAX)

/* A byte of an argument, if there is room for it; else the argument is cut. */
static __always_inline void spell_byte(struct scratch *scratch, __u8 byte)
{
	struct spell *spell = &scratch->spell;

	if (spell->cut || spell->taken >= ASPIS_PYTHON_ARGUMENT_MAX ||
		scratch->subject_len >= SPELL_ROOM) {
		spell->cut = 1;
		return;
	}
	spell->taken++;
	subject_put_escaped(scratch->subject, &scratch->subject_len, byte);
}

/* A character as UTF-8; U+DC80 to U+DCFF are bytes that were none (PEP 383). */
static __always_inline void spell_character(struct scratch *scratch, __u32 c)
{
	__u32 bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (c >= 0xdc80 && c <= 0xdcff) {
		spell_byte(scratch, c & 0xff);
		return;
	}
	/* a character is never cut in two */
	if (scratch->spell.taken + bytes > ASPIS_PYTHON_ARGUMENT_MAX) {
		scratch->spell.cut = 1;
		return;
	}
	if (bytes == 1) {
		spell_byte(scratch, c);
		return;
	}
	spell_byte(scratch, (bytes == 2		 ? 0xc0 | c >> 6
				    : bytes == 3 ? 0xe0 | c >> 12
						 : 0xf0 | c >> 18));
	if (bytes == 4)
		spell_byte(scratch, 0x80 | (c >> 12 & 0x3f));
	if (bytes >= 3)
		spell_byte(scratch, 0x80 | (c >> 6 & 0x3f));
	spell_byte(scratch, 0x80 | (c & 0x3f));
}

/* The text at hand becomes `len` bytes of scratch.spell.own. */
static __always_inline void spell_own(struct scratch *scratch, const char *text, __u32 len)
{
	struct spell *spell = &scratch->spell;

	__builtin_memcpy(spell->own, text, len);
	spell->from_own = 1;
	spell->from = 0;
	spell->left = len;
	spell->unit = 1;
	spell->latin = 0;
}

static __always_inline void spell_int(struct scratch *scratch, __u64 value, bool negative)
{
	struct spell *spell = &scratch->spell;
	__u32 at = sizeof(spell->own);

	for (int i = 0; i < 20; i++) { /* 2^64 has 20 digits */
		at--;
		spell->own[at & (sizeof(spell->own) - 1)] = '0' + value % 10;
		value /= 10;
		if (!value)
			break;
	}
	if (negative) {
		at--;
		spell->own[at & (sizeof(spell->own) - 1)] = '-';
	}
	spell->from_own = 1;
	spell->from = at;
	spell->left = sizeof(spell->own) - at;
	spell->unit = 1;
	spell->latin = 0;
}

static __always_inline __u64 record_u64(struct scratch *scratch, __u32 at)
{
	KEEP(at);
	return *(__u64 *)&scratch->record[at & (RECORD_MAX - 1)];
}

/* What is spelled of a value that is no tuple and no list; its bytes begin at spell.at. */
static __always_inline void spell_value(struct scratch *scratch, const struct aspis_value *value)
{
	struct spell *spell = &scratch->spell;
	__u32 kind = value->flags & ASPIS_VALUE_KIND;

	spell->from_own = 0;
	spell->from = spell->at;
	spell->left = value->len;
	spell->unit = 1;
	spell->latin = 0;
	spell->closing = 0;
	spell->at += value->len;
	switch (value->type) {
	case ASPIS_VALUE_STR:
		spell->unit = kind == 2 || kind == 4 ? kind : 1;
		spell->latin = kind != 0;
		break;
	case ASPIS_VALUE_BYTES:
		break;
	case ASPIS_VALUE_INT:
		if (value->flags & ASPIS_VALUE_CUT)
			spell->left = 0;
		else
			spell_int(scratch, record_u64(scratch, spell->from),
				value->flags & ASPIS_VALUE_NEGATIVE);
		break;
	case ASPIS_VALUE_BOOL:
		if (record_u64(scratch, spell->from) & 0xff)
			spell_own(scratch, "True", 4);
		else
			spell_own(scratch, "False", 5);
		break;
	case ASPIS_VALUE_NONE:
		spell_own(scratch, "None", 4);
		break;
	case ASPIS_VALUE_UNREADABLE:
		spell->left = 0;
		spell->cut = 1;
		break;
	default: /* OTHER, and FLOAT, of which there is no text */
		if (value->type == ASPIS_VALUE_FLOAT)
			spell_own(scratch, "float", 5);
		spell_byte(scratch, '<');
		spell->closing = 1;
	}
	spell->cut_then = value->flags & ASPIS_VALUE_CUT;
	if (spell->cut_then && !spell->left)
		spell->cut = 1;
}

/* The next unit of the text at hand. */
static __always_inline void spell_unit(struct scratch *scratch)
{
	struct spell *spell = &scratch->spell;
	__u32 from = spell->from, c;

	if (spell->from_own)
		c = spell->own[from & (sizeof(spell->own) - 1)];
	else
		c = record_u64(scratch, from);
	if (spell->unit == 2)
		c &= 0xffff;
	else if (spell->unit == 1)
		c &= 0xff;
	spell->from += spell->unit;
	spell->left -= spell->left < spell->unit ? spell->left : spell->unit;
	if (spell->cut) { /* nothing behind the place where it is cut */
		spell->left = 0;
		return;
	}
	if (spell->latin)
		spell_character(scratch, c);
	else
		spell_byte(scratch, c);
	if (spell->left)
		return;
	if (spell->closing)
		spell_byte(scratch, '>');
	if (spell->cut_then)
		spell->cut = 1;
	spell->closing = 0;
}

/* An argument has been spelled. */
static __always_inline void spell_end(struct scratch *scratch)
{
	struct spell *spell = &scratch->spell;

	if (spell->cut) {
		subject_byte(scratch, ASPIS_SPELLED);
		subject_byte(scratch, ASPIS_SPELLED_CUT);
	}
	subject_byte(scratch, 0);
	spell->open = 0;
	spell->cut = 0;
	spell->cut_after = 0;
	spell->taken = 0;
	spell->items = 0;
}

/* One step. 1: it is all spelled. */
static long spell_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct aspis_value value;
	struct spell *spell;
	__u32 level, at;

	if (!scratch)
		return 1;
	spell = &scratch->spell;
	level = spell->level & 3;
	if (spell->left) {
		spell_unit(scratch);
		return 0;
	}
	if (!level && spell->open) {
		spell_end(scratch);
		return 0;
	}
	if (!spell->count[level]) {
		if (!level)
			return 1;
		spell->level = level - 1;
		spell->cut |= spell->cut_after;
		return 0;
	}
	spell->count[level]--;
	spell->open = 1;
	at = spell->at;
	KEEP(at);
	__builtin_memcpy(&value, &scratch->record[at & (RECORD_MAX - 1)], sizeof(value));
	spell->at += sizeof(value);
	if (value.type == ASPIS_VALUE_TUPLE || value.type == ASPIS_VALUE_LIST) {
		if (value.flags & ASPIS_VALUE_CUT)
			spell->cut_after = 1;
		level = (level + 1) & 3;
		spell->level = level;
		spell->count[level] = value.len;
		return 0;
	}
	if (level && spell->items)
		spell_byte(scratch, ' ');
	spell->items = 1;
	spell_value(scratch, &value);
	return 0;
}

/* Event and arguments of the record at hand, into scratch.subject. Always 0. */
__noinline int spell_event(struct scratch *scratch)
{
	const struct aspis_python_event *event;
	struct spell *spell;

	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_python_event);
	spell = &scratch->spell;
	__builtin_memset(spell, 0, sizeof(*spell));
	scratch->subject[0] = ASPIS_CLASS_PYTHON;
	scratch->subject_len = 1;
	/* the name as one argument of its own: bytes, in front of the values */
	spell->at = sizeof(*event) + event->name_len;
	spell->from = sizeof(*event);
	spell->left = event->name_len;
	spell->unit = 1;
	spell->open = 1;
	spell->cut_then = event->name_cut;
	spell->count[0] = event->args_sent;
	bpf_loop(SPELL_STEPS, spell_step, &scratch, 0);
	return 0;
}
