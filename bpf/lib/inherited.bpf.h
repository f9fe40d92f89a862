/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Marks on open files (bpf/inherit.bpf.c makes them, bpf/file.bpf.c asks).
 *
 * A struct file has no storage of its own. An entry is known by the address together with inode and
 * mode: if the address is used again, only the same file opened in the same way could be taken for
 * it. The map forgets the least recently used: a forgotten delegation fails closed, at the next
 * change of domain; a forgotten revocation fails open, after 16384 younger ones.
 */
#ifndef ASPIS_INHERITED_BPF_H
#define ASPIS_INHERITED_BPF_H

#include "decide.bpf.h"

struct file_key {
	__u64 file, inode;
	__u64 mode;
	struct aspis_domain domain; /* that may not use it; none: of FILE_DELEGATED */
};

enum file_mark { FILE_DELEGATED = 1, FILE_REVOKED };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, __u32);
} inherited_files SEC(".maps") __weak;

static __always_inline struct file_key file_key(struct file *file, struct aspis_domain domain)
{
	struct file_key key = {.file = (__u64)file,
		.inode = (__u64)BPF_CORE_READ(file, f_inode),
		.mode = BPF_CORE_READ(file, f_mode),
		.domain = domain};

	return key;
}

/* Is this open file one that the task may not use? */
static __always_inline bool file_revoked(const struct aspis_task *state, struct file *file)
{
	struct file_key key;
	__u32 *known;

	if (!state || !(state->flags & ASPIS_TASK_REVOKED))
		return false;
	key = file_key(file, state->domain);
	known = bpf_map_lookup_elem(&inherited_files, &key);
	return known && *known == FILE_REVOKED;
}

#endif
