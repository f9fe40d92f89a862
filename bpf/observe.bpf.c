// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tracepoint backend: where no trampoline can be had, the same events from the end of system
 * calls.
 *
 * What differs from the hooks: only what succeeded is seen (a connect under way, too); an opened
 * file's path comes from the file, but names that were made or removed leave no file behind, so
 * their path is the directory's as the kernel knows it plus the string that was passed
 * (ASPIS_PATH_LEXICAL, resolved further by the agent); strings and addresses are read after the
 * call, so another thread can have changed them; pids in arguments are those of the caller's
 * namespace. io_uring does not pass here.
 *
 * on_sys_exit leaves for an untracked task, then jumps by the call's number through
 * `sys_exit_calls`, which the agent fills from agent/kernel/syscalls.cc.
 */
#include "lib/path.bpf.h"
#include "lib/address.bpf.h"
#include <asm/unistd.h>

#define TS_COMPAT 2 /* arch/x86/include/asm/thread_info.h */
#define AT_FDCWD -100
#define AT_REMOVEDIR 0x200
#define AT_EMPTY_PATH 0x1000
#define PROT_EXEC 0x4
#define MAP_ANONYMOUS 0x20
#define O_CREAT 0100
#define O_CLOEXEC 02000000
#define FMODE_CREATED 0x100000
#define CLONE_NEWUSER 0x10000000
#define EINPROGRESS 115

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} sys_exit_calls SEC(".maps");

SEC("?tp_btf/sys_exit")
int tp__sys_exit(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct task_struct *task;

	if (!current_may_be_tracked() || !tracked_current(&task))
		return 0;
	if (task->thread_info.status & TS_COMPAT) {
		count(ASPIS_STAT_COMPAT);
		return 0;
	}
	bpf_tail_call(ctx, &sys_exit_calls, regs->orig_ax);
	return 0;
}

/* Argument `n` of the system call whose registers these are; they keep their values till its end.
 */
static __always_inline unsigned long argument(struct pt_regs *regs, int n)
{
	switch (n) {
	case 0:
		return regs->di;
	case 1:
		return regs->si;
	case 2:
		return regs->dx;
	case 3:
		return regs->r10;
	case 4:
		return regs->r8;
	default:
		return regs->r9;
	}
}

static __always_inline struct scratch *observe_begin(__u16 kind, __u32 fixed)
{
	struct task_struct *task;
	struct aspis_task *state = tracked_current(&task);

	return state ? event_begin(task, state, kind, fixed) : NULL;
}

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table;
	struct file *file = NULL;

	if (!task->files)
		return NULL;
	table = task->files->fdt;
	if (fd < 0 || (unsigned int)fd >= table->max_fds)
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), table->fd + fd);
	return file;
}

/* Path of an open file. A closed or replaced descriptor (another thread) gives an error path. */
static __always_inline void path_emit_fd(struct scratch *scratch, int fd, struct aspis_path *out)
{
	struct file *file = file_of(fd);

	if (file)
		path_emit_address(scratch, &file->f_path, out);
	else
		out->flags = ASPIS_PATH_ERROR;
}

/* A name that the program passed, relative to a directory that the kernel knows. */
static __always_inline void path_emit_name(
	struct scratch *scratch, int dirfd, const char *name, struct aspis_path *out)
{
	struct task_struct *task = bpf_get_current_task_btf();
	const struct path *base = &task->fs->pwd;
	struct file *file;
	__u32 used;
	char first = 0;
	long len;

	bpf_probe_read_user(&first, 1, name);
	if (first == '/') {
		base = &task->fs->root;
	} else if (dirfd != AT_FDCWD) {
		file = file_of(dirfd);
		if (!file) {
			out->flags = ASPIS_PATH_ERROR;
			return;
		}
		base = &file->f_path;
	}
	path_emit_address(scratch, base, out);
	out->flags |= ASPIS_PATH_LEXICAL;
	out->ino = 0;
	out->dev = 0;
	used = scratch->used & (RECORD_MAX - 1);
	if (out->len == 1) { /* "/": the name brings, or gets, the slash */
		used = (used - 1) & (RECORD_MAX - 1);
		out->len = 0;
	}
	if (first != '/') {
		scratch->record[used] = '/';
		used = (used + 1) & (RECORD_MAX - 1);
		out->len += 1;
	}
	len = bpf_probe_read_user_str(&scratch->record[used], CHUNK_MAX, name);
	if (len <= 0) {
		out->flags |= ASPIS_PATH_ERROR;
		len = 1;
	}
	len = (len - 1) & (CHUNK_MAX - 1);
	if (out->len + len > ASPIS_PATH_MAX) {
		len = out->len < ASPIS_PATH_MAX ? ASPIS_PATH_MAX - out->len : 0;
		out->flags |= ASPIS_PATH_CUT;
		EVENT(scratch, aspis_event)->flags |= ASPIS_F_CUT;
	}
	out->len += len;
	scratch->used = used + len;
}

