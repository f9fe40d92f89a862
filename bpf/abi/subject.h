/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subjects of the classes other than files: the bytes that a hook puts together and the rules of a
 * profile are matched against. Each begins with its class (enum aspis_class of policy.h). Numbers of
 * more than one byte are big-endian, so that ranges of them are ranges of bytes.
 */
#ifndef ASPIS_ABI_SUBJECT_H
#define ASPIS_ABI_SUBJECT_H

#include "policy.h"

/* Longest subject; a longer one is denied (ASPIS_INFO_TOO_LONG). */
#define ASPIS_SUBJECT_MAX 4095

/*
 * Sockets.
 *
 *   network:  ASPIS_CLASS_NETWORK family type protocol(2) LOCAL PEER   every family but unix
 *     END:    kind address(0, 4 or 16) port(2)                         by the kind
 *   unix:     ASPIS_CLASS_UNIX type LOCAL PEER
 *     END:    kind [name 0]                                            a name: ABSTRACT only
 *
 * A name is without its leading NUL. It may hold any byte, so that the two that would be taken for
 * something else are written as two: 0 as 1 1, and 1 as 1 2. The protocol of a unix socket is not
 * part of it: the kernel knows one only.
 *
 * An address that the program has not given, because the socket is not bound yet or the peer was
 * settled by connect or accept, has IMPLIED in its kind: ip=none matches it, and so does the address.
 * IPv4 addresses inside of IPv6 (::ffff:a.b.c.d) are IPv4: a rule on them must not be passed by.
 */
#define ASPIS_END_NONE 0     /* no address, or a family without rules on addresses */
#define ASPIS_END_INET 4
#define ASPIS_END_INET6 6
#define ASPIS_END_INET_BYTES 4
#define ASPIS_END_INET6_BYTES 16
#define ASPIS_END_IMPLIED 0x80

#define ASPIS_END_ABSTRACT 1 /* unix: a name follows */
#define ASPIS_END_AUTO 2     /* unix, bind: the kernel chooses the name */
#define ASPIS_END_PATH 3     /* unix: file rules speak of it */

#endif
