// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What rules say of sockets: from a socket, and an address given with the call, to a subject and a
 * ruling. Global functions: verified by themselves, once.
 *
 * Addresses of a socket are read without its lock: another thread that binds or connects it at that
 * moment races with the decision. The address of the call itself was copied by the kernel, and is
 * the one that it will use.
 */
#include "lib/ruling.bpf.h"
#include "lib/socket.bpf.h"
#include "lib/subject.bpf.h"

#define V4_MAPPED                                                                                  \
	0xffff0000u /* the third word of ::ffff:a.b.c.d, as a little-endian machine loads it */

/* IPv4 inside of IPv6 becomes IPv4. */
static __always_inline void end_unmap(struct socket_end *end)
{
	__u32 *words = (__u32 *)end->bytes;

	if ((end->kind & ~ASPIS_END_IMPLIED) != ASPIS_END_INET6 || words[0] || words[1] ||
		words[2] != V4_MAPPED)
		return;
	end->kind = ASPIS_END_INET | (end->kind & ASPIS_END_IMPLIED);
	words[0] = words[3];
}

/* Kind and name of the address that a unix socket is bound to. */
static __always_inline void unix_end(struct socket_end *end, struct sock *sk)
{
	struct unix_address *address = BPF_CORE_READ((struct unix_sock *)sk, addr);
	const void *name = (const void *)address +
			   bpf_core_field_offset(struct unix_address, name) +
			   bpf_core_field_offset(struct sockaddr_un, sun_path);
	__u32 len = address ? BPF_CORE_READ(address, len) : 0;
	char first = 0;

	if (len <= SOCKADDR_PATH)
		return;
	bpf_probe_read_kernel(&first, 1, name);
	end->kind = first ? ASPIS_END_PATH : ASPIS_END_ABSTRACT;
	if (first)
		return;
	len -= SOCKADDR_PATH + 1; /* the NUL that comes first */
	if (len > END_NAME_MAX)
		len = END_NAME_MAX;
	end->len = len;
	KEEP(len);
	bpf_probe_read_kernel(end->bytes, len & (sizeof(end->bytes) - 1), name + 1);
}

__noinline int socket_ends(struct scratch *scratch)
{
	struct sock *sk;
	struct socket_ends *ends;
	__u32 *words;

	if (!scratch)
		return 0;
	ends = &scratch->ends;
	__builtin_memset(ends, 0, sizeof(*ends));
	sk = (struct sock *)scratch->socket.sk;
	if (!sk)
		return 0;
	ends->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	ends->type = BPF_CORE_READ(sk, sk_type);
	ends->protocol = BPF_CORE_READ(sk, sk_protocol);
	if (ends->family == AF_UNIX) {
		struct sock *peer = (struct sock *)scratch->socket.peer;

		if (!peer)
			peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
		scratch->socket.peer = (__u64)peer;
		unix_end(&ends->local, sk);
		if (peer)
			unix_end(&ends->peer, peer);
		return 0;
	}
	if (ends->family != AF_INET && ends->family != AF_INET6)
		return 0;
	/* a raw socket keeps its protocol where others keep their port */
	if (ends->type != SOCK_RAW)
		ends->local.port = swap16(BPF_CORE_READ(sk, __sk_common.skc_num));
	ends->peer.port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	if (ends->family == AF_INET) {
		ends->local.kind = ASPIS_END_INET;
		bpf_core_read(ends->local.bytes, 4, &sk->__sk_common.skc_rcv_saddr);
		bpf_core_read(ends->peer.bytes, 4, &sk->__sk_common.skc_daddr);
	} else {
		ends->local.kind = ASPIS_END_INET6;
		bpf_core_read(ends->local.bytes, 16, &sk->__sk_common.skc_v6_rcv_saddr);
		bpf_core_read(ends->peer.bytes, 16, &sk->__sk_common.skc_v6_daddr);
	}
	if (!ends->local.port) /* not bound */
		ends->local.kind |= ASPIS_END_IMPLIED;
	words = (__u32 *)ends->peer.bytes;
	if (ends->peer.port || words[0] | words[1] | words[2] | words[3])
		ends->peer.kind = (ends->local.kind & ~ASPIS_END_IMPLIED) | ASPIS_END_IMPLIED;
	end_unmap(&ends->local);
	end_unmap(&ends->peer);
	return 0;
}

