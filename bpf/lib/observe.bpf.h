/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the programs of the tracepoint backend share: arguments of a system call at its end, files
 * by descriptor, and names that the program passed. bpf/observe.bpf.c says what this backend is.
 */
#ifndef ASPIS_OBSERVE_BPF_H
#define ASPIS_OBSERVE_BPF_H

#include "path.bpf.h"
#include <asm/unistd.h>

#define AT_FDCWD -100
#define PROT_EXEC 0x4

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
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
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

#endif
