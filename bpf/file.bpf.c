// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Files. security_path_* run before the operation, with the parent directory and the dentry: the
 * event says that it was asked for and was not refused by the checks that ran before.
 * security_file_open runs when the file is found and permission is given.
 */
#include "lib/hook.bpf.h"
#include "lib/inherited.bpf.h"
#include "lib/observe.bpf.h"
#include "lib/subject.bpf.h"

#define FMODE_EXEC 0x20 /* include/linux/fs.h __FMODE_EXEC: opened by execve itself */
#define RENAME_EXCHANGE 2

/* A request on an open file. */
static __always_inline int file_access(
	__u16 kind, struct file *file, __u32 request, __u32 event_flags, __u8 protect)
{
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_file(scratch, file);
	if (kind == ASPIS_FILE_OPEN && walked_queue(scratch, file->f_inode))
		kind = ASPIS_FILE_MQUEUE_OPEN;
	if (confined(state)) {
		if (kind == ASPIS_FILE_LOCK ||
			(kind == ASPIS_FILE_TRUNCATE && opened_to_write(file)))
			scratch->ruling.announced = ANNOUNCED_ALL;
		else
			use_announcement(scratch, state, kind);
		decide_file(scratch, state, request, file->f_inode);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	event->flags = event_flags;
	event->protect = protect;
	event->mode = file->f_inode->i_mode;
	path_finish_file(scratch, file, &event->path);
	return access_tell(scratch, state, kind);
}

HOOK(file_open)
{
	struct file *file = ARGUMENT(struct file, 0);
	unsigned int flags = file->f_flags;

	if (flags & FMODE_EXEC) /* of execve itself: process.exec tells of it */
		return 0;
	return file_access(ASPIS_FILE_OPEN, file, open_request(file->f_mode, flags), flags, 0);
}

/* An operation on the name `dentry` below `dir`. Of a name that is made, `mode` is that of its file
 * to be, one that is removed has its inode. */
static __always_inline int name_access(
	__u16 kind, struct path *dir, struct dentry *dentry, __u32 request, __u32 mode)
{
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_child(scratch, dir, dentry);
	if (confined(state))
		use_announcement(scratch, state, kind);
	if (confined(state) && request == ASPIS_MAY_CREATE)
		decide_path(
			scratch, state, request, kind == ASPIS_FILE_MKDIR ? DECIDE_DIRECTORY : 0);
	else if (confined(state))
		decide_file(scratch, state, request, dentry->d_inode);
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	event->mode = mode;
	path_finish(scratch, &event->path);
	path_identity(&event->path, dentry->d_inode);
	return access_tell(scratch, state, kind);
}

HOOK(path_mknod)
{
	return name_access(ASPIS_FILE_CREATE, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1),
		ASPIS_MAY_CREATE, ctx[2]);
}

HOOK(path_mkdir)
{
	return name_access(ASPIS_FILE_MKDIR, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1),
		ASPIS_MAY_CREATE, ctx[2]);
}

HOOK(path_unlink)
{
	return name_access(ASPIS_FILE_UNLINK, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1),
		ASPIS_MAY_DELETE, 0);
}

HOOK(path_rmdir)
{
	return name_access(ASPIS_FILE_RMDIR, ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1),
		ASPIS_MAY_DELETE, 0);
}

