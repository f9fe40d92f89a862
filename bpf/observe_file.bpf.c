// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Files, at the end of system calls (tracepoint backend). */
#include "lib/observe.bpf.h"

#define AT_REMOVEDIR 0x200
#define MAP_ANONYMOUS 0x20
#define O_CLOEXEC 02000000
#define FMODE_CREATED 0x100000
#define FMODE_PATH 0x4000

static __always_inline void open_event(
	__u16 kind, struct file *file, unsigned long flags, __u32 request)
{
	struct aspis_task *state = current_state();
	struct scratch *scratch = observed_begin(state);
	struct aspis_file_event *event;

	if (!scratch)
		return;
	fd_walk(scratch, file);
	if (confined(state)) {
		use_announcement(scratch, state, kind);
		observed_file(scratch, state, request, file);
	}
	if (!observed_told(scratch, state)) {
		scratch_release(scratch);
		return;
	}
	event = file_record(scratch);
	event->flags = flags;
	fd_finish(scratch, file, &event->path);
	if (file)
		event->mode = BPF_CORE_READ(file, f_inode, i_mode);
	access_tell(scratch, state, kind);
}

SEC("?tp_btf/sys_exit")
int sys__open(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long nr = regs->orig_ax, fd = ctx[1];
	unsigned long flags;
	struct file *file;
	__u32 mode;

	if (fd < 0)
		return 0;
	if (nr == __NR_open)
		flags = regs->si;
	else if (nr == __NR_creat)
		flags = O_CREAT | 01 | 01000; /* O_CREAT|O_WRONLY|O_TRUNC: creat(2) */
	else if (nr == __NR_openat2) {
		flags = 0;
		bpf_probe_read_user(
			&flags, sizeof(flags), (const void *)regs->dx); /* open_how.flags */
	} else
		flags = regs->dx;
	file = file_of(fd);
	mode = BPF_CORE_READ(file, f_mode);
	if (flags & O_CREAT && mode & FMODE_CREATED)
		open_event(ASPIS_FILE_CREATE, file, 0, ASPIS_MAY_CREATE);
	/* O_CLOEXEC is a property of the descriptor, which the hooks do not see; nor do they see
	 * who only wants a place (O_PATH) */
	open_event(ASPIS_FILE_OPEN, file, flags & ~(unsigned long)O_CLOEXEC,
		mode & FMODE_PATH ? 0 : open_request(mode, flags));
	return 0;
}

/*
 * System calls on files, by the place of their arguments. NONE: has no such argument. With `path`
 * NONE the file is the descriptor in `fd`; with `fd` NONE the path starts at the working directory.
 */
struct shape {
	__u8 kind;
	__u8 fd, path;
	__u8 fd2, path2;
	__u8 mode, uid, gid, length;
};

#define NONE 15
#define SHAPE(nr, ...) [nr] = {__VA_ARGS__}

