/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a dentry seen through a mount to the path from the root of the mount's namespace: what
 * d_absolute_path() gives (fs/d_path.c), a chroot notwithstanding. One walker for every hook,
 * kernel and backend.
 *
 * The path is written backwards into scratch.path. Three loops do the same steps. walk_cast
 * (bpf/walk.bpf.c) follows typed pointers by plain loads, from 6.2 on: there an address can be cast
 * to one, so that it is a function of its own, and crosses mounts. Before 6.2 the loop in path_walk
 * does so up to the first mount's root, in each hook, from the hook's own pointers. walk_step goes
 * on from there by probe reads, across mounts and for long paths. Neither takes rename_lock: a
 * directory that is renamed while we pass it can show its old or its new name, and a torn name is
 * possible in theory.
 */
#ifndef ASPIS_PATH_BPF_H
#define ASPIS_PATH_BPF_H

#include "emit.bpf.h"

#define WALK_TYPED                                                                                 \
	12 /* components that the typed loop takes; each costs the verifier in every hook */
#define WALK_MAX 4096 /* steps of the other: 2048 components of one byte make the longest path */

/* Besides ASPIS_PATH_*, while rules are asked: the path is a spelling that leads nobody knows
 * where.
 */
#define WALK_SPELLING 0x10000

#define PIPEFS_MAGIC 0x50495045
#define SOCKFS_MAGIC 0x534F434B
#define ANON_INODE_FS_MAGIC 0x09041934
#define MQUEUE_MAGIC 0x19800202
#define TMPFS_MAGIC 0x01021994
#define HUGETLBFS_MAGIC 0x958458f6
#define SB_NOUSER (1ul << 31) /* include/linux/fs.h */

/* Puts "/name" before what is there. Returns non-zero when it does not fit: then the path is cut.
 */
static __always_inline int walk_prepend(struct scratch *scratch, const void *name, __u32 len)
{
	__u32 off = scratch->walk.off;

	if (off > CHUNK_MAX || len > NAME_MAX_BYTES || off < len + 2) {
		scratch->walk.flags |= ASPIS_PATH_CUT;
		return 1;
	}
	off -= len;
	bpf_probe_read_kernel(&scratch->path[off & (CHUNK_MAX - 1)], len & NAME_MAX_BYTES, name);
	off -= 1;
	scratch->path[off & (CHUNK_MAX - 1)] = '/';
	scratch->walk.off = off;
	return 0;
}

/* The walk has come to the root of this mount namespace: is it the task's? */
static __always_inline void walk_check_namespace(struct scratch *scratch, __u64 ns)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct nsproxy *nsproxy = task->nsproxy;

	/* NULL after a lazy umount, ERR_PTR for the kernel's own mounts (fs/mount.h:
	 * MNT_NS_INTERNAL) */
	if (!ns || ns >= (__u64)-4095)
		scratch->walk.flags |= ASPIS_PATH_DETACHED;
	else if (nsproxy && ns != (__u64)nsproxy->mnt_ns)
		scratch->walk.flags |= ASPIS_PATH_FOREIGN;
}

/* One step of the probing loop: take a component, or cross to the mount below. 1 ends the loop. */
static long walk_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct mount *mount, *below;
	struct dentry *dentry, *parent;
	struct qstr name;

	if (!scratch)
		return 1;
	mount = (struct mount *)scratch->walk.mount;
	dentry = (struct dentry *)scratch->walk.dentry;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		below = BPF_CORE_READ(mount, mnt_parent);
		if (below == mount) {
			walk_check_namespace(scratch, (__u64)BPF_CORE_READ(mount, mnt_ns));
			scratch->walk.mount = 0;
			return 1;
		}
		scratch->walk.dentry = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
		scratch->walk.mount = (__u64)below;
		return 0;
	}
	parent = BPF_CORE_READ(dentry, d_parent);
	if (parent == dentry) { /* moved out of its bind mount: no way up */
		scratch->walk.flags |= ASPIS_PATH_DETACHED;
		scratch->walk.mount = 0;
		return 1;
	}
	name.len = BPF_CORE_READ(dentry, d_name.len);
	name.name = BPF_CORE_READ(dentry, d_name.name);
	if (walk_prepend(scratch, name.name, name.len)) {
		scratch->walk.mount = 0;
		return 1;
	}
	scratch->walk.dentry = (__u64)parent;
	return 0;
}