HOOK(path_symlink)
{
	struct path *dir = ARGUMENT(struct path, 0);
	struct dentry *dentry = ARGUMENT(struct dentry, 1);
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;
	long len;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_child(scratch, dir, dentry);
	if (confined(state)) {
		use_announcement(scratch, state, ASPIS_FILE_SYMLINK);
		decide_path(scratch, state, ASPIS_MAY_CREATE, 0);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	path_finish(scratch, &event->path);
	/* the walker's buffer is free again: the text's length is known only after reading it */
	len = bpf_probe_read_kernel_str(scratch->path, CHUNK_MAX, (const void *)ctx[2]);
	event->other.flags = ASPIS_PATH_LITERAL;
	if (len > 1 && len <= CHUNK_MAX)
		event->other.len = tail_kernel(scratch, scratch->path, len - 1);
	return access_tell(scratch, state, ASPIS_FILE_SYMLINK);
}

/*
 * Moves `from` below `from_dir` to `to` below `to_dir`: the new name takes what the file needs to
 * be created there, the old one what it needs to be read, written and removed. In an exchange `to`
 * moves the other way as well (security/apparmor/lsm.c: apparmor_path_rename).
 */
HOOK(path_rename)
{
	struct path *from_dir = ARGUMENT(struct path, 0), *to_dir = ARGUMENT(struct path, 2);
	struct dentry *from = ARGUMENT(struct dentry, 1), *to = ARGUMENT(struct dentry, 3);
	bool exchange = ctx[4] & RENAME_EXCHANGE;
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	event = file_record(scratch);
	path_walk_child(scratch, from_dir, from);
	if (confined(state)) {
		use_announcement(scratch, state, ASPIS_FILE_RENAME);
		decide_file(scratch, state, MOVED_FROM, from->d_inode);
		if (exchange)
			decide_file(scratch, state, MOVED_TO, to->d_inode);
	}
	path_finish(scratch, &event->path);
	path_identity(&event->path, from->d_inode);
	path_walk_child(scratch, to_dir, to);
	/* the moved file keeps its owner: it is that one's rules that count on both sides */
	if (confined(state)) {
		if (scratch->ruling.said)
			scratch->ruling.said = SAID_OTHER;
		decide_file(scratch, state, MOVED_TO, from->d_inode);
		if (exchange)
			decide_file(scratch, state, MOVED_FROM, to->d_inode);
	}
	path_finish(scratch, &event->other);
	path_identity(&event->other, to->d_inode);
	return access_end(scratch, state, ASPIS_FILE_RENAME);
}

HOOK(path_link)
{
	/* both names are on one mount: linkat(2) fails with EXDEV otherwise */
	struct path *dir = ARGUMENT(struct path, 1);
	struct dentry *old = ARGUMENT(struct dentry, 0), *new = ARGUMENT(struct dentry, 2);
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	if (confined(state)) {
		use_announcement(scratch, state, ASPIS_FILE_LINK);
		scratch->ruling.inode = (__u64)old->d_inode;
		path_walk_child(scratch, dir, new);
		match_link_name(scratch, state);
		path_walk_child(scratch, dir, old);
		decide_link(scratch, state);
	} else {
		path_walk_child(scratch, dir, old);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	path_finish(scratch, &event->path);
	path_identity(&event->path, old->d_inode);
	path_walk_child(scratch, dir, new);
	path_finish(scratch, &event->other);
	return access_tell(scratch, state, ASPIS_FILE_LINK);
}

/* Before 6.2 ftruncate(2) comes through path_truncate. */
static __always_inline bool is_ftruncate(struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	struct file *file;

	if (regs->orig_ax != __NR_ftruncate || in_compat_call(task))
		return false;
	file = file_of(regs->di);
	return file && BPF_CORE_READ(file, f_path.dentry) == dentry && opened_to_write(file);
}

/* A change of the inode that `path` leads to: to this mode, or to these owners. */
static __always_inline int path_access(
	__u16 kind, struct path *path, __u32 mode, __u32 uid, __u32 gid)
{
	struct aspis_task *state = current_state();
	struct inode *inode = path->dentry->d_inode;
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_path(scratch, path);
	if (confined(state)) {
		if (kind == ASPIS_FILE_TRUNCATE && is_ftruncate(path->dentry))
			scratch->ruling.announced = ANNOUNCED_ALL;
		else
			use_announcement(scratch, state, kind);
		decide_file(scratch, state, ASPIS_MAY_WRITE, inode);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	event->mode = mode;
	event->uid = uid;
	event->gid = gid;
	path_finish(scratch, &event->path);
	path_identity(&event->path, inode);
	return access_tell(scratch, state, kind);
}

HOOK(path_chmod)
{
	return path_access(ASPIS_FILE_CHMOD, ARGUMENT(struct path, 0), ctx[1] & 07777, 0, 0);
}

HOOK(path_chown)
{
	return path_access(ASPIS_FILE_CHOWN, ARGUMENT(struct path, 0), 0, ctx[1], ctx[2]);
}

HOOK(path_truncate)
{
	return path_access(ASPIS_FILE_TRUNCATE, ARGUMENT(struct path, 0), 0, 0, 0);
}

/* ftruncate(2); before 6.2 it came through path_truncate. */
HOOK(file_truncate)
{
	return file_access(ASPIS_FILE_TRUNCATE, ARGUMENT(struct file, 0), ASPIS_MAY_WRITE, 0, 0);
}

static __always_inline int map_access(struct file *file, unsigned long prot, __u8 protect)
{
	struct task_struct *task = bpf_get_current_task_btf();

	/* execve's own maps of the new image: process.exec tells of it */
	struct aspis_task *state;

	if (enforcing && file) {
		state = current_state();
		if (file_revoked(state, file))
			return -EACCES;
	}
	if (!file || !(prot & PROT_EXEC) || BPF_CORE_READ_BITFIELD(task, in_execve))
		return 0;
	return file_access(
		ASPIS_FILE_MMAP_EXEC, file, ASPIS_MAY_READ | ASPIS_MAY_MAP, prot, protect);
}

/* mmap_file(file, reqprot, prot, flags), but security_mmap_file(file, reqprot, flags) */
static __noinline int on_mmap_file_lsm(unsigned long long *ctx)
{
	return map_access(ARGUMENT(struct file, 0), ctx[2], 0);
}

static __noinline int on_mmap_file_fmod_ret(unsigned long long *ctx)
{
	return map_access(ARGUMENT(struct file, 0), ctx[1], 0);
}

HOOK_PROGRAM("?lsm/mmap_file", lsm__mmap_file, on_mmap_file_lsm)
HOOK_PROGRAM("?fmod_ret/security_mmap_file", fmr__mmap_file, on_mmap_file_fmod_ret)

HOOK(file_mprotect)
{
	struct vm_area_struct *vma = ARGUMENT(struct vm_area_struct, 0);

	return ctx[2] & PROT_EXEC ? map_access(vma->vm_file, ctx[2], 1) : 0;
}

/* From here on, of use to profiles only: not loaded without them (agent/kernel/programs.cc). */

#define F_WRLCK 1

HOOK(file_lock)
{
	return file_access(ASPIS_FILE_LOCK, ARGUMENT(struct file, 0),
		ASPIS_MAY_LOCK | (ctx[1] == F_WRLCK ? ASPIS_MAY_WRITE : 0), 0, 0);
}

/*
 * By SCM_RIGHTS or pidfd_getfd. Who opened it is not known here: other than in AppArmor, what an
 * unconfined process sends is checked like anything else.
 */
HOOK(file_receive)
{
	struct file *file = ARGUMENT(struct file, 0);

	return file_access(ASPIS_FILE_RECEIVE, file, open_request(file->f_mode, file->f_flags),
		file->f_flags, 0);
}

/* read, write and their like: asks only where exec has brought files that it should not have. */
HOOK(file_permission)
{
	return file_revoked(current_state(), (struct file *)ctx[0]) ? -EACCES : 0;
}

/*
 * mq_open(2) with O_CREAT, mq_unlink(2): there are no hooks for queues, and none with a path. By
 * these every name passes that is made or removed; those of other file systems leave at once, as
 * the hooks above have decided on them.
 */
static __always_inline int queue_access(
	__u16 kind, struct inode *dir, struct dentry *dentry, __u32 request)
{
	struct aspis_task *state;
	struct aspis_file_event *event;
	struct scratch *scratch;
	int answer = 0;

	if (dir->i_sb->s_magic != MQUEUE_MAGIC)
		return 0;
	state = current_state();
	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	scratch->walk.off = CHUNK_MAX;
	scratch->walk.flags = ASPIS_PATH_DETACHED;
	walk_prepend(scratch, dentry->d_name.name, dentry->d_name.len);
	if (confined(state)) {
		scratch->subject[0] = ASPIS_CLASS_MQUEUE;
		scratch->subject_len = 1;
		subject_path(scratch, false);
		decide_subject(scratch, state, ASPIS_CLASS_MQUEUE, request, EACCES);
	}
	if (!access_told(scratch, state))
		return access_drop(scratch);
	event = file_record(scratch);
	path_finish(scratch, &event->path);
	path_identity(&event->path, dentry->d_inode);
	return access_tell(scratch, state, kind);
}

HOOK(inode_create)
{
	return queue_access(ASPIS_FILE_MQUEUE_CREATE, ARGUMENT(struct inode, 0),
		ARGUMENT(struct dentry, 1), ASPIS_MQUEUE_CREATE);
}

HOOK(inode_unlink)
{
	return queue_access(ASPIS_FILE_MQUEUE_UNLINK, ARGUMENT(struct inode, 0),
		ARGUMENT(struct dentry, 1), ASPIS_MQUEUE_DELETE);
}
