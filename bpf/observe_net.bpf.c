// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Sockets, at the end of system calls (tracepoint backend). */
#include "lib/address.bpf.h"
#include "lib/observe.bpf.h"

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

SEC("?tp_btf/sys_exit")
int sys__socket(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct aspis_net_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	scratch = tracked_begin(ASPIS_NET_CREATE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	event->family = regs->di;
	event->type = regs->si & 15; /* SOCK_TYPE_MASK: without SOCK_CLOEXEC and SOCK_NONBLOCK */
	event->protocol = regs->dx;
	event_send(scratch);
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
	struct scratch *scratch;
	struct aspis_net_event *event;
	struct sock *sk;

	if (nr == __NR_bind) {
		kind = ASPIS_NET_BIND;
	} else if (nr == __NR_connect) {
		kind = ASPIS_NET_CONNECT;
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
	scratch = tracked_begin(kind, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	if (kind == ASPIS_NET_SENDMSG)
		event->bytes = ret;
	socket_kind(event, sk);
	address_emit(scratch, event, (const void *)address, len, true);
	event_send(scratch);
	return 0;
}

/* listen, accept: the socket tells. */
SEC("?tp_btf/sys_exit")
int sys__listen(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	bool listen = regs->orig_ax == __NR_listen;
	struct aspis_net_event *event;
	struct scratch *scratch;
	long ret = ctx[1];
	struct sock *sk;

	if (ret < 0)
		return 0;
	sk = sock_of(listen ? (long)regs->di : ret);
	scratch = tracked_begin(listen ? ASPIS_NET_LISTEN : ASPIS_NET_ACCEPT, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	socket_kind(event, sk);
	socket_local(event, sk);
	if (listen)
		event->backlog = regs->si;
	else
		socket_peer(event, sk);
	if (sk)
		socket_unix_name(scratch, event, sk);
	event_send(scratch);
	return 0;
}