/* An address of a family other than unix. */
static __always_inline void ip_end(
	struct socket_ends *ends, struct socket_end *end, const __u8 *address, __u32 len, __u32 how)
{
	__u32 family = *(const __u16 *)address;

	/*
	 * Without a family: connect takes the peer away; bind and messages of IPv4 mean IPv4, those
	 * of IPv6 the peer that there is, but raw ones IPv6 (net/ipv4/udp.c, raw.c, net/ipv6/udp.c,
	 * raw.c).
	 */
	if (!family) {
		if (how == GIVEN_CONNECT) {
			end->kind = ASPIS_END_NONE;
			end->port = 0;
			return;
		}
		if (ends->family == AF_INET6 && ends->type != SOCK_RAW)
			return;
		family = ends->family;
	}
	if (family == AF_INET && len >= SOCKADDR_INET + 4) {
		end->kind = ASPIS_END_INET;
		__builtin_memcpy(end->bytes, address + SOCKADDR_INET, 4);
	} else if (family == AF_INET6 && len >= SOCKADDR_INET6 + 16) {
		end->kind = ASPIS_END_INET6;
		__builtin_memcpy(end->bytes, address + SOCKADDR_INET6, 16);
	} else {
		return; /* the kernel will refuse it */
	}
	end->port = ends->type == SOCK_RAW ? 0 : *(const __u16 *)(address + SOCKADDR_PORT);
	end_unmap(end);
}

__noinline int socket_given(struct scratch *scratch, __u32 len, __u32 how)
{
	bool by_user = how & GIVEN_BY_USER;
	struct socket_ends *ends;
	struct socket_end *end;
	__u32 size = len > SOCKADDR_PATH + UNIX_PATH_MAX ? SOCKADDR_PATH + UNIX_PATH_MAX : len;
	__u8 *address;

	if (!scratch)
		return 0;
	how &= ~GIVEN_BY_USER;
	ends = &scratch->ends;
	end = how == GIVEN_BIND ? &ends->local : &ends->peer;
	address = (__u8 *)scratch->path; /* the walker's: no path is under way */
	__builtin_memset(address, 0, ADDRESS_MAX);
	KEEP(size);
	size &= ADDRESS_MAX - 1;
	if (size < SOCKADDR_PORT)
		return 0;
	if (by_user ? bpf_probe_read_user(address, size, (const void *)scratch->socket.address)
		    : bpf_probe_read_kernel(address, size, (const void *)scratch->socket.address))
		return 0;
	if (ends->family == AF_INET || ends->family == AF_INET6) {
		ip_end(ends, end, address, size, how);
		return 0;
	}
	if (ends->family != AF_UNIX || how != GIVEN_BIND) /* else the peer is found by its hook */
		return 0;
	end->len = 0;
	if (size == SOCKADDR_PATH) {
		end->kind = ASPIS_END_AUTO;
	} else if (address[SOCKADDR_PATH]) {
		end->kind = ASPIS_END_PATH;
	} else {
		end->kind = ASPIS_END_ABSTRACT;
		end->len = size - SOCKADDR_PATH - 1;
		__builtin_memcpy(end->bytes, address + SOCKADDR_PATH + 1, END_NAME_MAX);
	}
	return 0;
}

/*
 * The maker of the peer's socket may have had several profiles: the rules are asked for each. An
 * address that has been used again is no danger: a socket's entry goes with it (bpf/unix.bpf.c).
 */
static __always_inline void decide_unix(
	struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, head;
	struct aspis_domain *maker;
	__u64 peer = scratch->socket.peer;

	unix_subject(scratch->subject, &scratch->subject_len, &scratch->ends);
	if (!peer || !arena.bytes) {
		decide_subject(scratch, state, ASPIS_CLASS_UNIX, request, EACCES);
		return;
	}
	head = scratch->subject_len;
	maker = bpf_map_lookup_elem(&socket_makers, &peer);
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		__u32 id = maker ? maker->profiles[i] : 0;

		if (!id && i)
			break;
		scratch->subject_len = head;
		subject_profile(scratch, arena, root, id);
		decide_subject(scratch, state, ASPIS_CLASS_UNIX, request, EACCES);
	}
}

__noinline int decide_socket(struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	if (!scratch || !state)
		return 0;
	if (scratch->ends.family == AF_UNIX) {
		decide_unix(scratch, state, request);
		return 0;
	}
	network_subject(scratch->subject, &scratch->subject_len, &scratch->ends);
	return decide_subject(scratch, state, ASPIS_CLASS_NETWORK, request, EACCES);
}
