/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For programs that change their own profile (docs/changing-profile.md). Each function returns 1
 * for yes, 0 for no with errno: EACCES no rule allows it, ENOENT there is no such profile or hat,
 * EPERM no_new_privs, or not confined, EINVAL no agent enforces here. They act on the calling
 * thread.
 */
#ifndef ASPIS_H
#define ASPIS_H

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#define ASPIS_PRCTL 0x41737069
#define ASPIS_ANSWER 3000 /* the errno that means yes */

/* The name is copied, because it is read by a program that cannot wait for a page. */
static inline int aspis_request_(unsigned long what, const char* name, unsigned long token) {
  char copy[1025];
  const char* asked = name ? strncpy(copy, name, sizeof(copy) - 1) : 0;

  copy[sizeof(copy) - 1] = 0;
  return prctl(ASPIS_PRCTL, what, asked, token, 0) == -1 && errno >= ASPIS_ANSWER;
}

/* "&NAME": on top of the profile in force. */
static inline int aspis_change_profile(const char* name) {
  return aspis_request_(1, name, 0);
}
static inline int aspis_change_onexec(const char* name) {
  return aspis_request_(2, name, 0);
}
/* NULL leaves the hat; a wrong token ends the process. Token 0: for good. */
static inline int aspis_change_hat(const char* hat, unsigned long token) {
  return aspis_request_(3, hat, token);
}

/* Is the thread under this profile? Also in complain mode: errno is then ASPIS_ANSWER + 1. */
static inline int aspis_is(const char* name) {
  return aspis_request_(4, name, 0);
}

/* The profiles in force, as "A//&B"; empty: none. Returns the length, or -1: no agent, or too long.
 */
static inline int aspis_current(char* name, int size) {
  for (int i = 0; i < size; i++) {
    if (prctl(ASPIS_PRCTL, 5, i, 0, 0) != -1 || errno < ASPIS_ANSWER) return -1;
    name[i] = (char)(errno - ASPIS_ANSWER);
    if (!name[i]) return i;
  }
  return -1;
}

#endif