static const struct shape file_shapes[512] = {
	/*                    kind                  fd    path  fd2   path2 mode  uid   gid   length
	 */
	SHAPE(__NR_mknod, ASPIS_FILE_CREATE, NONE, 0, NONE, NONE, 1, NONE, NONE, NONE),
	SHAPE(__NR_mknodat, ASPIS_FILE_CREATE, 0, 1, NONE, NONE, 2, NONE, NONE, NONE),
	SHAPE(__NR_mkdir, ASPIS_FILE_MKDIR, NONE, 0, NONE, NONE, 1, NONE, NONE, NONE),
	SHAPE(__NR_mkdirat, ASPIS_FILE_MKDIR, 0, 1, NONE, NONE, 2, NONE, NONE, NONE),
	SHAPE(__NR_rmdir, ASPIS_FILE_RMDIR, NONE, 0, NONE, NONE, NONE, NONE, NONE, NONE),
	SHAPE(__NR_unlink, ASPIS_FILE_UNLINK, NONE, 0, NONE, NONE, NONE, NONE, NONE, NONE),
	SHAPE(__NR_unlinkat, ASPIS_FILE_UNLINK, 0, 1, NONE, NONE, NONE, NONE, NONE, NONE),
	SHAPE(__NR_rename, ASPIS_FILE_RENAME, NONE, 0, NONE, 1, NONE, NONE, NONE, NONE),
	SHAPE(__NR_renameat, ASPIS_FILE_RENAME, 0, 1, 2, 3, NONE, NONE, NONE, NONE),
	SHAPE(__NR_renameat2, ASPIS_FILE_RENAME, 0, 1, 2, 3, NONE, NONE, NONE, NONE),
	SHAPE(__NR_link, ASPIS_FILE_LINK, NONE, 0, NONE, 1, NONE, NONE, NONE, NONE),
	SHAPE(__NR_linkat, ASPIS_FILE_LINK, 0, 1, 2, 3, NONE, NONE, NONE, NONE),
	/* symlink's first string is a text: path2 with fd2 NONE below */
	SHAPE(__NR_symlink, ASPIS_FILE_SYMLINK, NONE, 1, NONE, 0, NONE, NONE, NONE, NONE),
	SHAPE(__NR_symlinkat, ASPIS_FILE_SYMLINK, 1, 2, NONE, 0, NONE, NONE, NONE, NONE),
	SHAPE(__NR_chmod, ASPIS_FILE_CHMOD, NONE, 0, NONE, NONE, 1, NONE, NONE, NONE),
	SHAPE(__NR_fchmod, ASPIS_FILE_CHMOD, 0, NONE, NONE, NONE, 1, NONE, NONE, NONE),
	SHAPE(__NR_fchmodat, ASPIS_FILE_CHMOD, 0, 1, NONE, NONE, 2, NONE, NONE, NONE),
	SHAPE(452, ASPIS_FILE_CHMOD, 0, 1, NONE, NONE, 2, NONE, NONE, NONE), /* fchmodat2 */
	SHAPE(__NR_chown, ASPIS_FILE_CHOWN, NONE, 0, NONE, NONE, NONE, 1, 2, NONE),
	SHAPE(__NR_lchown, ASPIS_FILE_CHOWN, NONE, 0, NONE, NONE, NONE, 1, 2, NONE),
	SHAPE(__NR_fchown, ASPIS_FILE_CHOWN, 0, NONE, NONE, NONE, NONE, 1, 2, NONE),
	SHAPE(__NR_fchownat, ASPIS_FILE_CHOWN, 0, 1, NONE, NONE, NONE, 2, 3, NONE),
	SHAPE(__NR_truncate, ASPIS_FILE_TRUNCATE, NONE, 0, NONE, NONE, NONE, NONE, NONE, 1),
	SHAPE(__NR_ftruncate, ASPIS_FILE_TRUNCATE, 0, NONE, NONE, NONE, NONE, NONE, NONE, 1),
};

/* Besides DECIDE_DIRECTORY: a file that has no name any more counts by the one that it had, as it
 * does for the hooks path_chmod and path_chown. */
#define BY_FORMER_NAME 2
/* What is done to an open file could be done to it since it was opened to be written. */
#define OPENED 8

/* What an operation asks of its name, and of its second one; those of links are asked as a pair. */
struct wanted {
	__u16 request, request2;
	__u16 how;
};

#define KINDS 64 /* power of two: the verifier wants a mask */
ASPIS_STATIC_ASSERT(ASPIS_KIND_COUNT <= KINDS, "kinds");

static const struct wanted wanted[KINDS] = {
	[ASPIS_FILE_CREATE] = {ASPIS_MAY_CREATE},
	[ASPIS_FILE_MKDIR] = {ASPIS_MAY_CREATE, 0, DECIDE_DIRECTORY},
	[ASPIS_FILE_RMDIR] = {ASPIS_MAY_DELETE, 0, DECIDE_DIRECTORY},
	[ASPIS_FILE_UNLINK] = {ASPIS_MAY_DELETE},
	[ASPIS_FILE_RENAME] = {MOVED_FROM, MOVED_TO},
	[ASPIS_FILE_SYMLINK] = {ASPIS_MAY_CREATE},
	[ASPIS_FILE_CHMOD] = {ASPIS_MAY_WRITE, 0, BY_FORMER_NAME},
	[ASPIS_FILE_CHOWN] = {ASPIS_MAY_WRITE, 0, BY_FORMER_NAME},
	[ASPIS_FILE_TRUNCATE] = {ASPIS_MAY_WRITE, 0, OPENED},
};

/* Walks to what one of the call's arguments names, and asks rules about it. */
static __always_inline void shape_path(struct scratch *scratch, struct aspis_task *state,
	struct pt_regs *regs, __u8 fd, __u8 path, __u32 request, __u32 how)
{
	int dirfd = fd == NONE ? AT_FDCWD : (int)argument(regs, fd);
	struct file *file;
	__u32 flags;

	if (path != NONE) {
		name_walk(scratch, dirfd, (const char *)argument(regs, path));
		if (confined(state) && request)
			observed_name(scratch, state, request, how);
		return;
	}
	file = file_of(dirfd);
	fd_walk(scratch, file);
	flags = scratch->walk.flags;
	if (request && how & OPENED && file && opened_to_write(file)) {
		scratch->ruling.said = SAID_NOTHING;
		scratch->ruling.announced = ANNOUNCED_ALL;
	}
	if (how & BY_FORMER_NAME)
		scratch->walk.flags &= ~ASPIS_PATH_DELETED;
	if (confined(state) && request)
		observed_file(scratch, state, request, file);
	scratch->walk.flags = flags;
}

