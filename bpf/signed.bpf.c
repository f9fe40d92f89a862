// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * "require signed PATH": code from there is opened only if fs-verity holds its content, and the
 * manifest names that digest at this path. From then on the kernel checks what is read.
 *
 * These programs are loaded for profiles that ask for it alone, and of the backend lsm only:
 * bpf_get_fsverity_digest (6.8) is for lsm programs. file_open would be too early: the first open
 * of an inode finds its digest in the file system's own open, behind that hook; file_post_open
 * (6.9) comes after it. Fails closed: what cannot be told is not signed.
 *
 * The name is that of the moment of the check: who renames files below PATH while they are opened
 * can have code read under a name that is none of code. To execute or to map it, any name is asked.
 */
#include "lib/code_name.h"
#include "lib/hook.bpf.h"
#include "lib/ruling.bpf.h"
#include "abi/signed.h"

#define PROT_EXEC 0x4
#define FMODE_EXEC 0x20 /* as in file.bpf.c */
#define S_IFREG 0100000
#define FS_VERITY_HASH_ALG_SHA256 1

/* max_entries is set before load, where it is used. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1);
	__type(key, struct aspis_signed_key);
	__type(value, __u32);
} signed_files SEC(".maps");

/* include/uapi/linux/fsverity.h: struct fsverity_digest, with room for SHA-256. */
struct digest {
	__u16 algorithm;
	__u16 size;
	__u8 bytes[ASPIS_VERITY_DIGEST];
};

/* bpf/walk.bpf.c. The digest of an open file into `size` bytes of map memory; not 0: it has none.
 */
__hidden int verity_digest(struct file *file, void *digest, __u32 size);

/* Is the walked path the name of code? Global: its loop is looked at once. */
__noinline int walked_code(struct scratch *scratch)
{
	return scratch && is_name_of_code(scratch->path + CHUNK_MAX - CODE_NAME_WINDOW);
}

/* Why the file at the walked path is not one that may be loaded; ASPIS_INFO_NONE: it is one. */
static __always_inline __u8 not_signed(struct scratch *scratch, struct file *file, __u32 root)
{
	struct arena arena = policy_arena_view();
	struct digest *digest = (struct digest *)scratch->subject;
	struct aspis_signed_key key = {};

	if (!arena.bytes || verity_digest(file, digest, sizeof(*digest)))
		return ASPIS_INFO_NOT_SIGNED;
	if (digest->algorithm != FS_VERITY_HASH_ALG_SHA256 || digest->size != ASPIS_VERITY_DIGEST)
		return ASPIS_INFO_NOT_IN_MANIFEST;
	__builtin_memcpy(key.digest, digest->bytes, sizeof(key.digest));
	key.path = walked_path_hash(scratch);
	key.generation = ARENA_AT(arena, struct aspis_policy_root, root)->generation;
	return bpf_map_lookup_elem(&signed_files, &key) ? ASPIS_INFO_NONE
							: ASPIS_INFO_NOT_IN_MANIFEST;
}

/* What profiles say of a file at the walked path that is not signed: fills scratch.ruling. */
__noinline int rules_on_unsigned(
	struct scratch *scratch, struct aspis_task *state, __u32 root, __u32 request, __u32 why)
{
	struct arena arena = policy_arena_view();

	if (!scratch || !state || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		struct aspis_permissions none = {};
		__u8 info;

		if (!profile || !(profile->flags & ASPIS_PROFILE_SIGNED) || is_null(state, i))
			continue;
		info = path_problem(scratch, profile->flags);
		if (!info) {
			if (!(path_permissions(scratch, arena, profile, 0).allow &
				    ASPIS_REQUIRE_SIGNED))
				continue;
			info = why;
		}
		rule(scratch, profile, false, none, request, info, EACCES);
	}
	return 0;
}

/* Does any profile of the task require signed code anywhere? */
static __always_inline bool requires_signed(const struct aspis_task *state, __u32 root)
{
	struct arena arena = policy_arena_view();

	if (!arena.bytes)
		return true;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (profile && profile->flags & ASPIS_PROFILE_SIGNED)
			return true;
	}
	return false;
}

/* A file, as the hook has it, is opened or mapped: what has a name of code, or any, must be signed.
 */
static __always_inline int code_access(struct file *file, __u32 request, bool any_name)
{
	struct aspis_task *state = current_state();
	struct file *loose = untrusted(file);
	struct aspis_file_event *event;
	struct scratch *scratch;
	__u32 root = policy_root;
	int answer = 0;
	__u8 why;

	if (!state || !confined(state) || (loose->f_inode->i_mode & S_IFMT) != S_IFREG ||
		!requires_signed(state, root))
		return 0;
	scratch = access_begin(state, &answer);
	if (!scratch)
		return answer;
	path_walk_file(scratch, loose);
	if (scratch->walk.flags & (ASPIS_PATH_ANON | ASPIS_PATH_MEMFD | ASPIS_PATH_PSEUDO) ||
		(!any_name && !walked_code(scratch)))
		return access_drop(scratch);
	why = not_signed(scratch, file, root);
	if (why) {
		scratch->ruling.inode = (__u64)loose->f_inode;
		rules_on_unsigned(scratch, state, root, request, why);
	}
	if (!scratch->ruling.reported)
		return access_drop(scratch);
	event = file_record(scratch);
	event->flags = loose->f_flags;
	event->mode = loose->f_inode->i_mode;
	path_finish_file(scratch, loose, &event->path);
	return access_tell(scratch, state, ASPIS_FILE_UNSIGNED);
}

static __noinline int on_file_post_open(unsigned long long *ctx)
{
	struct file *file = (struct file *)ctx[0];

	if (file->f_flags & FMODE_EXEC)
		return code_access(file, ASPIS_MAY_EXEC, true);
	return file->f_mode & FMODE_READ ? code_access(file, ASPIS_MAY_READ, false) : 0;
}

/* What was opened by another name, by another process or before an exec. An image of execve has
 * been asked about when it was opened. */
static __noinline int on_mmap_code(unsigned long long *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = (struct file *)ctx[0];

	if (!file || !(ctx[2] & PROT_EXEC) || BPF_CORE_READ_BITFIELD(task, in_execve))
		return 0;
	return code_access(file, ASPIS_MAY_MAP, true);
}

HOOK_PROGRAM("?lsm/file_post_open", signed_open, on_file_post_open)
HOOK_PROGRAM("?lsm/mmap_file", signed_map, on_mmap_code)
