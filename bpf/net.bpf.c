// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets. The hooks run before the operation, with the address as the kernel copied it: no thread
 * can change it any more. accept is told by sock_graft, which runs when a connection has got its
 * socket: security_socket_accept runs before there is a peer.
 *
 * Decided is what AppArmor decides (security/apparmor/lsm.c), by the same hooks. What they do not
 * see: sendfile and splice to a socket before Linux 6.5, which go past security_socket_sendmsg; and
 * SCTP addresses that setsockopt adds.
 */
#include "lib/hook.bpf.h"
#include "lib/socket.bpf.h"

#define MSG_FASTOPEN 0x20000000 /* sendto(2) that connects */

static __always_inline struct scratch *net_begin(struct aspis_task *state, int *answer)
{
	return access_begin(state, sizeof(struct aspis_net_event), answer);
}

/* What is told of a socket: kind, own address and peer. */
static __always_inline void net_describe(struct scratch *scratch, struct sock *sk, bool peer)
{
	struct aspis_net_event *event = EVENT(scratch, aspis_net_event);

	socket_kind(event, sk);
	if (peer)
		socket_peer(event, sk);
	socket_local(event, sk);
	socket_unix_name(scratch, event, sk);
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
	if (!state)
		return 0;
	scratch = net_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_net_event);
	event->family = ctx[0];
	event->type = ctx[1];
	event->protocol = ctx[2];
	if (confined(state)) {
		scratch->sk = 0;
		socket_ends(scratch);
		scratch->ends.family = event->family;
		scratch->ends.type = event->type;
		scratch->ends.protocol = event->protocol;
		decide_socket(scratch, state, ASPIS_SOCKET_CREATE);
	}
	return access_end(scratch, state, ASPIS_NET_CREATE);
}

/* A call with an address. */
static __always_inline int net_address_access(
	__u16 kind, struct socket *socket, __u64 address, __u32 len, __u32 request, __u32 how)
{
	struct aspis_task *state = current_state();
	struct sock *sk = socket->sk;
	struct scratch *scratch;
	int answer = 0;

	if (!state)
		return 0;
	scratch = net_begin(state, &answer);
	if (!scratch)
		return answer;
	if (confined(state)) {
		scratch->sk = (__u64)sk;
		scratch->address = address;
		socket_ends(scratch);
		socket_given(scratch, len, how);
		decide_socket(scratch, state, request);
	}
	if (access_told(scratch, state)) {
		socket_kind(EVENT(scratch, aspis_net_event), sk);
		address_emit(
			scratch, EVENT(scratch, aspis_net_event), (const void *)address, len, false);
	}
	return access_end(scratch, state, kind);
}

HOOK(socket_bind)
{
	return net_address_access(ASPIS_NET_BIND, ARGUMENT(struct socket, 0), ctx[1], ctx[2],
		ASPIS_SOCKET_BIND, GIVEN_BIND);
}

/*
 * Of unix sockets connect is permission to send and receive, too; one for datagrams only gets a
 * default peer to send to (security/apparmor/lsm.c: apparmor_unix_stream_connect, _unix_may_send).
 */
HOOK(socket_connect)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct sock *sk = socket->sk;
	__u32 request = ASPIS_SOCKET_CONNECT;

	if (sk->__sk_common.skc_family == AF_UNIX)
		request = sk->sk_type == SOCK_DGRAM
				  ? ASPIS_SOCKET_SEND
				  : request | ASPIS_SOCKET_SEND | ASPIS_SOCKET_RECEIVE;
	return net_address_access(
		ASPIS_NET_CONNECT, socket, ctx[1], ctx[2], request, GIVEN_CONNECT);
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
	scratch = net_begin(state, &answer);
	if (!scratch)
		return answer;
	scratch->sk = (__u64)sk;
	socket_ends(scratch);
	if (!peer) {
		scratch->ends.peer.kind = ASPIS_END_NONE;
		scratch->ends.peer.port = 0;
	}
	decide_socket(scratch, state, request);
	if (access_silent(scratch)) {
		scratch_release(scratch);
		return 0;
	}
	net_describe(scratch, sk, peer);
	return access_end(scratch, state, kind);
}

/*
 * Without an address it goes to the peer that connect, or accept, has told of: decided again, for the
 * socket may have been inherited or received, and the peer of an accepted one is not known before.
 */
