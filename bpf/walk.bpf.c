// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Casts, and the path walker for kernels that can cast an address to a typed pointer (6.2 on):
 * plain loads, which fault to 0, and one function for all hooks. They share a file because
 * libbpf 1.1 cannot link two objects that both name a function of the kernel, and a call to
 * without_trust for every load would cost more than the load; so does the digest of fs-verity.
 */
#include "lib/path.bpf.h"
#include "lib/siphash.h"

const volatile bool has_rdonly_cast;

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

__hidden void *without_trust(const void *pointer, __u32 btf_id)
{
	return has_rdonly_cast ? bpf_rdonly_cast(pointer, btf_id) : (void *)pointer;
}

extern int bpf_get_fsverity_digest(struct file *file, struct bpf_dynptr *digest) __ksym __weak;

__hidden int verity_digest(struct file *file, void *digest, __u32 size)
{
	struct bpf_dynptr room;

	if (bpf_dynptr_from_mem(digest, size, 0, &room))
		return -1;
	return bpf_get_fsverity_digest(file, &room);
}

#define WALK_CAST 24 /* components and mounts that it takes; walk_step takes the rest */

#define cast(type, address)                                                                        \
	((type *)bpf_rdonly_cast((void *)(address), bpf_core_type_id_kernel(type)))

/* Eight bytes at any kernel address: those at the start of a struct that begins with a long. */
static __always_inline __u64 load_word(__u64 address)
{
	return cast(struct pt_regs, address)->r15;
}

/*
 * Puts "/name" before what is there, as walk_prepend does, but a short name by words: a helper call
 * costs three times as much. Bytes behind a name that are loaded with it are masked out.
 */
static __always_inline int prepend(struct scratch *scratch, __u64 name, __u32 len)
{
	__u32 off = scratch->walk.off;
	char *to;

	if (len > 16)
		return walk_prepend(scratch, (const void *)name, len);
	KEEP(off);
	if (off > CHUNK_MAX || off < len + 2) {
		scratch->walk.flags |= ASPIS_PATH_CUT;
		return 1;
	}
	off -= len;
	to = &scratch->path[off & (CHUNK_MAX - 1)];
	if (len < 8) {
		__u64 others = ~0ull << (8 * len);

		*(__u64 *)to = (load_word(name) & ~others) | (*(__u64 *)to & others);
	} else { /* the second overlaps the first */
		*(__u64 *)to = load_word(name);
		to = &scratch->path[(off + len - 8) & (CHUNK_MAX - 1)];
		*(__u64 *)to = load_word(name + len - 8);
	}
	off -= 1;
	scratch->path[off & (CHUNK_MAX - 1)] = '/';
	scratch->walk.off = off;
	return 0;
}

__noinline int walk_cast(struct scratch *scratch)
{
	struct dentry *dentry, *parent, *root;
	struct mount *mount, *below;

	if (!scratch || !has_rdonly_cast)
		return 0;
	scratch->walk.off = CHUNK_MAX;
	scratch->walk.flags = 0;
	mount = cast(struct mount, scratch->walk.mount);
	dentry = cast(struct dentry, scratch->walk.dentry);
	root = mount->mnt.mnt_root;
	for (int i = 0; i < WALK_CAST; i++) {
		if (dentry == root) {
			below = mount->mnt_parent;
			if (below == mount) {
				walk_check_namespace(scratch, (__u64)mount->mnt_ns);
				if (scratch->walk.off >= CHUNK_MAX) {
					scratch->walk.off = CHUNK_MAX - 1;
					scratch->path[CHUNK_MAX - 1] = '/';
				}
				return 0;
			}
			dentry = mount->mnt_mountpoint;
			mount = below;
			root = mount->mnt.mnt_root;
			continue;
		}
		parent = dentry->d_parent;
		if (parent == dentry) {
			if (i == 0)
				walk_pseudo(scratch, dentry);
			else /* moved out of its bind mount: no way up */
				scratch->walk.flags |= ASPIS_PATH_DETACHED;
			return 0;
		}
		if (prepend(scratch, (__u64)dentry->d_name.name, dentry->d_name.len))
			return 0;
		dentry = parent;
	}
	scratch->walk.dentry = (__u64)dentry;
	scratch->walk.mount = (__u64)mount;
	walk_rest(scratch);
	return 0;
}

const volatile __u64 path_key[2]; /* random; set before load */

/* Global: its loop is looked at once. */
__noinline __u64 walked_path_hash(struct scratch *scratch)
{
	struct siphash hash = siphash_begin(path_key[0], path_key[1]);
	__u32 at, len, left;

	if (!scratch)
		return 0;
	at = scratch->walk.off;
	if (at >= CHUNK_MAX)
		return 0;
	len = CHUNK_MAX - at;
	left = len;
	for (int i = 0; i < CHUNK_MAX / 8; i++) {
		if (left < 8)
			break;
		KEEP(at);
		siphash_word(&hash, *(__u64 *)&scratch->path[at & (CHUNK_MAX - 1)]);
		at += 8;
		left -= 8;
	}
	KEEP(at);
	return siphash_end(&hash,
		       *(__u64 *)&scratch->path[at & (CHUNK_MAX - 1)] &
			       ((1ull << 8 * (left & 7)) - 1),
		       len) |
	       1;
}
