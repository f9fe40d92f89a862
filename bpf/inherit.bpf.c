// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Open files that come over exec into another domain (security/apparmor/file.c: aa_inherit_files). The
 * new profiles are asked about each; one that they refuse cannot be closed from here, so it is
 * remembered as revoked, and file_permission and mmap_file refuse its use. As in AppArmor, what an
 * unconfined task had opened before it became confined may be used from then on.
 *
 * A struct file has no storage of its own. An entry is known by the address together with inode and
 * mode: if the address is used again, only the same file opened in the same way could be taken for it.
 * The map forgets the least recently used: a forgotten delegation fails closed, at the next change of
 * domain; a forgotten revocation fails open, after 16384 younger ones.
 */
#include "lib/ruling.bpf.h"

#define FILES_MAX 65536 /* descriptors of a task that are looked at; beyond, none is known */

struct file_key {
	__u64 file, inode;
	__u64 mode;
};

enum file_mark { FILE_DELEGATED = 1, FILE_REVOKED };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct file_key);
	__type(value, __u32);
} inherited_files SEC(".maps");

static __always_inline struct file_key key_of(__u64 address)
{
	struct file *file = (struct file *)address;
	struct file_key key = {.file = address,
		.inode = (__u64)BPF_CORE_READ(file, f_inode),
		.mode = BPF_CORE_READ(file, f_mode)};

	return key;
}

struct inherit_walk {
	struct scratch *scratch;
	struct aspis_task *state;
	__u64 table; /* address of struct file *[] */
	__u32 count;
	bool entering; /* the task was unconfined */
};

static long inherit_step(__u32 index, void *data)
{
	struct inherit_walk *walk = data;
	struct scratch *scratch = walk->scratch;
	struct aspis_task *state = walk->state;
	struct aspis_file_event *event;
	__u32 mark = FILE_DELEGATED, *known;
	struct file_key key;
	struct file *file;
	__u64 address = 0;

	if (index >= walk->count || !scratch || !state)
		return 1;
	bpf_probe_read_kernel(&address, sizeof(address), (const void *)(walk->table + 8ull * index));
	if (!address)
		return 0;
	key = key_of(address);
	if (walk->entering) {
		bpf_map_update_elem(&inherited_files, &key, &mark, BPF_ANY);
		return 0;
	}
	known = bpf_map_lookup_elem(&inherited_files, &key);
	if (known && *known == FILE_DELEGATED)
		return 0;
	file = (struct file *)address;
	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	path_walk_address(scratch, &file->f_path);
	scratch->ruling.inode = key.inode;
	decide_path(scratch, state,
		open_request(key.mode, BPF_CORE_READ(file, f_flags)) &
			(ASPIS_MAY_READ | ASPIS_MAY_WRITE | ASPIS_MAY_APPEND),
		(BPF_CORE_READ((struct inode *)key.inode, i_mode) & S_IFMT) == S_IFDIR
			? DECIDE_DIRECTORY
			: 0);
	if (scratch->ruling.answer) {
		mark = FILE_REVOKED;
		bpf_map_update_elem(&inherited_files, &key, &mark, BPF_ANY);
		state->flags |= ASPIS_TASK_REVOKED;
	} else if (known) { /* revoked by the last domain, and given back by this one */
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
	struct inherit_walk walk = {.scratch = scratch, .state = state};
	struct fdtable *table;

	if (!scratch || !state || !task->files)
		return 0;
	table = task->files->fdt;
	walk.table = (__u64)table->fd;
	walk.count = table->max_fds;
	walk.entering = entering;
	bpf_loop(FILES_MAX, inherit_step, &walk, 0);
	return 0;
}

__noinline int file_revoked(struct aspis_task *state, __u64 file)
{
	struct file_key key = key_of(file);
	__u32 *known = bpf_map_lookup_elem(&inherited_files, &key);

	return known && *known == FILE_REVOKED;
}