static __always_inline void open_event(__u16 kind, int fd, unsigned long flags)
{
	struct scratch *scratch = observe_begin(kind, sizeof(struct aspis_file_event));
	struct aspis_file_event *event;
	struct file *file = file_of(fd);

	if (!scratch)
		return;
	event = EVENT(scratch, aspis_file_event);
	event->flags = flags;
	event->length = ~0ull;
	path_emit_fd(scratch, fd, &event->path);
	if (file)
		event->mode = BPF_CORE_READ(file, f_inode, i_mode);
	event_send(scratch);
}

SEC("?tp_btf/sys_exit")
int sys__open(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	long nr = regs->orig_ax, fd = ctx[1];
	unsigned long flags;
	struct file *file;

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
	if (flags & O_CREAT && file && BPF_CORE_READ(file, f_mode) & FMODE_CREATED)
		open_event(ASPIS_FILE_CREATE, fd, 0);
	/* a property of the descriptor, which the hooks do not see */
	open_event(ASPIS_FILE_OPEN, fd, flags & ~(unsigned long)O_CLOEXEC);
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

static __always_inline void shape_path(
	struct scratch *scratch, struct pt_regs *regs, __u8 fd, __u8 path, struct aspis_path *out)
{
	int dirfd = fd == NONE ? AT_FDCWD : (int)argument(regs, fd);

	if (path == NONE)
		path_emit_fd(scratch, dirfd, out);
	else
		path_emit_name(scratch, dirfd, (const char *)argument(regs, path), out);
}

SEC("?tp_btf/sys_exit")
int sys__file(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_file_event *event;
	struct scratch *scratch;
	struct shape shape;
	long len;

	if ((long)ctx[1] < 0)
		return 0;
	shape = file_shapes[nr & 511];
	if (nr == __NR_unlinkat && regs->dx & AT_REMOVEDIR)
		shape.kind = ASPIS_FILE_RMDIR;
	scratch = observe_begin(shape.kind, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_file_event);
	event->mode = shape.mode == NONE ? 0 : argument(regs, shape.mode);
	event->uid = shape.uid == NONE ? 0 : argument(regs, shape.uid);
	event->gid = shape.gid == NONE ? 0 : argument(regs, shape.gid);
	event->length = shape.length == NONE ? ~0ull : argument(regs, shape.length);
	shape_path(scratch, regs, shape.fd, shape.path, &event->path);
	if (shape.kind == ASPIS_FILE_SYMLINK) {
		len = bpf_probe_read_user_str(scratch->path, CHUNK_MAX, (const void *)regs->di);
		event->other.flags = ASPIS_PATH_LITERAL;
		if (len > 1 && len <= CHUNK_MAX)
			event->other.len = tail_kernel(scratch, scratch->path, len - 1);
	} else if (shape.path2 != NONE) {
		shape_path(scratch, regs, shape.fd2, shape.path2, &event->other);
	}
	event_send(scratch);
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
	scratch = observe_begin(ASPIS_FILE_MMAP_EXEC, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_file_event);
	event->flags = regs->dx;
	event->length = ~0ull;
	path_emit_address(scratch, &((struct file *)file)->f_path, &event->path);
	event_send(scratch);
	return 0;
}

static __always_inline struct sock *sock_of(int fd)
{
	struct file *file = file_of(fd);
	struct socket *socket;
	struct inode *inode;

	if (!file)
		return NULL;
	inode = BPF_CORE_READ(file, f_inode);
	if (BPF_CORE_READ(inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

SEC("?tp_btf/sys_exit")
int sys__socket(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct aspis_net_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	scratch = observe_begin(ASPIS_NET_CREATE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	event->family = regs->di;
	event->type = regs->si & 15; /* SOCK_TYPE_MASK: without SOCK_CLOEXEC and SOCK_NONBLOCK */
	event->protocol = regs->dx;
	event_send(scratch);
	return 0;
}

/* bind, connect, sendto, sendmsg: an address in user memory. */
SEC("?tp_btf/sys_exit")
int sys__address(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax, address = regs->si, len = regs->dx;
	long ret = ctx[1];
	__u16 kind = ASPIS_NET_SENDMSG;
	struct scratch *scratch;
	struct aspis_net_event *event;
	struct sock *sk;

	if (nr == __NR_bind) {
		kind = ASPIS_NET_BIND;
	} else if (nr == __NR_connect) {
		kind = ASPIS_NET_CONNECT;
	} else if (nr == __NR_sendto) {
		address = regs->r8;
		len = regs->r9;
	} else { /* sendmsg: struct user_msghdr {void *msg_name; int msg_namelen; …} */
		__u64 head[2] = {};

		bpf_probe_read_user(head, sizeof(head), (const void *)regs->si);
		address = head[0];
		len = (__u32)head[1];
	}
	if ((ret < 0 && !(kind == ASPIS_NET_CONNECT && ret == -EINPROGRESS)) || !address)
		return 0;
	sk = sock_of(regs->di);
	scratch = observe_begin(kind, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	if (kind == ASPIS_NET_SENDMSG)
		event->bytes = ret;
	socket_kind(event, sk);
	address_emit(scratch, event, (const void *)address, len, true);
	event_send(scratch);
	return 0;
}

/* listen, accept: the socket tells. */
SEC("?tp_btf/sys_exit")
int sys__listen(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	bool listen = regs->orig_ax == __NR_listen;
	struct aspis_net_event *event;
	struct scratch *scratch;
	long ret = ctx[1];
	struct sock *sk;

	if (ret < 0)
		return 0;
	sk = sock_of(listen ? (long)regs->di : ret);
	scratch = observe_begin(listen ? ASPIS_NET_LISTEN : ASPIS_NET_ACCEPT, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_net_event);
	socket_kind(event, sk);
	socket_local(event, sk);
	if (listen)
		event->backlog = regs->si;
	else
		socket_peer(event, sk);
	if (sk)
		socket_unix_name(scratch, event, sk);
	event_send(scratch);
	return 0;
}

/* kill, tkill, tgkill, ptrace, process_vm_*: a process by its number. */
SEC("?tp_btf/sys_exit")
int sys__target(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	struct task_struct *task = bpf_get_current_task_btf();
	bool kill = nr == __NR_kill || nr == __NR_tkill || nr == __NR_tgkill;
	__u32 target = nr == __NR_ptrace ? regs->si : regs->di;

	if ((long)ctx[1] < 0 || target == task->tgid)
		return 0;
	scratch = observe_begin(kill ? ASPIS_PRIV_KILL : ASPIS_PRIV_PTRACE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->target_pid = target;
	event->number = nr == __NR_tgkill ? regs->dx : kill ? regs->si : 2; /* PTRACE_MODE_ATTACH */
	event_send(scratch);
	return 0;
}

SEC("?tp_btf/sys_exit")
int sys__setuid(unsigned long long *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	scratch = observe_begin(ASPIS_PRIV_SETUID, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	__builtin_memset(event->old_id, 0xff, sizeof(event->old_id)); /* gone by now */
	event->new_id[0] = task->cred->uid.val;
	event->new_id[1] = task->cred->euid.val;
	event->new_id[2] = task->cred->suid.val;
	event_send(scratch);
	return 0;
}

/* mount, umount2, move_mount, pivot_root: the place where something is mounted. */
SEC("?tp_btf/sys_exit")
int sys__mount(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax, target = regs->si;
	int dirfd = AT_FDCWD;
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if ((long)ctx[1] < 0)
		return 0;
	if (nr == __NR_umount2) {
		target = regs->di;
	} else if (nr == __NR_pivot_root) {
		target = regs->di;
	} else if (nr == __NR_move_mount) {
		dirfd = regs->dx;
		target = regs->r10;
	}
	scratch = observe_begin(
		nr == __NR_umount2 ? ASPIS_PRIV_UMOUNT : ASPIS_PRIV_MOUNT, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = nr == __NR_mount ? regs->r10 : nr == __NR_umount2 ? regs->si : 0;
	path_emit_name(scratch, dirfd, (const char *)target, &event->path);
	event_send(scratch);
	return 0;
}

/* bpf, init_module, finit_module, unshare(CLONE_NEWUSER). */
SEC("?tp_btf/sys_exit")
int sys__privilege(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	unsigned long nr = regs->orig_ax;
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	__u16 kind = ASPIS_PRIV_BPF;

	if ((long)ctx[1] < 0)
		return 0;
	if (nr == __NR_init_module || nr == __NR_finit_module)
		kind = ASPIS_PRIV_MODULE;
	else if (nr != __NR_bpf) {
		if (!(regs->di & CLONE_NEWUSER))
			return 0;
		kind = ASPIS_PRIV_USERNS;
	}
	scratch = observe_begin(kind, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	if (kind == ASPIS_PRIV_BPF)
		event->number = regs->di;
	if (kind == ASPIS_PRIV_MODULE)
		event->number = 2; /* READING_MODULE, include/linux/kernel_read_file.h */
	if (nr == __NR_finit_module)
		path_emit_fd(scratch, regs->di, &event->path);
	event_send(scratch);
	return 0;
}

/*
 * From 6.14 on: (cred, target_ns, capable_ns, cap, result). It does not tell a use from a question
 * in passing (CAP_OPT_NOAUDIT), which every mmap asks: each capability is reported once an image.
 */
SEC("?tp_btf/cap_capable")
int tp__capable(unsigned long long *ctx)
{
	struct task_struct *task;
	struct aspis_task *state = current_may_be_tracked() ? tracked_current(&task) : NULL;
	__u64 bit = 1ull << (ctx[3] & 63);
	struct aspis_privilege_event *event;
	struct scratch *scratch;

	if (!state || (int)ctx[4] || state->capabilities & bit)
		return 0;
	state->capabilities |= bit;
	scratch = event_begin(task, state, ASPIS_PRIV_CAPABLE, sizeof(*event));
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = ctx[3];
	event_send(scratch);
	return 0;
}
