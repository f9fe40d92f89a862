/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs of the tracepoint backend share: arguments of a system call at its end, files
 * by descriptor, and names that the program passed. bpf/observe.bpf.c says what this backend is.
 */
#ifndef ASPIS_OBSERVE_BPF_H
#define ASPIS_OBSERVE_BPF_H

#include "decide.bpf.h"
#include <asm/unistd.h>

#define AT_FDCWD -100
#define PROT_EXEC 0x4

/* Argument `n` of the system call whose registers these are; they keep their values till its end.
 * Read by its place, not chosen by a switch: each argument of unknown place would multiply the
 * verifier's paths by six. */
static __always_inline unsigned long argument(struct pt_regs *regs, unsigned int n)
{
	unsigned long all[8] = {regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9, 0, 0};

	return all[n & 7];
}

static __always_inline struct file *file_of(int fd)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
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

/* Was it opened for what truncating it takes? Then that needs no other announcement. */
static __always_inline bool opened_to_write(struct file *file)
{
	return BPF_CORE_READ(file, f_mode) & FMODE_WRITE &&
	       !(BPF_CORE_READ(file, f_flags) & O_APPEND);
}

/* Walks to an open file. A closed or replaced descriptor (another thread) gives an error path. */
static __always_inline void fd_walk(struct scratch *scratch, struct file *file)
{
	scratch->plain.bad = !file;
	if (file) {
		path_walk_address(scratch, &file->f_path);
		return;
	}
	scratch->walk.off = CHUNK_MAX;
	scratch->walk.flags = ASPIS_PATH_ERROR;
}

/* Moves the walked path of an open file to the tail. */
static __always_inline void fd_finish(
	struct scratch *scratch, struct file *file, struct aspis_path *out)
{
	path_finish(scratch, out);
	if (file)
		path_identity(out, BPF_CORE_READ(file, f_inode));
}

/* bpf/observe.bpf.c. Puts the name at plain.name (in user memory, or not) below the walked
 * directory: the walked path is what both spell. plain.bad: it has ".." in it, or could not be
 * read. */
int name_join(struct scratch *scratch, __u32 user);

/* Walks to a name that the program passed, relative to a directory that the kernel knows. */
static __always_inline void name_walk(struct scratch *scratch, int dirfd, const char *name)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	const struct path *base = &task->fs->pwd;
	struct file *file;
	char first = 0;

	bpf_probe_read_user(&first, 1, name);
	if (first == '/') {
		base = &task->fs->root;
	} else if (dirfd != AT_FDCWD) {
		file = file_of(dirfd);
		if (!file) {
			fd_walk(scratch, NULL);
			return;
		}
		base = &file->f_path;
	}
	path_walk_address(scratch, base);
	scratch->plain.name = (__u64)name;
	name_join(scratch, true);
}

/* A scratch buffer for an operation that has been done. NULL: nobody wants it, or it is lost; a
 * confined task ends then. */
static __always_inline struct scratch *observed_begin(struct aspis_task *state)
{
	int answer;
	struct scratch *scratch = access_begin(state, &answer);

	if (answer)
		bpf_send_signal(SIGKILL);
	return scratch;
}

/* Rules on the walked path of a name. It is gone, or new: the task's own. */
static __always_inline void observed_name(
	struct scratch *scratch, struct aspis_task *state, __u32 request, __u32 how)
{
	scratch->ruling.inode = 0;
	if (scratch->plain.bad)
		scratch->walk.flags |= WALK_SPELLING;
	decide_path(scratch, state, request, how);
	scratch->walk.flags &= ~WALK_SPELLING;
}

/* Rules on the walked path of an open file. One that another thread has closed by now is nobody's:
 * denied. */
static __always_inline void observed_file(
	struct scratch *scratch, struct aspis_task *state, __u32 request, struct file *file)
{
	struct inode *inode;

	if (!file) {
		observed_name(scratch, state, request, 0);
		return;
	}
	inode = BPF_CORE_READ(file, f_inode);
	scratch->ruling.inode = (__u64)inode;
	decide_path(scratch, state, request,
		(BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFDIR ? DECIDE_DIRECTORY : 0);
}

/* What is denied has been done. The task ends before it sees what came of it: the signal is there
 * when the system call returns. Is anybody to hear of it? */
static __always_inline bool observed_told(struct scratch *scratch, struct aspis_task *state)
{
	if (enforcing && scratch->ruling.verdict == ASPIS_VERDICT_DENIED) {
		bpf_send_signal(SIGKILL);
		scratch->ruling.killed = 1;
		scratch->ruling.reported = 1; /* nobody dies by a quiet rule quietly */
	}
	return access_told(scratch, state);
}

#endif
