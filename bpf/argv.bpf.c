// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What Python is started to run (abi/policy.h: aspis_launch), read off the arguments of a new
 * image: at sched_process_exec they stand where mm->arg_start says, and none of the image has run.
 * Their pages have just been written; where a read faults all the same, the launch is not known.
 *
 * Each loop takes one byte a step, and what changes from one to the next is in the scratch buffer:
 * before 6.7 the verifier looks at the first step only.
 */
#include "lib/subject.bpf.h"

#define ARGUMENTS_MAX (1 << 23) /* what bpf_loop can count to */

/* One byte of the arguments. They come through scratch.record, a piece at a time. */
static long argv_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	__u32 at = index & (CHUNK_MAX - 1), left;
	struct launch *launch;

	if (!scratch)
		return 1;
	launch = &scratch->launch;
	if (index >= launch->size)
		return 1;
	if (!at) {
		left = launch->size - index;
		if (left > CHUNK_MAX)
			left = CHUNK_MAX;
		KEEP(left);
		left &= 2 * CHUNK_MAX - 1;
		if (bpf_probe_read_user(
			    scratch->record, left, (const void *)(launch->arguments + index))) {
			launch->size = 0;
			return 1;
		}
	}
	return python_argv_step(&launch->argv, scratch->record[at]);
}

/* The script's path goes behind its letter. Returns its length; 0: it is not known. */
static __noinline __u32 read_script(struct scratch *scratch)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	const void *name;
	struct launch *launch = &scratch->launch;
	__u32 at, off, len;
	char first = 0;
	long read;

	name = (const void *)(launch->arguments + launch->argv.text);
	bpf_probe_read_user(&first, 1, name);
	scratch->subject_len = 0;
	if (first != '/') {
		if (!task->fs)
			return 0;
		path_walk_address(scratch, &task->fs->pwd);
		if (scratch->walk.flags)
			return 0;
		subject_path(scratch, false);
		subject_byte(scratch, '/');
	}
	at = scratch->subject_len;
	if (at >= CHUNK_MAX)
		return 0;
	read = bpf_probe_read_user_str(&scratch->subject[bounded(at)], CHUNK_MAX, name);
	if (read <= 0 || read >= CHUNK_MAX)
		return 0;
	scratch->subject_len = at + read - 1;
	if (!path_normal(scratch, true))
		return 0;
	off = scratch->walk.off;
	len = CHUNK_MAX - off;
	if (len > ASPIS_SUBJECT_MAX - 2)
		return 0;
	bpf_probe_read_kernel(&scratch->record[2], bounded(len), &scratch->path[bounded(off)]);
	return len;
}

/* Leaves NUL and the launch in scratch.record, launch.len bytes; 0: it is not known. */
__noinline int launch_read(struct scratch *scratch)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct scratch *data = scratch;
	struct launch *launch;
	struct mm_struct *mm;
	__u64 size;
	long read;

	if (!scratch)
		return 0;
	launch = &scratch->launch;
	launch->read = 1;
	launch->len = 0;
	mm = task->mm;
	if (!mm)
		return 0;
	__builtin_memset(&launch->argv, 0, sizeof(launch->argv));
	launch->arguments = mm->arg_start;
	size = mm->arg_end - launch->arguments;
	launch->size = size > ARGUMENTS_MAX ? ARGUMENTS_MAX : size;
	bpf_loop(ARGUMENTS_MAX, argv_step, &data, 0);
	if (!launch->size)
		return 0;
	python_argv_end(&launch->argv);
	scratch->record[0] = 0;
	scratch->record[1] = launch->argv.launch;
	if (launch->argv.launch == ASPIS_LAUNCH_COMMAND ||
		launch->argv.launch == ASPIS_LAUNCH_STDIN) {
		launch->len = 2;
	} else if (launch->argv.launch == ASPIS_LAUNCH_MODULE) {
		read = bpf_probe_read_user_str(&scratch->record[2], ASPIS_SUBJECT_MAX - 2,
			(const void *)(launch->arguments + launch->argv.text));
		if (read > 0 && read < ASPIS_SUBJECT_MAX - 2)
			launch->len = 2 + read - 1;
	} else if (launch->argv.launch == ASPIS_LAUNCH_SCRIPT) {
		read = read_script(scratch);
		launch->len = read ? 2 + read : 0;
		scratch->record[0] = 0;
	}
	return 0;
}