HOOK(socket_sendmsg)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct msghdr *msg = (void *)ctx[1];
	__u64 name = (__u64)msg->msg_name;
	__u32 request = ASPIS_SOCKET_SEND;

	if (!name)
		return net_access(ASPIS_NET_SENDMSG, socket, request, true);
	if (msg->msg_flags & MSG_FASTOPEN)
		request |= ASPIS_SOCKET_CONNECT;
	return net_address_access(
		ASPIS_NET_SENDMSG, socket, name, msg->msg_namelen, request, GIVEN_MESSAGE);
}

HOOK(socket_listen)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct aspis_task *state = current_state();
	struct sock *sk = socket->sk;
	struct scratch *scratch;
	int answer = 0;

	if (!state)
		return 0;
	scratch = net_begin(state, &answer);
	if (!scratch)
		return answer;
	if (confined(state)) {
		scratch->sk = (__u64)sk;
		socket_ends(scratch);
		decide_socket(scratch, state, ASPIS_SOCKET_LISTEN);
	}
	if (access_told(scratch, state)) {
		EVENT(scratch, aspis_net_event)->backlog = ctx[1];
		net_describe(scratch, sk, false);
	}
	return access_end(scratch, state, ASPIS_NET_LISTEN);
}

DECIDE_HOOK(socket_accept)
{
	return net_access(
		ASPIS_NET_ACCEPT_CALL, ARGUMENT(struct socket, 0), ASPIS_SOCKET_ACCEPT, false);
}

DECIDE_HOOK(socket_recvmsg)
{
	return net_access(
		ASPIS_NET_RECVMSG, ARGUMENT(struct socket, 0), ASPIS_SOCKET_RECEIVE, true);
}

DECIDE_HOOK(socket_getsockname)
{
	return net_access(
		ASPIS_NET_GETATTR, ARGUMENT(struct socket, 0), ASPIS_SOCKET_GETATTR, false);
}

DECIDE_HOOK(socket_getpeername)
{
	return net_access(
		ASPIS_NET_GETATTR, ARGUMENT(struct socket, 0), ASPIS_SOCKET_GETATTR, false);
}

DECIDE_HOOK(socket_getsockopt)
{
	return net_access(
		ASPIS_NET_GETOPT, ARGUMENT(struct socket, 0), ASPIS_SOCKET_GETOPT, false);
}

DECIDE_HOOK(socket_setsockopt)
{
	return net_access(
		ASPIS_NET_SETOPT, ARGUMENT(struct socket, 0), ASPIS_SOCKET_SETOPT, false);
}

DECIDE_HOOK(socket_shutdown)
{
	return net_access(
		ASPIS_NET_SHUTDOWN, ARGUMENT(struct socket, 0), ASPIS_SOCKET_SHUTDOWN, false);
}

/* File rules on the path that a unix socket is bound to. Both hooks run with its lock held. */
static __always_inline int unix_path_access(struct sock *sk, __u32 request)
{
	const struct path *path = (const void *)sk + bpf_core_field_offset(struct unix_sock, path);
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct aspis_task *state;
	struct aspis_file_event *event;
	struct scratch *scratch;
	struct inode *inode;
	int answer = 0;

	if (!dentry)
		return 0;
	state = current_state();
	if (!state || !confined(state))
		return 0;
	scratch = access_begin(state, sizeof(*event), &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_file_event);
	event->length = ~0ull;
	inode = BPF_CORE_READ(dentry, d_inode);
	event->mode = BPF_CORE_READ(inode, i_mode);
	path_walk_address(scratch, path);
	decide_path(scratch, state, request, asker_of(BPF_CORE_READ(inode, i_uid.val)));
	if (access_silent(scratch)) {
		scratch_release(scratch);
		return 0;
	}
	path_finish(scratch, &event->path);
	path_identity(&event->path, inode);
	return access_end(scratch, state, ASPIS_FILE_CONNECT);
}

DECIDE_HOOK(unix_stream_connect)
{
	return unix_path_access((struct sock *)ctx[1], ASPIS_MAY_READ | ASPIS_MAY_WRITE);
}

/* Of each datagram, and of connect. */
DECIDE_HOOK(unix_may_send)
{
	struct socket *other = ARGUMENT(struct socket, 1);

	return unix_path_access(other->sk, ASPIS_MAY_WRITE);
}

VOID_HOOK(sock_graft)
{
	struct sock *sk = (void *)ctx[0];
	struct scratch *scratch = tracked_begin(ASPIS_NET_ACCEPT, sizeof(struct aspis_net_event));

	if (!scratch)
		return;
	net_describe(scratch, sk, true);
	event_send(scratch);
}
