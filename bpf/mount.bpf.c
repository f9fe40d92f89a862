// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Mounts. The mount point comes as the kernel found it. What is mounted there comes as the string
 * that the program passed, for mount(2): the kernel resolves it after this hook, and no BPF helper
 * can. So rules are asked for that string; one that is not plain (relative, or with "." or "..") is
 * denied where it is a path. A symbolic link in it is not seen: the policy compiler says so.
 */
#include "lib/privilege.bpf.h"

#define MOUNT_TEXT_MAX 256

/* include/uapi/linux/mount.h */
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MS_MOVE 8192
#define MS_REC 16384
#define MS_SILENT 32768
#define MS_UNBINDABLE (1 << 17)
#define MS_PRIVATE (1 << 18)
#define MS_SLAVE (1 << 19)
#define MS_SHARED (1 << 20)
#define MS_PROPAGATION (MS_UNBINDABLE | MS_PRIVATE | MS_SLAVE | MS_SHARED)

/* Appends a string of the kernel with its NUL, an empty one for NULL. */
static __always_inline void mount_text(
	struct scratch *scratch, struct aspis_privilege_event *event, const char *text)
{
	__u32 used = scratch->used & (RECORD_MAX - 1);
	long len = 0;

	if (text)
		len = bpf_probe_read_kernel_str(&scratch->record[used], MOUNT_TEXT_MAX, text);
	if (len <= 0) {
		scratch->record[used] = 0;
		len = 1;
	}
	if (len > MOUNT_TEXT_MAX)
		return;
	scratch->used = used + len;
	event->text_len += len;
}

/* An index below CHUNK_MAX, which the verifier sees and the compiler would leave out. */
static __always_inline __u32 bounded(__u32 index)
{
	KEEP(index);
	return index & (CHUNK_MAX - 1);
}

/* Pieces of scratch.subject. */
static __always_inline void subject_byte(struct scratch *scratch, __u8 byte)
{
	subject_put(scratch->subject, &scratch->subject_len, byte);
}

static __always_inline void subject_text(struct scratch *scratch, const char *text)
{
	__u32 at = scratch->subject_len;
	long len;

	if (at >= CHUNK_MAX || !text)
		return;
	len = bpf_probe_read_kernel_str(&scratch->subject[bounded(at)], CHUNK_MAX, text);
	if (len > 0 && len <= CHUNK_MAX)
		scratch->subject_len = at + len - 1;
}

/* The walked path; a directory's ends in "/". */
static __always_inline void subject_path(struct scratch *scratch, bool directory)
{
	__u32 at = scratch->subject_len, off = scratch->walk.off, len;

	if (at >= CHUNK_MAX || off >= CHUNK_MAX)
		return;
	len = CHUNK_MAX - off;
	bpf_probe_read_kernel(
		&scratch->subject[bounded(at)], bounded(len), &scratch->path[bounded(off)]);
	scratch->subject_len = at + len;
	if (directory && off != CHUNK_MAX - 1)
		subject_byte(scratch, '/');
}

static __always_inline bool is_directory(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	return inode && (inode->i_mode & S_IFMT) == S_IFDIR;
}

struct plain {
	struct scratch *scratch;
	__u32 from;
	__u32 length; /* of the component so far */
	__u32 dots;   /* in it */
	__u32 bad;
};

static long plain_step(__u32 index, void *data)
{
	struct plain *plain = data;
	struct scratch *scratch = plain->scratch;
	__u32 at = plain->from + index;
	__u8 byte = '/'; /* the end is one, too */

	if (!scratch || at > scratch->subject_len)
		return 1;
	if (at < scratch->subject_len) {
		KEEP(at);
		byte = scratch->subject[at & (2 * CHUNK_MAX - 1)];
	}
	if (byte == '/') {
		plain->bad |= plain->length && plain->length == plain->dots && plain->dots < 3;
		plain->bad |= !plain->length && index && at < scratch->subject_len; /* "//" */
		plain->length = 0;
		plain->dots = 0;
		return plain->bad ? 1 : 0; /* what the verifier wants to see */
	}
	plain->length++;
	plain->dots += byte == '.';
	return 0;
}

/* Is the path in scratch.subject from `from` on one that says where it leads, links aside? */
static __noinline bool plain_path(struct scratch *scratch, __u32 from)
{
	struct plain plain = {.scratch = scratch, .from = from};

	bpf_loop(CHUNK_MAX, plain_step, &plain, 0);
	return !plain.bad;
}

/* What mount(2) was given as its source. `directory`: what it is mounted on is one. */
static __always_inline void subject_source(
	struct scratch *scratch, const char *source, bool must_be_path, bool directory)
{
	__u32 from = scratch->subject_len;
	__u8 first = 0;

	if (source)
		bpf_probe_read_kernel(&first, 1, source);
	subject_text(scratch, source);
	if (first == '/' ? !plain_path(scratch, from) : must_be_path)
		scratch->ruling.problem = ASPIS_INFO_SOURCE;
	/* a directory is mounted on a directory only */
	if (must_be_path && directory && scratch->subject_len <= CHUNK_MAX &&
		scratch->subject[bounded(scratch->subject_len - 1)] != '/')
		subject_byte(scratch, '/');
}

