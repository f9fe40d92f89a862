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

#endif