/* The rules on a link: they want its new name first. */
static __always_inline void shape_link(struct scratch *scratch, struct aspis_task *state,
	struct pt_regs *regs, const struct shape *shape)
{
	shape_path(scratch, state, regs, shape->fd2, shape->path2, 0, 0);
	scratch->ruling.inode = 0;
	match_link_name(scratch, state);
	shape_path(scratch, state, regs, shape->fd, shape->path, 0, 0);
	if (scratch->plain.bad)
		scratch->walk.flags |= WALK_SPELLING;
	decide_link(scratch, state);
}

SEC("?tp_btf/sys_exit")
int sys__file(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	const struct wanted *want;
	struct file *file;
	const struct shape *shape;
	__u32 kind;
	long len;

	if ((long)ctx[1] < 0)
		return 0;
	shape = &file_shapes[nr & 511];
	kind = nr == __NR_unlinkat && regs->dx & AT_REMOVEDIR ? ASPIS_FILE_RMDIR : shape->kind;
	KEEP(kind);
	want = &wanted[kind & (KINDS - 1)];
	scratch = observed_begin(state);
	if (!scratch)
		return 0;
	event = file_record(scratch);
	event->mode = shape->mode == NONE ? 0 : argument(regs, shape->mode);
	event->uid = shape->uid == NONE ? 0 : argument(regs, shape->uid);
	event->gid = shape->gid == NONE ? 0 : argument(regs, shape->gid);
	event->length = shape->length == NONE ? ~0ull : argument(regs, shape->length);
	if (confined(state))
		use_announcement(scratch, state, kind);
	if (confined(state) && kind == ASPIS_FILE_LINK)
		shape_link(scratch, state, regs, shape);
	shape_path(scratch, state, regs, shape->fd, shape->path, want->request, want->how);
	file = shape->path == NONE ? file_of(argument(regs, shape->fd)) : NULL;
	fd_finish(scratch, file, &event->path);
	if (kind == ASPIS_FILE_SYMLINK) {
		len = bpf_probe_read_user_str(scratch->path, CHUNK_MAX, (const void *)regs->di);
		event->other.flags = ASPIS_PATH_LITERAL;
		if (len > 1 && len <= CHUNK_MAX)
			event->other.len = tail_kernel(scratch, scratch->path, len - 1);
	} else if (shape->path2 != NONE) {
		if (scratch->ruling.said)
			scratch->ruling.said = SAID_OTHER;
		shape_path(scratch, state, regs, shape->fd2, shape->path2, want->request2, 0);
		path_finish(scratch, &event->other);
	}
	if (observed_told(scratch, state))
		access_tell(scratch, state, kind);
	else
		scratch_release(scratch);
	return 0;
}

static long vma_file(struct task_struct *task, struct vm_area_struct *vma, void *found)
{
	bpf_probe_read_kernel(found, sizeof(struct file *), &vma->vm_file);
	return 0;
}

/* mmap and mprotect. Memory that is no file's is left out, as by the hooks. */
SEC("?tp_btf/sys_exit")
int sys__map(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long ret = ctx[1];
	struct aspis_task *state = current_state();
	struct aspis_file_event *event;
	struct scratch *scratch;
	__u64 file = 0;

	if (!(regs->dx & PROT_EXEC) || (ret < 0 && ret > -4096))
		return 0;
	if (regs->orig_ax != __NR_mmap)
		bpf_find_vma(bpf_get_current_task_btf(), regs->di, vma_file, &file, 0);
	else if (!(regs->r10 & MAP_ANONYMOUS))
		file = (__u64)file_of(regs->r8);
	if (!file)
		return 0;
	scratch = observed_begin(state);
	if (!scratch)
		return 0;
	fd_walk(scratch, (struct file *)file);
	if (confined(state)) {
		use_announcement(scratch, state, ASPIS_FILE_MMAP_EXEC);
		observed_file(scratch, state, ASPIS_MAY_READ | ASPIS_MAY_MAP, (struct file *)file);
	}
	if (!observed_told(scratch, state)) {
		scratch_release(scratch);
		return 0;
	}
	event = file_record(scratch);
	event->flags = regs->dx;
	fd_finish(scratch, (struct file *)file, &event->path);
	access_tell(scratch, state, ASPIS_FILE_MMAP_EXEC);
	return 0;
}
