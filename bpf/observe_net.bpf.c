// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets, at the end of system calls (tracepoint backend). */
#include "lib/observe.bpf.h"
#include "lib/socket.bpf.h"

#define EINPROGRESS 115

static __always_inline struct sock *sock_of(int fd)
{
	struct file *file = file_of(fd);
	struct socket *socket;
	struct inode *inode;

	if (!file)
		return NULL;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* A scratch buffer to decide on this socket. */
static __always_inline struct scratch *observed_socket(
	struct aspis_task *state, const struct sock *sk)
{
	struct scratch *scratch = observed_begin(state);

	if (scratch && confined(state)) {
		scratch->socket.sk = (__u64)sk;
		scratch->socket.peer = 0;
		socket_ends(scratch);
	}
	return scratch;
}

/* The path that a unix socket was bound to, that of its peer, or that a message was sent to: file
 * rules speak of it, and of nothing else is told. */
static __noinline void unix_path(struct aspis_task *state, struct sock *sk, __u64 name, __u32 how)
{
	const struct path *path;
	struct scratch *scratch;
	struct sock *owner;
	__u32 request;

	if (!state || !sk || !confined(state) ||
		BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX)
		return;
	scratch = observed_begin(state);
	if (!scratch)
		return;
	if (how == GIVEN_MESSAGE) {
		char first = 0;

		bpf_probe_read_user(&first, 1, (const void *)name);
		if (first) {
			use_announcement(scratch, state, ASPIS_NET_SENDMSG);
			name_walk(scratch, AT_FDCWD, (const char *)name);
			observed_name(scratch, state, ASPIS_MAY_WRITE, 0);
		}
	} else {
		request = how == GIVEN_BIND ? ASPIS_MAY_CREATE : ASPIS_MAY_READ | ASPIS_MAY_WRITE;
		owner = how == GIVEN_BIND ? sk : BPF_CORE_READ((struct unix_sock *)sk, peer);
		path = (const void *)owner + bpf_core_field_offset(struct unix_sock, path);
		if (owner && BPF_CORE_READ(path, dentry)) {
			path_walk_address(scratch, path);
			scratch->ruling.inode = (__u64)BPF_CORE_READ(path, dentry, d_inode);
			use_announcement(scratch, state,
				how == GIVEN_BIND ? ASPIS_FILE_CREATE : ASPIS_NET_CONNECT);
			decide_path(scratch, state, request, 0);
		}
	}
	observed_told(scratch, state);
	if (scratch->ruling.reported) {
		path_finish(scratch, &file_record(scratch)->path);
		access_tell_kept(
			scratch, state, how == GIVEN_BIND ? ASPIS_FILE_CREATE : ASPIS_FILE_CONNECT);
	}
	scratch_release(scratch);
}

SEC("?tp_btf/sys_exit")
int sys__socket(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	__u32 type = regs->si & 15; /* SOCK_TYPE_MASK: without SOCK_CLOEXEC and SOCK_NONBLOCK */
	struct aspis_task *state = current_state();
	struct aspis_net_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	scratch = observed_socket(state, NULL);
	if (!scratch)
		return 0;
	if (confined(state)) {
		scratch->ends.family = regs->di;
		scratch->ends.type = type;
		scratch->ends.protocol = regs->dx;
		decide_socket(scratch, state, ASPIS_SOCKET_CREATE);
	}
	if (!observed_told(scratch, state)) {
		scratch_release(scratch);
		return 0;
	}
	record_begin(scratch, sizeof(*event));
	event = EVENT(scratch, aspis_net_event);
	event->family = regs->di;
	event->type = type;
	event->protocol = regs->dx;
	access_tell(scratch, state, ASPIS_NET_CREATE);
	return 0;
}

/* bind, connect, sendto, sendmsg: an address in user memory. */
SEC("?tp_btf/sys_exit")
int sys__address(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax, address = regs->si, len = regs->dx;
	long ret = ctx[1];
	__u16 kind = ASPIS_NET_SENDMSG;
	__u32 request = ASPIS_SOCKET_SEND, how = GIVEN_MESSAGE;
	struct aspis_task *state = current_state();
	struct scratch *scratch;
	struct aspis_net_event *event;
	struct sock *sk;

	if (nr == __NR_bind) {
		kind = ASPIS_NET_BIND;
		request = ASPIS_SOCKET_BIND;
		how = GIVEN_BIND;
	} else if (nr == __NR_connect) {
		kind = ASPIS_NET_CONNECT;
		request = ASPIS_SOCKET_CONNECT;
		how = GIVEN_CONNECT;
	} else if (nr == __NR_sendto) {
		address = regs->r8;
		len = regs->r9;
	} else { /* sendmsg: struct user_msghdr {void *msg_name; int msg_namelen; …} */
		__u64 head[2] = {};

		bpf_probe_read_user(head, sizeof(head), (const void *)regs->si);
		address = head[0];
		len = (__u32)head[1];
	}
	if ((ret < 0 && !(kind == ASPIS_NET_CONNECT && ret == -EINPROGRESS)) || !address)
		return 0;
	sk = sock_of(regs->di);
	unix_path(state, sk, address + SOCKADDR_PATH, how);
	scratch = observed_socket(state, sk);
	if (!scratch)
		return 0;
	if (confined(state)) {
		scratch->socket.address = address;
		socket_given(scratch, len, how | GIVEN_BY_USER);
		decide_socket(scratch, state, request);
	}
	if (!observed_told(scratch, state)) {
		scratch_release(scratch);
		return 0;
	}
	record_begin(scratch, sizeof(*event));
	event = EVENT(scratch, aspis_net_event);
	if (kind == ASPIS_NET_SENDMSG)
		event->bytes = ret;
	socket_kind(event, sk);
	address_emit(scratch, event, (const void *)address, len, true);
	access_tell(scratch, state, kind);
	return 0;
}

/* listen, accept: the socket tells. Of accept, rules are asked about the one that listens. */
SEC("?tp_btf/sys_exit")
int sys__listen(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	bool listen = regs->orig_ax == __NR_listen;
	struct aspis_task *state = current_state();
	struct scratch *scratch;
	long ret = ctx[1];
	struct sock *sk;

	if (ret < 0)
		return 0;
	scratch = observed_socket(state, sock_of(regs->di));
	if (!scratch)
		return 0;
	if (confined(state)) {
		socket_alone(scratch);
		decide_socket(scratch, state, listen ? ASPIS_SOCKET_LISTEN : ASPIS_SOCKET_ACCEPT);
	}
	sk = sock_of(listen ? (long)regs->di : ret);
	if (observed_told(scratch, state) && sk) {
		socket_record(scratch, sk, !listen)->backlog = listen ? regs->si : 0;
		access_tell_kept(scratch, state, listen ? ASPIS_NET_LISTEN : ASPIS_NET_ACCEPT);
	}
	if (listen && confined(state) && !scratch->ruling.killed &&
		profile_on_listen(scratch, state))
		bpf_send_signal(SIGKILL);
	scratch_release(scratch);
	return 0;
}
