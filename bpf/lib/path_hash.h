/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A number for a path, eight bytes at a time, for BPF and for the host. No cryptographic hash: the
 * seed is random, and nobody else ever sees it or a number made with it.
 */
#ifndef ASPIS_PATH_HASH_H
#define ASPIS_PATH_HASH_H

#include <linux/types.h>

#include "match.h"

#define PATH_HASH_FACTOR 0x9e3779b97f4a7c15ull

/* `word`: the next bytes, the first one lowest; behind the path's end come zeros. */
MATCH_INLINE __u64 path_hash_step(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * PATH_HASH_FACTOR;
	return hash ^ hash >> 32;
}

MATCH_INLINE __u64 path_hash_end(__u64 hash, __u32 len)
{
	return path_hash_step(hash, len);
}

#endif