/* bpf/walk.bpf.c. The walk from walk.mount and walk.dentry, by casts; needs has_rdonly_cast. */
int walk_cast(struct scratch *scratch);
/* bpf/walk.bpf.c. A keyed hash of the walked path; 0: there is none. */
__u64 walked_path_hash(struct scratch *scratch);

/* Goes on from walk.dentry and walk.mount to the root; then the path stands in scratch.path from
 * walk.off. */
static __always_inline void walk_rest(struct scratch *scratch)
{
	struct scratch *data = scratch;

	bpf_loop(WALK_MAX, walk_step, &data, 0);
	if (scratch->walk.mount)
		scratch->walk.flags |= ASPIS_PATH_CUT;
	if (scratch->walk.off >= CHUNK_MAX && !(scratch->walk.flags & ASPIS_PATH_CUT)) {
		scratch->walk.off = CHUNK_MAX - 1;
		scratch->path[CHUNK_MAX - 1] = '/';
	}
}

/*
 * A dentry that is its own parent and no mount's root: pipes, sockets, memfds, anonymous inodes.
 * They have no path; ino, and for some a name, stand for it (their d_dname gives /proc/PID/fd its
 * text).
 */
static __always_inline void walk_pseudo(struct scratch *scratch, struct dentry *dentry)
{
	unsigned long magic = BPF_CORE_READ(dentry, d_inode, i_sb, s_magic);
	__u32 len = BPF_CORE_READ(dentry, d_name.len);
	const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);

	if (magic == PIPEFS_MAGIC)
		scratch->walk.flags |= ASPIS_PATH_PIPE;
	else if (magic == SOCKFS_MAGIC)
		scratch->walk.flags |= ASPIS_PATH_SOCKET;
	else if (magic == ANON_INODE_FS_MAGIC)
		scratch->walk.flags |= ASPIS_PATH_ANON;
	else if (magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC)
		scratch->walk.flags |= ASPIS_PATH_MEMFD;
	else if (BPF_CORE_READ(dentry, d_inode, i_sb, s_flags) & SB_NOUSER)
		scratch->walk.flags |= ASPIS_PATH_PSEUDO;
	else
		scratch->walk.flags |= ASPIS_PATH_DETACHED;
	if (!walk_prepend(scratch, name, len) && scratch->walk.flags & ASPIS_PATH_ANON)
		scratch->walk.off += 1; /* "[eventfd]", without the slash */
}

/*
 * Does the walked path of an open file name a POSIX message queue, opened by mq_open(2)? Queues are
 * files of a mount that belongs to the IPC namespace and to no mount namespace. One that is opened
 * below a place where that file system is mounted (/dev/mqueue) is a file like any other.
 */
static __always_inline bool walked_queue(struct scratch *scratch, struct inode *inode)
{
	return scratch->walk.flags & ASPIS_PATH_DETACHED &&
	       BPF_CORE_READ(inode, i_sb, s_magic) == MQUEUE_MAGIC;
}

/* Moves the walked path to the tail and describes it in `out`. */
static __always_inline void path_finish(struct scratch *scratch, struct aspis_path *out)
{
	__u32 off = scratch->walk.off & (CHUNK_MAX - 1);

	out->len = scratch->walk.off < CHUNK_MAX
			   ? tail_kernel(scratch, &scratch->path[off], CHUNK_MAX - off)
			   : 0;
	out->flags = scratch->walk.flags;
	if (scratch->walk.flags & ASPIS_PATH_CUT) {
		struct aspis_event *e = (struct aspis_event *)scratch->record;

		e->flags |= ASPIS_F_CUT;
		count(ASPIS_STAT_PATH_CUT);
	}
}

/* d_unlinked(): hashed no more, and not a root (include/linux/dcache.h). */
#define dentry_unlinked(dentry) (!(dentry)->d_hash.pprev && (dentry) != (dentry)->d_parent)

/*
 * Writes the path of `dentry` seen through `mnt` (both typed pointers) to scratch.path from
 * walk.off. `mnt_address` is where mnt was loaded from: the same pointer is wanted as a number too,
 * to reach the struct mount around it, which typed pointers do not allow.
 */
