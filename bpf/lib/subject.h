/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subjects of sockets (../abi/subject.h) put together, for BPF and for the host alike. Plain C, but
 * for the loop through a name, of which the verifier shall look at one step only.
 */
#ifndef ASPIS_SUBJECT_H
#define ASPIS_SUBJECT_H

#include "match.h"
#include "../abi/subject.h"

#define SUBJECT_ROOM 4096 /* bytes; power of two */
#define END_NAME_MAX 107  /* of sun_path, without the NUL that comes first */

/* One end of a socket. */
struct socket_end {
	__u8 kind;	 /* ASPIS_END_* */
	__u8 len;	 /* of a unix name */
	__u16 port;	 /* big-endian */
	__u8 bytes[128]; /* the address, or the name */
};

struct socket_ends {
	__u16 family, type, protocol, pad;
	struct socket_end local, peer;
};

/*
 * Appends a byte. A subject that is too long (SUBJECT_ROOM and more) stays so. The length is kept
 * in memory and not in a register: how far it got, the verifier then does not know, and one look at
 * each loop is enough.
 */
MATCH_INLINE void subject_put(__u8 *subject, volatile __u32 *len, __u8 byte)
{
	__u32 at = *len;

	if (at >= SUBJECT_ROOM)
		return;
	*len = at + 1;
	KEEP(at);
	subject[at & (SUBJECT_ROOM - 1)] = byte;
}

/* Appends a byte of a name: 0 and 1 as 1 1 and 1 2. Without a branch for them: it would double what
 * the verifier has to look at in each step of a name. */
MATCH_INLINE void subject_put_escaped(__u8 *subject, volatile __u32 *len, __u8 byte)
{
	__u32 at = *len, escaped = ((__u32)byte - 2) >> 31;

	if (at >= SUBJECT_ROOM)
		return;
	*len = at + 1 + escaped;
	KEEP(at);
	subject[at & (SUBJECT_ROOM - 1)] = 1;
	at += escaped;
	KEEP(at);
	subject[at & (SUBJECT_ROOM - 1)] = byte + escaped;
}

MATCH_INLINE void subject_ip_end(__u8 *subject, volatile __u32 *len, const struct socket_end *end)
{
	__u32 kind = end->kind & ~ASPIS_END_IMPLIED;
	__u32 bytes = kind == ASPIS_END_INET6  ? ASPIS_END_INET6_BYTES
		      : kind == ASPIS_END_INET ? ASPIS_END_INET_BYTES
					       : 0;

	subject_put(subject, len, end->kind);
	for (__u32 i = 0; i < ASPIS_END_INET6_BYTES; i++) {
		if (i >= bytes)
			break;
		subject_put(subject, len, end->bytes[i]);
	}
	subject_put(subject, len, end->port & 0xff);
	subject_put(subject, len, end->port >> 8);
}

MATCH_INLINE void network_subject(
	__u8 *subject, volatile __u32 *len, const struct socket_ends *ends)
{
	*len = 0;
	subject_put(subject, len, ASPIS_CLASS_NETWORK);
	subject_put(subject, len, ends->family);
	subject_put(subject, len, ends->type);
	subject_put(subject, len, ends->protocol >> 8);
	subject_put(subject, len, ends->protocol);
	subject_ip_end(subject, len, &ends->local);
	subject_ip_end(subject, len, &ends->peer);
}

#ifdef __bpf__
struct subject_name {
	__u8 *subject;
	volatile __u32 *len;
	const struct socket_end *end;
};

static long subject_name_step(__u32 i, void *data)
{
	struct subject_name *name = data;

	if (!name->subject || !name->len || !name->end)
		return 1;
	subject_put_escaped(name->subject, name->len, name->end->bytes[i & 127]);
	return 0;
}

MATCH_INLINE void subject_name(__u8 *subject, volatile __u32 *len, const struct socket_end *end)
{
	struct subject_name name = {subject, len, end};

	bpf_loop(end->len, subject_name_step, &name, 0);
}
#else
MATCH_INLINE void subject_name(__u8 *subject, volatile __u32 *len, const struct socket_end *end)
{
	for (__u32 i = 0; i < end->len; i++)
		subject_put_escaped(subject, len, end->bytes[i]);
}
#endif

MATCH_INLINE void subject_unix_end(__u8 *subject, volatile __u32 *len, const struct socket_end *end)
{
	subject_put(subject, len, end->kind);
	if (end->kind != ASPIS_END_ABSTRACT)
		return;
	subject_name(subject, len, end);
	subject_put(subject, len, 0);
}

MATCH_INLINE void unix_subject(__u8 *subject, volatile __u32 *len, const struct socket_ends *ends)
{
	*len = 0;
	subject_put(subject, len, ASPIS_CLASS_UNIX);
	subject_put(subject, len, ends->type);
	subject_unix_end(subject, len, &ends->local);
	subject_unix_end(subject, len, &ends->peer);
}

#endif
