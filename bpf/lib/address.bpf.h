/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Socket addresses: from a sockaddr that a hook was given, or from the socket itself. */
#ifndef ASPIS_ADDRESS_BPF_H
#define ASPIS_ADDRESS_BPF_H

#include "emit.bpf.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10

#define UNIX_PATH_MAX 108
#define ADDRESS_MAX 128

#define swap16(port) __builtin_bswap16(port)

/* Where the fields of struct sockaddr_in, _in6 and _un are (include/uapi/linux/in.h, in6.h, un.h).
 */
#define SOCKADDR_FAMILY 0
#define SOCKADDR_PORT 2
#define SOCKADDR_INET 4
#define SOCKADDR_INET6 8
#define SOCKADDR_SCOPE 24
#define SOCKADDR_PATH 2

/*
 * Fills family, address and port from a sockaddr of `len` bytes; a unix path goes to the tail.
 * `user`: it lies in the memory of the process (tracepoint backend), which another thread may
 * change meanwhile.
 */
static __always_inline void address_emit(struct scratch *scratch, struct aspis_net_event *event,
	const void *from, __u32 len, bool user)
{
	char *address = scratch->path; /* not the stack, which hooks share; no path is under way */
	__u32 size = len > SOCKADDR_PATH + UNIX_PATH_MAX ? SOCKADDR_PATH + UNIX_PATH_MAX : len;

	KEEP(size);
	size &= ADDRESS_MAX - 1;
	if (size < SOCKADDR_PORT)
		return;
	__builtin_memset(address, 0, ADDRESS_MAX);
	if (user ? bpf_probe_read_user(address, size, from)
		 : bpf_probe_read_kernel(address, size, from))
		return;
	event->family = *(__u16 *)&address[SOCKADDR_FAMILY];
	if (event->family == AF_INET) {
		event->port = swap16(*(__u16 *)&address[SOCKADDR_PORT]);
		__builtin_memcpy(event->address, &address[SOCKADDR_INET], 4);
	} else if (event->family == AF_INET6) {
		event->port = swap16(*(__u16 *)&address[SOCKADDR_PORT]);
		__builtin_memcpy(event->address, &address[SOCKADDR_INET6], 16);
		event->scope = *(__u32 *)&address[SOCKADDR_SCOPE];
	} else if (event->family == AF_UNIX && size > SOCKADDR_PATH) {
		__u32 bytes = size - SOCKADDR_PATH, end = bytes;

		if (address[SOCKADDR_PATH]) /* a path ends at its NUL, an abstract name at `len` */
			for (end = 0; end < UNIX_PATH_MAX && address[SOCKADDR_PATH + end]; end++)
				;
		event->unix_len =
			tail_kernel(scratch, &address[SOCKADDR_PATH], end > bytes ? bytes : end);
	}
}

/* What the socket is: family, type, protocol. */
static __always_inline void socket_kind(struct aspis_net_event *event, struct sock *sk)
{
	if (!sk)
		return;
	event->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	event->type = BPF_CORE_READ(sk, sk_type);
	event->protocol = BPF_CORE_READ(sk, sk_protocol);
}

/* The socket's own address, once it has one. */
static __always_inline void socket_local(struct aspis_net_event *event, struct sock *sk)
{
	__u32 inet;

	if (!sk)
		return;
	if (event->family == AF_INET) {
		inet = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
		__builtin_memcpy(event->local, &inet, 4);
		event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	} else if (event->family == AF_INET6) {
		bpf_core_read(event->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	}
}

/* The peer of a connected socket, from the socket. */
static __always_inline void socket_peer(struct aspis_net_event *event, struct sock *sk)
{
	__u32 inet;

	if (!sk)
		return;
	if (event->family == AF_INET) {
		inet = BPF_CORE_READ(sk, __sk_common.skc_daddr);
		__builtin_memcpy(event->address, &inet, 4);
		event->port = swap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	} else if (event->family == AF_INET6) {
		bpf_core_read(event->address, 16, &sk->__sk_common.skc_v6_daddr);
		event->port = swap16(BPF_CORE_READ(sk, __sk_common.skc_dport));
	}
}

/* The name a unix socket is bound to, to the tail. */
static __always_inline void socket_unix_name(
	struct scratch *scratch, struct aspis_net_event *event, struct sock *sk)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	int len;

	if (event->family != AF_UNIX || !address)
		return;
	len = BPF_CORE_READ(address, len) -
	      (int)sizeof(__u16); /* of sockaddr_un: the family is in it */
	if (len <= 0 || len > UNIX_PATH_MAX)
		return;
	event->unix_len = tail_kernel(scratch,
		(const void *)address + bpf_core_field_offset(struct unix_address, name) +
			bpf_core_field_offset(struct sockaddr_un, sun_path),
		len);
	if (event->unix_len && scratch->record[(scratch->used - 1) & (RECORD_MAX - 1)] == 0 &&
		scratch->record[(scratch->used - event->unix_len) & (RECORD_MAX - 1)]) {
		event->unix_len--; /* the path's NUL, which len counts */
		scratch->used--;
	}
}

#endif