static __always_inline void path_walk(struct scratch *scratch, struct vfsmount *mnt,
	const void *mnt_address, struct dentry *dentry)
{
	struct dentry *root = mnt->mnt_root;
	__u64 vfsmount = 0;
	bool pseudo = false;

	if (has_rdonly_cast) {
		scratch->walk.mount = (__u64)mnt - bpf_core_field_offset(struct mount, mnt);
		scratch->walk.dentry = (__u64)dentry;
		walk_cast(scratch);
		return;
	}
	scratch->walk.off = CHUNK_MAX;
	scratch->walk.flags = 0;
	for (int i = 0; i < WALK_TYPED; i++) {
		struct dentry *parent = dentry->d_parent;

		if (dentry == root)
			break;
		if (parent == dentry) {
			pseudo = i == 0;
			break;
		}
		if (walk_prepend(scratch, dentry->d_name.name, dentry->d_name.len))
			break;
		dentry = parent;
	}
	scratch->walk.dentry = (__u64)dentry;
	bpf_probe_read_kernel(&vfsmount, sizeof(vfsmount), mnt_address);
	scratch->walk.mount = vfsmount - bpf_core_field_offset(struct mount, mnt);
	if (pseudo)
		walk_pseudo(scratch, dentry);
	else if (!(scratch->walk.flags & ASPIS_PATH_CUT))
		walk_rest(scratch);
}

/* Of a typed dentry below the directory `dir` (a typed struct path *): the path_* hooks. */
#define path_walk_child(scratch, dir, dentry) path_walk(scratch, (dir)->mnt, &(dir)->mnt, dentry)

/* Of a typed struct path *. */
#define path_walk_path(scratch, path) path_walk_child(scratch, path, (path)->dentry)

/* Path of a typed struct path *, to the tail and `out`. */
#define path_emit(scratch, path, out)                                                              \
	do {                                                                                       \
		path_walk_path(scratch, path);                                                     \
		path_finish(scratch, out);                                                         \
	} while (0)

/* dev and ino of an inode, typed or not. */
static __always_inline void path_identity(struct aspis_path *out, struct inode *inode)
{
	if (!inode)
		return;
	out->ino = BPF_CORE_READ(inode, i_ino);
	out->dev = BPF_CORE_READ(inode, i_sb, s_dev);
}

/* Of an open file (typed), deleted or not. */
static __always_inline void path_walk_file(struct scratch *scratch, struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	path_walk_path(scratch, &file->f_path);
	if (dentry_unlinked(dentry))
		scratch->walk.flags |= ASPIS_PATH_DELETED;
}

static __always_inline void path_finish_file(
	struct scratch *scratch, struct file *file, struct aspis_path *out)
{
	struct inode *inode = file->f_inode;

	path_finish(scratch, out);
	out->ino = inode->i_ino;
	out->dev = inode->i_sb->s_dev;
}

/* Path and identity of an open file (typed), to the tail and `out`. */
static __always_inline void path_emit_file(
	struct scratch *scratch, struct file *file, struct aspis_path *out)
{
	path_walk_file(scratch, file);
	path_finish_file(scratch, file, out);
}

/* The walk for a struct path at a kernel address: where no typed pointer can be had. */
static __always_inline void path_walk_address(struct scratch *scratch, const struct path *path)
{
	struct vfsmount *mnt = BPF_CORE_READ(path, mnt);
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	scratch->walk.mount = (__u64)mnt - bpf_core_field_offset(struct mount, mnt);
	scratch->walk.dentry = (__u64)dentry;
	scratch->walk.off = CHUNK_MAX;
	scratch->walk.flags = 0;
	if (has_rdonly_cast)
		walk_cast(scratch);
	else if (dentry == parent && dentry != BPF_CORE_READ(mnt, mnt_root))
		walk_pseudo(scratch, dentry);
	else
		walk_rest(scratch);
	if (dentry != parent && !BPF_CORE_READ(dentry, d_hash.pprev))
		scratch->walk.flags |= ASPIS_PATH_DELETED;
}

/* Its path and identity, to the tail and `out`. */
static __always_inline void path_emit_address(
	struct scratch *scratch, const struct path *path, struct aspis_path *out)
{
	path_walk_address(scratch, path);
	path_finish(scratch, out);
	path_identity(out, BPF_CORE_READ(path, dentry, d_inode));
}

#endif
