/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), for BPF and for the host
 * alike: with a key that nobody knows, nobody finds two paths of one hash. It is what CPython
 * hashes str and bytes with from 3.11 on, which the unit test holds it against.
 */
#ifndef ASPIS_SIPHASH_H
#define ASPIS_SIPHASH_H

#include <linux/types.h>

#ifdef __bpf__
#define SIPHASH_INLINE static __always_inline
#else
#define SIPHASH_INLINE static inline
#endif

struct siphash {
	__u64 v0, v1, v2, v3;
};

#define SIPHASH_ROTATE(x, bits) ((x) << (bits) | (x) >> (64 - (bits)))

SIPHASH_INLINE void siphash_round(struct siphash *h)
{
	h->v0 += h->v1;
	h->v1 = SIPHASH_ROTATE(h->v1, 13) ^ h->v0;
	h->v0 = SIPHASH_ROTATE(h->v0, 32);
	h->v2 += h->v3;
	h->v3 = SIPHASH_ROTATE(h->v3, 16) ^ h->v2;
	h->v0 += h->v3;
	h->v3 = SIPHASH_ROTATE(h->v3, 21) ^ h->v0;
	h->v2 += h->v1;
	h->v1 = SIPHASH_ROTATE(h->v1, 17) ^ h->v2;
	h->v2 = SIPHASH_ROTATE(h->v2, 32);
}

SIPHASH_INLINE struct siphash siphash_begin(__u64 key0, __u64 key1)
{
	return (struct siphash){
		.v0 = key0 ^ 0x736f6d6570736575ull,
		.v1 = key1 ^ 0x646f72616e646f6dull,
		.v2 = key0 ^ 0x6c7967656e657261ull,
		.v3 = key1 ^ 0x7465646279746573ull,
	};
}

/* Eight bytes, the first of them the lowest. */
SIPHASH_INLINE void siphash_word(struct siphash *h, __u64 word)
{
	h->v3 ^= word;
	siphash_round(h);
	h->v0 ^= word;
}

/* The rest, less than eight bytes (the others are 0), of `len` bytes in all. */
SIPHASH_INLINE __u64 siphash_end(struct siphash *h, __u64 rest, __u64 len)
{
	siphash_word(h, rest | len << 56);
	h->v2 ^= 0xff;
	siphash_round(h);
	siphash_round(h);
	siphash_round(h);
	return h->v0 ^ h->v1 ^ h->v2 ^ h->v3;
}

#endif
