// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A path by its text alone: without "." and empty components, without ".." and what comes before
 * it; symbolic links are left alone.
 */
#include "lib/subject.bpf.h"

/* A byte of the path in scratch.subject, from its end on; what is kept of it becomes the walked
 * path. Backwards, as ".." then is a count, and no search for what comes before it. What changes
 * from one step to the next is in the scratch buffer: before 6.7 the verifier looks at the first
 * step only. */
static long normal_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct normal *normal;
	__u32 at, off;
	__u8 byte;

	if (!scratch)
		return 1;
	normal = &scratch->normal;
	off = scratch->walk.off;
	if (!normal->from || !off)
		return 1;
	at = --normal->from;
	KEEP(at);
	byte = scratch->subject[at & (2 * CHUNK_MAX - 1)];
	if (byte == '/') { /* the component behind it has been taken */
		__u32 length = normal->length;
		bool dots = length == normal->dots && length < 3;
		bool stays = length && !dots && !normal->drop;

		if (dots)
			normal->drop += length == 2;
		else if (normal->drop)
			normal->drop--;
		normal->length = 0;
		normal->dots = 0;
		if (!stays) {
			scratch->walk.off = off + length;
			return 0;
		}
	} else {
		normal->length++;
		normal->dots += byte == '.';
	}
	off--;
	scratch->walk.off = off;
	KEEP(off);
	scratch->path[off & (CHUNK_MAX - 1)] = byte;
	return 0;
}

__noinline int path_normal(struct scratch *scratch, __u32 slash)
{
	struct scratch *data = scratch;
	__u32 len;

	if (!scratch)
		return 0;
	len = scratch->subject_len;
	scratch->normal = (struct normal){.from = len};
	scratch->walk.off = CHUNK_MAX;
	scratch->path[CHUNK_MAX - 1] = '/';
	if (slash && len && scratch->subject[(len - 1) & (2 * CHUNK_MAX - 1)] == '/')
		scratch->walk.off = CHUNK_MAX - 1;
	bpf_loop(2 * CHUNK_MAX, normal_step, &data, 0);
	if (scratch->walk.off == CHUNK_MAX) {
		scratch->walk.off = CHUNK_MAX - 1;
		scratch->path[CHUNK_MAX - 1] = '/';
	}
	return !scratch->normal.from;
}
