/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Putting together scratch.subject (../abi/subject.h), piece by piece. */
#ifndef ASPIS_SUBJECT_BPF_H
#define ASPIS_SUBJECT_BPF_H

#include "decide.bpf.h"

/* An index below CHUNK_MAX, which the verifier sees and the compiler would leave out. */
static __always_inline __u32 bounded(__u32 index)
{
	KEEP(index);
	return index & (CHUNK_MAX - 1);
}

/* Pieces of scratch.subject. Once it is too long (CHUNK_MAX and more) it stays so. */
static __always_inline void subject_byte(struct scratch *scratch, __u8 byte)
{
	subject_put(scratch->subject, &scratch->subject_len, byte);
}

static __always_inline void subject_text(struct scratch *scratch, const char *text)
{
	__u32 at = scratch->subject_len;
	long len;

	if (at >= CHUNK_MAX || !text)
		return;
	len = bpf_probe_read_kernel_str(&scratch->subject[bounded(at)], CHUNK_MAX, text);
	if (len > 0 && len <= CHUNK_MAX)
		scratch->subject_len = at + len - 1;
}

/* `len` bytes at a kernel address, at most CHUNK_MAX - 1. */
static __always_inline void subject_bytes(struct scratch *scratch, const void *bytes, __u32 len)
{
	__u32 at = scratch->subject_len;

	if (at >= CHUNK_MAX)
		return;
	bpf_probe_read_kernel(&scratch->subject[bounded(at)], bounded(len), bytes);
	scratch->subject_len = at + bounded(len);
}

/* The name of a profile, by id; ASPIS_UNCONFINED if there is none. */
static __always_inline void subject_profile(
	struct scratch *scratch, struct arena arena, __u32 root, __u32 id)
{
	static const char unconfined[] = ASPIS_UNCONFINED;
	__u32 at = id ? profile_at(arena, root, id) : 0;

	if (at) {
		const struct aspis_profile *profile = ARENA_AT(arena, struct aspis_profile, at);

		subject_bytes(scratch, ARENA_AT(arena, __u8, profile->name), profile->name_len);
	} else {
		subject_bytes(scratch, unconfined, sizeof(unconfined) - 1);
	}
}

/* The walked path; a directory's ends in "/". */
static __always_inline void subject_path(struct scratch *scratch, bool directory)
{
	__u32 at = scratch->subject_len, off = scratch->walk.off, len;

	if (at >= CHUNK_MAX || off >= CHUNK_MAX)
		return;
	len = CHUNK_MAX - off;
	bpf_probe_read_kernel(
		&scratch->subject[bounded(at)], bounded(len), &scratch->path[bounded(off)]);
	scratch->subject_len = at + len;
	if (directory && off != CHUNK_MAX - 1)
		subject_byte(scratch, '/');
}

#endif
