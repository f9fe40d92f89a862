/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a task may ask for about its own profile: prctl(ASPIS_PRCTL, request, …). include/aspis.h
 * is this for C programs, and must say the same.
 *
 * A BPF program cannot make a system call succeed that the kernel does not know; it can choose its
 * error. So "yes" is an errno that nothing else has, and "no" one that everybody knows; where no
 * agent runs, the kernel says EINVAL.
 */
#ifndef ASPIS_ABI_REQUEST_H
#define ASPIS_ABI_REQUEST_H

#define ASPIS_PRCTL 0x41737069

enum aspis_request {
	/* (name): be under this profile from now on. "&NAME": under it, too */
	ASPIS_REQUEST_CHANGE_PROFILE = 1,
	/* (name): from the next execve on */
	ASPIS_REQUEST_CHANGE_ONEXEC,
	/* (hat or NULL, token): enter a hat, or with NULL leave it; a wrong token is death */
	ASPIS_REQUEST_CHANGE_HAT,
	/* (name): am I under this profile? ASPIS_ANSWER: yes; and 1: yes, in complain mode */
	ASPIS_REQUEST_IS,
	/* (index): ASPIS_ANSWER and a byte of the name of the profiles in force, "A//&B"; 0 ends it
	 */
	ASPIS_REQUEST_NAME,
	/* not asked for: the policy orders it (change_profile on EVENT) */
	ASPIS_REQUEST_ON_LISTEN,
	ASPIS_REQUEST_ON_PYTHON,
};

#define ASPIS_ANSWER                                                                               \
	3000 /* to 3255; the kernel's own errnos end below 600, and 4095 is the last               \
	      */

#endif
