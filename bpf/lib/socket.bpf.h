/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Deciding on sockets: scratch.socket, then socket_ends, socket_given if the call has an address,
 * decide_socket.
 */
#ifndef ASPIS_SOCKET_BPF_H
#define ASPIS_SOCKET_BPF_H

#include "decide.bpf.h"
#include "address.bpf.h"

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3

/* Which end the address of a call becomes. */
#define GIVEN_BIND 0
#define GIVEN_CONNECT 1
#define GIVEN_MESSAGE 2
#define GIVEN_BY_USER 4 /* with one of them: it lies in the memory of the process */

/* Who made a unix socket, by the address of its struct sock. Not in it: an unconfined task. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct aspis_domain);
} socket_makers SEC(".maps") __weak;

/* All of bpf/socket.bpf.c: global functions take no pointers to kernel types. */

/* Fills scratch.ends from the struct sock at scratch.socket.sk (0: there is none yet), and
 * scratch.socket.peer of a unix one, if it is 0. */
int socket_ends(struct scratch *scratch);
/* Puts the sockaddr of `len` bytes at scratch.socket.address in its place. */
int socket_given(struct scratch *scratch, __u32 len, __u32 how);
/* Rules on scratch.ends for a request: fills scratch.ruling. */
int decide_socket(struct scratch *scratch, struct aspis_task *state, __u32 request);

/* The socket without its peer. */
static __always_inline void socket_alone(struct scratch *scratch)
{
	scratch->ends.peer.kind = ASPIS_END_NONE;
	scratch->ends.peer.port = 0;
	scratch->socket.peer = 0;
}

/* A scratch buffer to decide on this socket, whose ends it has. NULL: *answer is the hook's. */
static __always_inline struct scratch *socket_begin(
	struct aspis_task *state, const struct sock *sk, const struct sock *peer, int *answer)
{
	struct scratch *scratch = access_begin(state, answer);

	if (scratch && confined(state)) {
		scratch->socket.sk = (__u64)sk;
		scratch->socket.peer = (__u64)peer;
		socket_ends(scratch);
	}
	return scratch;
}

/* Begins the record of a socket: kind, own address and, if wanted, peer. */
static __always_inline struct aspis_net_event *socket_record(
	struct scratch *scratch, struct sock *sk, bool peer)
{
	struct aspis_net_event *event = EVENT(scratch, aspis_net_event);

	record_begin(scratch, sizeof(*event));
	socket_kind(event, sk);
	if (peer)
		socket_peer(event, sk);
	socket_local(event, sk);
	socket_unix_name(scratch, event, sk);
	return event;
}

#endif
