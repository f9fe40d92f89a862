// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets. The hooks run before the operation, with the address as the kernel copied it: no thread
 * can change it any more. accept is told by sock_graft, which runs when a connection has got its
 * socket: security_socket_accept runs before there is a peer.
 */
#include "lib/hook.bpf.h"
#include "lib/address.bpf.h"

static __always_inline struct scratch *net_begin(__u16 kind, struct sock *sk)
{
	struct scratch *scratch = tracked_begin(kind, sizeof(struct aspis_net_event));

	if (scratch)
		socket_kind(EVENT(scratch, aspis_net_event), sk);
	return scratch;
}

WATCH_HOOK(socket_create)
{
	struct scratch *scratch;
	struct aspis_net_event *event;

	if (ctx[3]) /* the kernel's own */
		return;
	scratch = net_begin(ASPIS_NET_CREATE, NULL);
	if (!scratch)
		return;
	event = EVENT(scratch, aspis_net_event);
	event->family = ctx[0];
	event->type = ctx[1];
	event->protocol = ctx[2];
	event_send(scratch);
}

static __always_inline void net_address_event(
	__u16 kind, struct socket *socket, const void *address, __u32 len)
{
	struct scratch *scratch = net_begin(kind, socket->sk);

	if (!scratch)
		return;
	address_emit(scratch, EVENT(scratch, aspis_net_event), address, len, false);
	event_send(scratch);
}

WATCH_HOOK(socket_bind)
{
	net_address_event(ASPIS_NET_BIND, ARGUMENT(struct socket, 0), (const void *)ctx[1], ctx[2]);
}

WATCH_HOOK(socket_connect)
{
	net_address_event(
		ASPIS_NET_CONNECT, ARGUMENT(struct socket, 0), (const void *)ctx[1], ctx[2]);
}

WATCH_HOOK(socket_sendmsg)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct msghdr *msg = (void *)ctx[1];
	const void *name = msg->msg_name;
	struct scratch *scratch;

	if (!name) /* to the peer that connect, or accept, has told of */
		return;
	scratch = net_begin(ASPIS_NET_SENDMSG, socket->sk);
	if (!scratch)
		return;
	EVENT(scratch, aspis_net_event)->bytes = ctx[2];
	address_emit(scratch, EVENT(scratch, aspis_net_event), name, msg->msg_namelen, false);
	event_send(scratch);
}

WATCH_HOOK(socket_listen)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct sock *sk = socket->sk;
	struct scratch *scratch = net_begin(ASPIS_NET_LISTEN, sk);
	struct aspis_net_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_net_event);
	event->backlog = ctx[1];
	socket_local(event, sk);
	socket_unix_name(scratch, event, sk);
	event_send(scratch);
}

VOID_HOOK(sock_graft)
{
	struct sock *sk = (void *)ctx[0];
	struct scratch *scratch = net_begin(ASPIS_NET_ACCEPT, sk);
	struct aspis_net_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_net_event);
	socket_peer(event, sk);
	socket_local(event, sk);
	socket_unix_name(scratch, event, sk);
	event_send(scratch);
}
