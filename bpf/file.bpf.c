// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files. security_path_* run before the operation, with the parent directory and the dentry: the
 * event says that it was asked for and was not refused by the checks that ran before.
 * security_file_open runs when the file is found and permission is given.
 */
#include "lib/hook.bpf.h"

#define PROT_EXEC 0x4
#define FMODE_EXEC 0x20 /* include/linux/fs.h __FMODE_EXEC: opened by execve itself */

/* Starts a file event of the current task; NULL: not tracked, or lost. */
static __always_inline struct scratch *file_begin(__u16 kind)
{
	struct scratch *scratch = tracked_begin(kind, sizeof(struct aspis_file_event));

	if (scratch)
		EVENT(scratch, aspis_file_event)->length = ~0ull;
	return scratch;
}

/* An operation on the name `dentry` below `dir`. */
static __always_inline void file_name_event(
	__u16 kind, struct path *dir, struct dentry *dentry, __u32 mode)
{
	struct scratch *scratch = file_begin(kind);
	struct aspis_file_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	event->mode = mode;
	path_emit_child(scratch, dir, dentry, &event->path);
	path_identity(&event->path, dentry->d_inode);
	event_send(scratch);
}

HOOK(file_open)
{
	struct file *file = ARGUMENT(struct file, 0);
	struct scratch *scratch;
	struct aspis_file_event *event;
	unsigned int flags = file->f_flags;

	if (flags & FMODE_EXEC) /* process.exec tells of it */
		return;
	scratch = file_begin(ASPIS_FILE_OPEN);
	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	event->flags = flags;
	event->mode = file->f_inode->i_mode;
	path_emit_file(scratch, file, &event->path);
	event_send(scratch);
}

HOOK(path_mknod)
{
	file_name_event(
		ASPIS_FILE_CREATE, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1), ctx[2]);
}

HOOK(path_mkdir)
{
	file_name_event(
		ASPIS_FILE_MKDIR, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1), ctx[2]);
}

HOOK(path_unlink)
{
	file_name_event(ASPIS_FILE_UNLINK, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1), 0);
}

HOOK(path_rmdir)
{
	file_name_event(ASPIS_FILE_RMDIR, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1), 0);
}

HOOK(path_symlink)
{
	struct path *dir = ARGUMENT(struct path, 0);
	struct dentry *dentry = ARGUMENT(struct dentry, 1);
	struct scratch *scratch = file_begin(ASPIS_FILE_SYMLINK);
	struct aspis_file_event *event;
	long len;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	path_emit_child(scratch, dir, dentry, &event->path);
	/* the walker's buffer is free again: the text's length is known only after reading it */
	len = bpf_probe_read_kernel_str(scratch->path, CHUNK_MAX, (const void *)ctx[2]);
	event->other.flags = ASPIS_PATH_LITERAL;
	if (len > 1 && len <= CHUNK_MAX)
		event->other.len = tail_kernel(scratch, scratch->path, len - 1);
	event_send(scratch);
}

/* Two names: `from` below `from_dir`, `to` below `to_dir`. */
static __always_inline void file_two_names(__u16 kind, struct path *from_dir, struct dentry *from,
	struct path *to_dir, struct dentry *to)
{
	struct scratch *scratch = file_begin(kind);
	struct aspis_file_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	path_emit_child(scratch, from_dir, from, &event->path);
	path_identity(&event->path, from->d_inode);
	path_emit_child(scratch, to_dir, to, &event->other);
	path_identity(&event->other, to->d_inode);
	event_send(scratch);
}

HOOK(path_rename)
{
	file_two_names(ASPIS_FILE_RENAME, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1),
		ARGUMENT(struct path, 2), ARGUMENT(struct dentry, 3));
}

HOOK(path_link)
{
	/* both names are on one mount: linkat(2) fails with EXDEV otherwise */
	file_two_names(ASPIS_FILE_LINK, ARGUMENT(struct path, 1), ARGUMENT(struct dentry, 0),
		ARGUMENT(struct path, 1), ARGUMENT(struct dentry, 2));
}

/* An operation on a whole path. */
static __always_inline struct scratch *file_path_begin(__u16 kind, struct path *path)
{
	struct scratch *scratch = file_begin(kind);
	struct aspis_file_event *event;

	if (!scratch)
		return NULL;
	event = EVENT(scratch, aspis_file_event);
	path_emit(scratch, path, &event->path);
	path_identity(&event->path, path->dentry->d_inode);
	return scratch;
}

HOOK(path_chmod)
{
	struct scratch *scratch = file_path_begin(ASPIS_FILE_CHMOD, ARGUMENT(struct path, 0));

	if (!scratch)
		return;
	EVENT(scratch, aspis_file_event)->mode = ctx[1] & 07777;
	event_send(scratch);
}

HOOK(path_chown)
{
	struct scratch *scratch = file_path_begin(ASPIS_FILE_CHOWN, ARGUMENT(struct path, 0));

	if (!scratch)
		return;
	EVENT(scratch, aspis_file_event)->uid = ctx[1];
	EVENT(scratch, aspis_file_event)->gid = ctx[2];
	event_send(scratch);
}

HOOK(path_truncate)
{
	struct scratch *scratch = file_path_begin(ASPIS_FILE_TRUNCATE, ARGUMENT(struct path, 0));

	if (scratch)
		event_send(scratch);
}

static __always_inline void file_event(__u16 kind, struct file *file, __u32 flags)
{
	struct scratch *scratch = file_begin(kind);
	struct aspis_file_event *event;

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	event->flags = flags;
	path_emit_file(scratch, file, &event->path);
	event_send(scratch);
}

/* ftruncate(2); before 6.2 it came through path_truncate. */
HOOK(file_truncate)
{
	file_event(ASPIS_FILE_TRUNCATE, ARGUMENT(struct file, 0), 0);
}

static __always_inline void map_event(struct file *file, unsigned long prot)
{
	struct task_struct *task = bpf_get_current_task_btf();

	/* execve's own maps of the new image: process.exec tells of it */
	if (file && prot & PROT_EXEC && !BPF_CORE_READ_BITFIELD(task, in_execve))
		file_event(ASPIS_FILE_MMAP_EXEC, file, prot);
}

/* mmap_file(file, reqprot, prot, flags), but security_mmap_file(file, reqprot, flags) */
static __noinline void on_mmap_file_lsm(unsigned long long *ctx)
{
	map_event(ARGUMENT(struct file, 0), ctx[2]);
}

static __noinline void on_mmap_file_fmod_ret(unsigned long long *ctx)
{
	map_event(ARGUMENT(struct file, 0), ctx[1]);
}

HOOK_PROGRAM("?lsm/mmap_file", lsm__mmap_file, on_mmap_file_lsm)
HOOK_PROGRAM("?fmod_ret/security_mmap_file", fmr__mmap_file, on_mmap_file_fmod_ret)

HOOK(file_mprotect)
{
	struct vm_area_struct *vma = ARGUMENT(struct vm_area_struct, 0);
	struct file *file;

	if (!(ctx[2] & PROT_EXEC))
		return;
	file = vma->vm_file;
	if (file)
		file_event(ASPIS_FILE_MMAP_EXEC, file, ctx[2]);
}
