/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Deciding on sockets: socket_ends, socket_given if the call has an address, decide_socket. */
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

/* bpf/socket.bpf.c. Fills scratch.ends from the struct sock at scratch.sk; 0: there is none yet. */
int socket_ends(struct scratch *scratch);
/* bpf/socket.bpf.c. Puts the sockaddr of `len` bytes at scratch.address, in kernel memory, in its
 * place. */
int socket_given(struct scratch *scratch, __u32 len, __u32 how);
/* bpf/socket.bpf.c. Rules on scratch.ends for a request: fills scratch.ruling. */
int decide_socket(struct scratch *scratch, struct aspis_task *state, __u32 request);

#endif
