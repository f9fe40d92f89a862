// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Open files that come into another domain, over exec (security/apparmor/file.c: aa_inherit_files)
 * or by a change of profile, where AppArmor asks at their next use (aa_file_perm).
 * The new profiles are asked about each; one that they refuse cannot be closed from here, so it is
 * remembered as revoked, and file_permission and mmap_file refuse its use. As in AppArmor, what an
 * unconfined task had opened before it became confined may be used from then on.
 */
/* The image whose Python frames there were is gone; and with the walker the calls would take more
 * than the 512 bytes of stack that they have together. */
#define WITHOUT_STACKS
#include "lib/inherited.bpf.h"
#include "lib/ruling.bpf.h"

#define FILES_MAX (1 << 23) /* what bpf_loop can count to; fs.nr_open is an eighth of it */

static long inherit_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state = bpf_task_storage_get(&task_state, task, NULL, 0);
	struct aspis_file_event *event;
	__u32 mark = FILE_DELEGATED;
	struct file_key key;
	struct inode *inode;
	struct file *file;
	__u64 address = 0;

	if (!scratch || !state || index >= scratch->inherit.count)
		return 1;
	bpf_probe_read_kernel(
		&address, sizeof(address), (const void *)(scratch->inherit.table + 8ull * index));
	if (!address)
		return 0;
	file = (struct file *)address;
	key = file_key(file, (struct aspis_domain){});
	if (scratch->inherit.entering) {
		bpf_map_update_elem(&inherited_files, &key, &mark, BPF_ANY);
		return 0;
	}
	if (bpf_map_lookup_elem(&inherited_files, &key))
		return 0;
	key.domain = state->domain;
	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	path_walk_address(scratch, &file->f_path);
	inode = BPF_CORE_READ(file, f_inode);
	scratch->ruling.inode = (__u64)inode;
	rules_on_path(scratch, state,
		open_request(BPF_CORE_READ(file, f_mode), BPF_CORE_READ(file, f_flags)) &
			(ASPIS_MAY_READ | ASPIS_MAY_WRITE | ASPIS_MAY_APPEND),
		(BPF_CORE_READ(inode, i_mode) & S_IFMT) == S_IFDIR ? DECIDE_DIRECTORY : 0);
	if (scratch->ruling.answer) {
		mark = FILE_REVOKED;
		bpf_map_update_elem(&inherited_files, &key, &mark, BPF_ANY);
		state->flags |= ASPIS_TASK_REVOKED;
	} else { /* what an earlier text of the profiles refused */
		bpf_map_delete_elem(&inherited_files, &key);
	}
	if (!scratch->ruling.reported)
		return 0;
	event = file_record(scratch);
	event->flags = BPF_CORE_READ(file, f_flags);
	path_finish(scratch, &event->path);
	access_tell_kept(scratch, state, ASPIS_FILE_INHERIT);
	return 0;
}

__noinline int inherit_files(struct scratch *scratch, struct aspis_task *state, __u32 entering)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct scratch *data = scratch;
	struct fdtable *table;

	if (!scratch || !state || !task->files)
		return 0;
	table = task->files->fdt;
	state->flags &= ~ASPIS_TASK_REVOKED;
	scratch->inherit.table = (__u64)table->fd;
	scratch->inherit.count = table->max_fds;
	scratch->inherit.entering = entering;
	bpf_loop(FILES_MAX, inherit_step, &data, 0);
	return 0;
}