static __always_inline void subject_flags(struct scratch *scratch, __u32 flags)
{
	flags &= ~ASPIS_MOUNT_IGNORED;
	subject_byte(scratch, flags >> 24);
	subject_byte(scratch, flags >> 16);
	subject_byte(scratch, flags >> 8);
	subject_byte(scratch, flags);
}

/* The walked path is the mount point. Which parts count is in abi/subject.h. */
static __always_inline void subject_mount(
	struct scratch *scratch, bool directory, const char *source, const char *type, __u32 flags)
{
	bool bind = flags & MS_BIND, move = flags & MS_MOVE;

	scratch->subject[0] = ASPIS_CLASS_MOUNT;
	scratch->subject_len = 1;
	subject_path(scratch, directory);
	subject_byte(scratch, 0);
	if (flags & MS_REMOUNT) {
		source = type = NULL;
	} else if (bind) {
		flags &= MS_BIND | MS_REC;
		type = NULL;
	} else if (flags & MS_PROPAGATION) {
		flags &= MS_PROPAGATION | MS_REC | MS_SILENT;
		source = type = NULL;
	} else if (move) {
		flags = MS_MOVE;
		type = NULL;
	}
	if (source)
		subject_source(scratch, source, !type && (bind || move), directory);
	subject_byte(scratch, 0);
	subject_text(scratch, type);
	subject_byte(scratch, 0);
	subject_flags(scratch, flags);
}

static __always_inline void decide_mount(
	struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	decide_subject(scratch, state, ASPIS_CLASS_MOUNT, request, EACCES);
}

HOOK(sb_mount)
{
	struct path *path = ARGUMENT(struct path, 1);
	struct aspis_task *state = current_state();
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = ctx[3];
	path_walk_path(scratch, path);
	path_finish(scratch, &event->path);
	mount_text(scratch, event, (const char *)ctx[2]);
	mount_text(scratch, event, (const char *)ctx[0]);
	if (confined(state)) {
		subject_mount(scratch, is_directory(path->dentry), (const char *)ctx[0],
			(const char *)ctx[2], ctx[3]);
		decide_mount(scratch, state, ASPIS_MOUNT_MOUNT);
	}
	return access_end(scratch, state, ASPIS_PRIV_MOUNT);
}

/* Two paths: `point`, of which the event tells, and `other`. Both are walked, and what is wrong
 * with one of them is wrong with the operation. */
static __always_inline void subject_two(struct scratch *scratch,
	struct aspis_privilege_event *event, struct path *point, struct path *other)
{
	__u32 flags, len;

	path_walk_path(scratch, point);
	path_finish(scratch, &event->path);
	flags = scratch->walk.flags;
	scratch->subject[0] = ASPIS_CLASS_MOUNT;
	scratch->subject_len = 1;
	subject_path(scratch, is_directory(point->dentry));
	subject_byte(scratch, 0);
	len = scratch->subject_len;
	path_walk_path(scratch, other);
	if (scratch->walk.flags & ASPIS_PATH_DETACHED) { /* not mounted yet: fsmount, open_tree */
		scratch->walk.flags = flags;
		scratch->subject_len = len;
		return;
	}
	subject_path(scratch, is_directory(other->dentry));
	scratch->walk.flags |= flags;
}

/* move_mount(2), which the new calls end in, too. Before Linux 6.7 AppArmor did not ask here. */
HOOK(move_mount)
{
	struct aspis_task *state = current_state();
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_privilege_event);
	subject_two(scratch, event, ARGUMENT(struct path, 1), ARGUMENT(struct path, 0));
	subject_byte(scratch, 0);
	subject_byte(scratch, 0);
	subject_flags(scratch, MS_MOVE);
	if (confined(state))
		decide_mount(scratch, state, ASPIS_MOUNT_MOUNT);
	return access_end(scratch, state, ASPIS_PRIV_MOUNT);
}

HOOK(sb_pivotroot)
{
	struct aspis_task *state = current_state();
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_privilege_event);
	subject_two(scratch, event, ARGUMENT(struct path, 1), ARGUMENT(struct path, 0));
	if (confined(state))
		decide_mount(scratch, state, ASPIS_MOUNT_PIVOT_ROOT);
	return access_end(scratch, state, ASPIS_PRIV_MOUNT);
}

HOOK(sb_umount)
{
	struct vfsmount *mnt = ARGUMENT(struct vfsmount, 0);
	struct aspis_task *state = current_state();
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	int answer = 0;

	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return answer;
	event = EVENT(scratch, aspis_privilege_event);
	event->flags = ctx[1];
	path_walk(scratch, mnt, &ctx[0], mnt->mnt_root);
	path_finish(scratch, &event->path);
	if (confined(state)) {
		scratch->subject[0] = ASPIS_CLASS_MOUNT;
		scratch->subject_len = 1;
		subject_path(scratch, is_directory(mnt->mnt_root));
		decide_mount(scratch, state, ASPIS_MOUNT_UMOUNT);
	}
	return access_end(scratch, state, ASPIS_PRIV_UMOUNT);
}
