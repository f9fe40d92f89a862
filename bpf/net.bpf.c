// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets. The hooks run before the operation, with the address as the kernel copied it: no thread
 * can change it any more. accept is told by sock_graft, which runs when a connection has got its
 * socket: security_socket_accept runs before there is a peer.
 *
 * Decided is what AppArmor decides (security/apparmor/lsm.c), by the same hooks. What they do not
 * see: sendfile and splice to a socket before Linux 6.5, which go past security_socket_sendmsg; and
 * SCTP addresses that setsockopt adds. Whom a unix socket speaks to is decided in unix.bpf.c.
 */
#include "lib/hook.bpf.h"
#include "lib/socket.bpf.h"

#define MSG_FASTOPEN 0x20000000 /* sendto(2) that connects */

static __always_inline bool is_unix(const struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_UNIX;
}

HOOK(socket_create)
{
	struct aspis_task *state;
	struct aspis_net_event *event;
	struct scratch *scratch;
	int answer = 0;

	if (ctx[3]) /* the kernel's own */
		return 0;
	state = current_state();
	scratch = socket_begin(state, NULL, NULL, &answer);
	if (!scratch)
		return answer;
	if (confined(state)) {
		scratch->ends.family = ctx[0];
		scratch->ends.type = ctx[1];
		scratch->ends.protocol = ctx[2];
		decide_socket(scratch, state, ASPIS_SOCKET_CREATE);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	record_begin(scratch, sizeof(*event));
	event = EVENT(scratch, aspis_net_event);
	event->family = ctx[0];
	event->type = ctx[1];
	event->protocol = ctx[2];
	return access_tell(scratch, state, ASPIS_NET_CREATE);
}

/* A call with an address. Without a request nobody is asked. */
static __always_inline int net_address_access(__u16 kind, struct socket *socket, __u64 address,
	__u32 len, __u32 bytes, __u32 request, __u32 how)
{
	struct aspis_task *state = current_state();
	struct aspis_net_event *event;
	struct sock *sk = socket->sk;
	struct scratch *scratch;
	int answer = 0;

	scratch = request ? socket_begin(state, sk, NULL, &answer) : access_begin(state, &answer);
	if (!scratch)
		return answer;
	if (confined(state) && request) {
		scratch->socket.address = address;
		socket_given(scratch, len, how);
		decide_socket(scratch, state, request);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	record_begin(scratch, sizeof(*event));
	event = EVENT(scratch, aspis_net_event);
	socket_kind(event, sk);
	address_emit(scratch, event, (const void *)address, len, false);
	event->bytes = bytes;
	return access_tell(scratch, state, kind);
}

HOOK(socket_bind)
{
	return net_address_access(ASPIS_NET_BIND, ARGUMENT(struct socket, 0), ctx[1], ctx[2], 0,
		ASPIS_SOCKET_BIND, GIVEN_BIND);
}

HOOK(socket_connect)
{
	struct socket *socket = ARGUMENT(struct socket, 0);

	return net_address_access(ASPIS_NET_CONNECT, socket, ctx[1], ctx[2], 0,
		is_unix(socket->sk) ? 0 : ASPIS_SOCKET_CONNECT, GIVEN_CONNECT);
}

/* An operation on a socket, as it is, that nobody hears of while it is allowed. */
static __always_inline int net_access(__u16 kind, struct socket *socket, __u32 request, bool peer)
{
	struct aspis_task *state = current_state();
	struct sock *sk = socket->sk;
	struct scratch *scratch;
	int answer = 0;

	if (!state || !confined(state))
		return 0;
	scratch = socket_begin(state, sk, NULL, &answer);
	if (!scratch)
		return answer;
	if (!peer)
		socket_alone(scratch);
	decide_socket(scratch, state, request);
	if (!scratch->ruling.reported)
		return access_drop(scratch);
	socket_record(scratch, sk, peer);
	return access_tell(scratch, state, kind);
}

/*
 * Without an address it goes to the peer that connect, or accept, has told of: decided again, for
 * the socket may have been inherited or received, and the peer of an accepted one is not known
 * before. Datagrams of unix sockets come through unix_may_send.
 */
HOOK(socket_sendmsg)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct msghdr *msg = ARGUMENT(struct msghdr, 1);
	__u64 name = (__u64)msg->msg_name;
	__u32 request = ASPIS_SOCKET_SEND;
	struct sock *sk = socket->sk;

	if (is_unix(sk) && sk->sk_type == SOCK_DGRAM) {
		if (!name)
			return 0;
		request = 0;
	} else if (!name) {
		return net_access(ASPIS_NET_SENDMSG, socket, request, true);
	} else if (msg->msg_flags & MSG_FASTOPEN) {
		request |= ASPIS_SOCKET_CONNECT;
	}
	return net_address_access(
		ASPIS_NET_SENDMSG, socket, name, msg->msg_namelen, ctx[2], request, GIVEN_MESSAGE);
}

HOOK(socket_listen)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct aspis_task *state = current_state();
	struct sock *sk = socket->sk;
	struct scratch *scratch;
	int answer = 0;

	scratch = socket_begin(state, sk, NULL, &answer);
	if (!scratch)
		return answer;
	if (confined(state)) {
		decide_socket(scratch, state, ASPIS_SOCKET_LISTEN);
		answer = scratch->ruling.answer;
	}
	if (access_told(scratch, state)) {
		socket_record(scratch, sk, false)->backlog = ctx[1];
		access_tell_kept(scratch, state, ASPIS_NET_LISTEN);
	}
	if (confined(state) && !answer)
		answer = profile_on_listen(scratch, state);
	scratch_release(scratch);
	return answer;
}

VOID_HOOK(sock_graft)
{
	struct sock *sk = (void *)ctx[0];
	struct aspis_task *state = current_state();
	int answer = 0;
	struct scratch *scratch;

	if (!state || !tells_all(state))
		return;
	scratch = access_begin(state, &answer);
	if (!scratch)
		return;
	socket_record(scratch, sk, true);
	access_tell(scratch, state, ASPIS_NET_ACCEPT);
}

/* From here on, of use to profiles only: not loaded without them (agent/kernel/programs.cc). */

#define SOCKET_HOOK(hook, kind, request, peer)                                                     \
	HOOK(hook)                                                                                 \
	{                                                                                          \
		return net_access(kind, ARGUMENT(struct socket, 0), request, peer);                \
	}

SOCKET_HOOK(socket_accept, ASPIS_NET_ACCEPT_CALL, ASPIS_SOCKET_ACCEPT, false)
SOCKET_HOOK(socket_recvmsg, ASPIS_NET_RECVMSG, ASPIS_SOCKET_RECEIVE, true)
SOCKET_HOOK(socket_getsockname, ASPIS_NET_GETATTR, ASPIS_SOCKET_GETATTR, false)
SOCKET_HOOK(socket_getpeername, ASPIS_NET_GETATTR, ASPIS_SOCKET_GETATTR, false)
SOCKET_HOOK(socket_getsockopt, ASPIS_NET_GETOPT, ASPIS_SOCKET_GETOPT, false)
SOCKET_HOOK(socket_setsockopt, ASPIS_NET_SETOPT, ASPIS_SOCKET_SETOPT, false)
SOCKET_HOOK(socket_shutdown, ASPIS_NET_SHUTDOWN, ASPIS_SOCKET_SHUTDOWN, false)
