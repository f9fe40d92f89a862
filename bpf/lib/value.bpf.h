/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values in the tail of an audit event: a head, and the bytes that user memory or the caller gives.
 *
 * The programs are sleepable, so that what is not in memory can be fetched: most reads find
 * everything there and don't sleep.
 */
#ifndef ASPIS_VALUE_BPF_H
#define ASPIS_VALUE_BPF_H

#include "emit.bpf.h"

#define VALUES_MAX 512 /* of one event, all levels together */
#define VALUES_ROOM                                                                                \
	(RECORD_MAX - VALUES_MAX * 16) /* text may fill the record up to here: heads always fit */

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
 * function, as value_c(): the verifier looks at it once, and not once for each way that leads to
 * it. */
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

#endif
