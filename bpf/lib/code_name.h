/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What code is called: the one list that manifests are made by (agent/signed/code_files.cc) and
 * that the kernel side asks at each open (signed.bpf.c). Plain C, for BPF and for the host.
 */
#ifndef ASPIS_CODE_NAME_H
#define ASPIS_CODE_NAME_H

#include <linux/types.h>

#include "match.h"

/* Bytes at the end of a path: "/" and the longest name. */
#define CODE_NAME_WINDOW 256

/* Is there something between the last "/" and this suffix, which the window ends in at `end`? */
MATCH_INLINE int name_has_suffix(
	const char *window, __u32 end, const char *suffix, __u32 suffix_len)
{
	for (__u32 i = 0; i < suffix_len; i++) {
		if (window[end - suffix_len + i] != suffix[i])
			return 0;
	}
	return window[end - suffix_len - 1] != '/';
}
#define NAME_HAS_SUFFIX(window, end, suffix)                                                       \
	name_has_suffix(window, end, suffix, sizeof(suffix) - 1)

/* Is the end of the window the name of code: .py, .pyc, .pth, .so, .so.1, .so.1.2? */
MATCH_INLINE int is_name_of_code(const char *window)
{
	__u32 end = CODE_NAME_WINDOW, dotted = 0;

	if (NAME_HAS_SUFFIX(window, CODE_NAME_WINDOW, ".py") ||
		NAME_HAS_SUFFIX(window, CODE_NAME_WINDOW, ".pyc") ||
		NAME_HAS_SUFFIX(window, CODE_NAME_WINDOW, ".pth") ||
		NAME_HAS_SUFFIX(window, CODE_NAME_WINDOW, ".so"))
		return 1;
	while (end > 8) { /* the version of a library */
		char last = window[end - 1];

		if (last != '.' && (last < '0' || last > '9'))
			break;
		dotted = last == '.';
		end--;
	}
	return end < CODE_NAME_WINDOW - 1 && dotted && NAME_HAS_SUFFIX(window, end, ".so");
}

#endif
