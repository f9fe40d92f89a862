// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whom unix sockets speak to, and who made them. Connecting and sending datagrams is decided where
 * the kernel has found the peer: its address may be a path, and its maker has a profile
 * (security/apparmor/af_unix.c). Only the profile of the task that connects or sends is asked; that
 * of the peer is when it accepts and receives.
 *
 * Loaded for profiles only (agent/kernel/programs.cc).
 */
#include "lib/hook.bpf.h"
#include "lib/socket.bpf.h"

/* Of the path that a socket is bound to, file rules speak. Its owner's lock is held. */
static __always_inline int unix_path_access(
	__u16 kind, struct aspis_task *state, struct sock *sk, __u32 request)
{
	const struct path *path = (const void *)sk + bpf_core_field_offset(struct unix_sock, path);
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct aspis_file_event *event;
	struct scratch *scratch;
	struct inode *inode;
	int answer = 0;

	if (!dentry)
		return 0;
	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	inode = BPF_CORE_READ(dentry, d_inode);
	scratch->ruling.inode = (__u64)inode;
	path_walk_address(scratch, path);
	use_announcement(scratch, state, kind);
	decide_path(scratch, state, request, 0);
	if (!scratch->ruling.reported)
		return access_drop(scratch);
	event = file_record(scratch);
	event->mode = BPF_CORE_READ(inode, i_mode);
	path_finish(scratch, &event->path);
	path_identity(&event->path, inode);
	return access_tell(scratch, state, ASPIS_FILE_CONNECT);
}

/* The call itself has been told of by socket_connect or socket_sendmsg. */
static __always_inline int unix_peer_access(
	__u16 kind, struct sock *sk, struct sock *peer, __u32 request, __u32 path_request)
{
	struct aspis_task *state = current_state();
	struct aspis_net_event *event;
	struct scratch *scratch;
	int answer;

	if (!state || !confined(state))
		return 0;
	answer = unix_path_access(kind, state, peer, path_request);
	if (answer)
		return answer;
	scratch = socket_begin(state, sk, peer, &answer);
	if (!scratch)
		return answer;
	decide_socket(scratch, state, request);
	if (!scratch->ruling.reported)
		return access_drop(scratch);
	record_begin(scratch, sizeof(*event));
	event = EVENT(scratch, aspis_net_event);
	socket_kind(event, sk);
	socket_unix_name(scratch, event, peer);
	return access_tell(scratch, state, kind);
}

/* Makes a socket that of these profiles. */
static __always_inline int unix_made_by(const struct sock *sk, const struct aspis_domain *maker)
{
	struct aspis_domain domain = *maker;
	__u64 key = (__u64)sk;

	return bpf_map_update_elem(&socket_makers, &key, &domain, BPF_ANY) ? -ENOMEM : 0;
}

HOOK(socket_post_create)
{
	struct socket *socket = ARGUMENT(struct socket, 0);
	struct aspis_task *state;

	if (ctx[1] != AF_UNIX || ctx[4]) /* the kernel's own */
		return 0;
	state = current_state();
	return state && confined(state) ? unix_made_by(socket->sk, &state->domain) : 0;
}

/* connect(2) is permission to send and receive, too. The new socket, which accept will return, is
 * that of the listener's maker. */
HOOK(unix_stream_connect)
{
	struct sock *peer = ARGUMENT(struct sock, 1), *new = ARGUMENT(struct sock, 2);
	__u64 key = (__u64)peer;
	struct aspis_domain *maker = NULL;
	int answer;

	answer = unix_peer_access(ASPIS_NET_CONNECT, ARGUMENT(struct sock, 0), peer,
		ASPIS_SOCKET_CONNECT | ASPIS_SOCKET_SEND | ASPIS_SOCKET_RECEIVE,
		ASPIS_MAY_READ | ASPIS_MAY_WRITE);
	if (!answer && enforcing)
		maker = bpf_map_lookup_elem(&socket_makers, &key);
	return maker ? unix_made_by(new, maker) : answer;
}

/* Of each datagram, and of connect(2) for datagrams. */
HOOK(unix_may_send)
{
	struct socket *mine = ARGUMENT(struct socket, 0), *theirs = ARGUMENT(struct socket, 1);

	return unix_peer_access(
		ASPIS_NET_SENDMSG, mine->sk, theirs->sk, ASPIS_SOCKET_SEND, ASPIS_MAY_WRITE);
}

/* Whoever gives up a socket, its maker is forgotten with it. */
static __always_inline int socket_freed(struct sock *sk)
{
	__u64 key = (__u64)sk;

	if (enforcing && sk->__sk_common.skc_family == AF_UNIX)
		bpf_map_delete_elem(&socket_makers, &key);
	return 0;
}

SEC("?lsm/sk_free_security")
int lsm__sk_free_security(unsigned long long *ctx)
{
	return socket_freed(ARGUMENT(struct sock, 0));
}

SEC("?fentry/security_sk_free")
int fmr__sk_free_security(unsigned long long *ctx)
{
	return socket_freed(ARGUMENT(struct sock, 0));
}
