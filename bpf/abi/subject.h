/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Subjects of the classes other than files: the bytes that a hook puts together and the rules of a
 * profile are matched against. Each begins with its class (enum aspis_class of policy.h). Numbers
 * of more than one byte are big-endian, so that ranges of them are ranges of bytes.
 */
#ifndef ASPIS_ABI_SUBJECT_H
#define ASPIS_ABI_SUBJECT_H

#include "policy.h"

/* Longest subject; a longer one is denied (ASPIS_INFO_TOO_LONG). */
#define ASPIS_SUBJECT_MAX 4095

/*
 * Between tasks. PEER is the full name of a profile of the other task, or ASPIS_UNCONFINED; where
 * it has several, the rules are asked for each.
 *
 *   SIGNAL    class, number of the signal, PEER
 *   PTRACE    class, PEER
 *   IO_URING  class (sqpoll); class, PEER (override_creds)
 *   USERNS    class
 */
#define ASPIS_UNCONFINED "unconfined"

/*
 * POSIX message queues. NAME begins with "/".
 *
 *   MQUEUE  class, NAME
 */

/*
 * Changing profile. NAME is the full name of the profile asked for, after "&" if it is to come on
 * top of what the task has. At exec the path of the program comes first.
 *
 *   CHANGE_PROFILE  class, NAME (change, onexec); class, PATH, NUL, NAME (onexec)
 */

/*
 * Audit events. NAME is the event's, then come its first ASPIS_AUDIT_ARGS_MAX arguments.
 *
 *   PYTHON  class, NAME, NUL, { ARGUMENT, NUL }
 *
 * There is no need to have it in one piece: the automaton is stepped over it as it is read. An
 * ARGUMENT is the text of a value:
 *
 *   str            UTF-8; U+DC80 to U+DCFF, which stand for bytes of a file's name that are no
 *                  UTF-8, as that byte, other surrogates in three bytes as if they were characters
 *   bytes          as they are
 *   int            decimal, with "-" if negative; bool: True, False; None: None
 *   tuple, list    its items, those of tuples and lists in it too, with a blank between them
 *   anything else  the name of its type in < >
 *
 * As in names of sockets, 0 and 1 in it are written as two bytes: 1 1 and 1 2. An ARGUMENT ends
 * after ASPIS_PYTHON_ARGUMENT_MAX bytes, or where no more of it can be read (an int of more than 64
 * bits, nothing at all): then 1 3 follows, "cut here". A rule that denies matches what is cut
 * wherever a whole value might match that begins so, rules that allow never do. So it is with a
 * NAME that is longer than ASPIS_PYTHON_NAME_MAX. Where the tuple of arguments cannot be read all
 * of them are empty and cut.
 *
 * Every event is granted ASPIS_PYTHON_RAISE but where a rule denies it: the automaton has that
 * default in it.
 */
#define ASPIS_PYTHON_NAME_MAX 255
#define ASPIS_PYTHON_ARGUMENT_MAX 1024
#define ASPIS_SPELLED 1 /* begins the two bytes that stand for something else */
#define ASPIS_SPELLED_CUT 3

/*
 * Mounts. POINT is a path; SOURCE a path or what the program passed; neither is ever cut.
 *
 *   mount       class, POINT, NUL, SOURCE, NUL, TYPE, NUL, flags (4 bytes, MS_*)
 *   umount      class, POINT
 *   pivot_root  class, new root, NUL, where the old one goes
 *
 * Which parts an operation has, and which flags count, is as in security/apparmor/mount.c:
 *
 *   MS_REMOUNT: no SOURCE, no TYPE, all flags.
 *
 *   MS_BIND: no TYPE; of the flags MS_BIND and MS_REC.
 *
 *   MS_SHARED, MS_PRIVATE, MS_SLAVE, MS_UNBINDABLE: no SOURCE, no TYPE; of the flags those, MS_REC
 *   and MS_SILENT.
 *
 *   MS_MOVE, move_mount(2): no TYPE, MS_MOVE alone; no SOURCE if it is mounted nowhere yet.
 *
 *   A new file system: all of them.
 */
#define ASPIS_MOUNT_IGNORED 0x70400000u /* MS_KERNMOUNT, MS_NOSEC, MS_BORN, MS_ACTIVE */

/*
 * Sockets.
 *
 *   NETWORK  class, family, type, protocol (2 bytes), LOCAL END, PEER END    all families but unix
 *     END    kind, address (0, 4 or 16 bytes, by the kind), port (2 bytes)
 *   UNIX     class, type, LOCAL END, PEER END [, LABEL]
 *     END    kind [, name, NUL]                                              a name: ABSTRACT only
 *
 * A name is without its leading NUL. It may hold any byte, so that the two that would be taken for
 * something else are written as two: 0 as 1 1, and 1 as 1 2. The protocol of a unix socket is not
 * part of it: the kernel knows one only. LABEL is the full name of a profile of the task that made
 * the peer's socket, or ASPIS_UNCONFINED; where it had several, the rules are asked for each.
 * Without a peer there is none.
 *
 * An address that the program has not given, because the socket is not bound yet or the peer was
 * settled by connect or accept, has IMPLIED in its kind: ip=none matches it, and so does the
 * address. IPv4 addresses inside of IPv6 (::ffff:a.b.c.d) are IPv4: a rule on them must not be
 * passed by.
 */
#define ASPIS_END_NONE 0 /* no address, or a family without rules on addresses */
#define ASPIS_END_INET 4
#define ASPIS_END_INET6 6
#define ASPIS_END_INET_BYTES 4
#define ASPIS_END_INET6_BYTES 16
#define ASPIS_END_IMPLIED 0x80

#define ASPIS_END_ABSTRACT 1 /* unix: a name follows */
#define ASPIS_END_AUTO 2     /* unix, bind: the kernel chooses the name */
#define ASPIS_END_PATH 3     /* unix: file rules speak of it */

#endif
