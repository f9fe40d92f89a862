// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The agent protects itself: a confined process, and any process of a container, cannot trace it,
 * signal it, get at its maps, programs and links, or change what it has pinned and its files: the
 * program, the configuration, the policy, the logs, the socket. Whatever the profile says, in
 * complain mode too. Everybody else on the machine could unload all of this anyway.
 *
 * Files are known by their inodes, however a path leads there. What fails open: a file that the
 * agent made less than a second ago, a descriptor that was open for writing before, another hard
 * link that was there before.
 *
 * As long as an agent lives: with nobody there its place can be taken, by another one in another
 * container. A link needs no guard beside its id: those of tracing programs cannot be detached or
 * updated through a descriptor (kernel/bpf/syscall.c: no .detach).
 */
#include "lib/privilege.bpf.h"
#include "lib/container.bpf.h"
#include "lib/domain.bpf.h"
#include "abi/guard.h"

/* How long the agent may not have looked and still be taken to live. */
#define GUARD_PATIENCE 3000000000ull
/* Levels that a tree reaches down, its top included. */
#define GUARD_DEPTH 8

/* The round whose places hold, and those of a later one. */
__u32 guard_round;
/* What the agent's main thread asks an extended attribute of next is such a place, by what the
 * kernel itself takes for its inode and device: stat(2) says otherwise on btrfs and overlayfs. That
 * call takes any kind of file, and neither opens nor changes it. `round` 0: nothing is. */
struct aspis_guarded_place guard_marking;
__u32 guard_marked; /* how often that was so */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ASPIS_GUARDED_PLACES_MAX);
	__type(key, struct aspis_exe_key);
	__type(value, struct aspis_guarded_place);
} guarded_places SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ASPIS_GUARDED_MAX);
	__type(key, struct aspis_guarded_object);
	__type(value, __u32);
} guarded_objects SEC(".maps");

static __always_inline bool agent_lives(void)
{
	return self_tgid && bpf_ktime_get_boot_ns() - agent_seen < GUARD_PATIENCE;
}

/* Is the current task one that must leave the agent alone? Its own container's are not: who may
 * execute something there may stop it anyway. */
static __always_inline bool is_outsider(struct task_struct *task)
{
	struct task_struct *loose = untrusted(task);
	const struct aspis_task *state;
	const struct aspis_cgroup *cgroup;
	__u64 id;

	if (loose->tgid == self_tgid || !agent_lives())
		return false;
	state = bpf_task_storage_get(&task_state, task, NULL, 0);
	if (state && confined(state))
		return true;
	id = loose->cgroups->dfl_cgrp->kn->id;
	if (id == self_cgroup)
		return false;
	cgroup = bpf_map_lookup_elem(&cgroups, &id);
	return cgroup && cgroup->flags & ASPIS_CGROUP_CONTAINER;
}

/* Who is told of need not be tracked. The path is that of `name` in `at`, or of `at`, or there is
 * none. */
static __noinline int refuse_tamper(__u32 what, __u64 detail, struct path *at, struct dentry *name)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_privilege_event *event;
	struct scratch *scratch;
	struct aspis_task *state;
	int answer = 0;

	state = bpf_task_storage_get(&task_state, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!state)
		return -EPERM;
	if (!state->start)
		state->start = untrusted(task)->group_leader->start_boottime;
	scratch = privilege_begin(state, &answer);
	if (!scratch)
		return -EPERM;
	event = EVENT(scratch, aspis_privilege_event);
	event->number = what;
	event->flags = detail;
	event->target_pid = self_tgid;
	if (name)
		path_walk_child(scratch, at, name);
	else if (at)
		path_walk_path(scratch, at);
	if (at)
		path_finish(scratch, &event->path);
	refuse(scratch, state, ASPIS_INFO_AGENT, EPERM);
	access_tell(scratch, state, ASPIS_PRIV_TAMPER);
	return -EPERM;
}

/* Two programs of one body, as HOOK() makes them, but for all tasks and beside those. */
#define GUARD(hook)                                                                                \
	static __always_inline int guard_##hook(unsigned long long *ctx);                          \
	SEC("?lsm/" #hook)                                                                         \
	int lsm__guard_##hook(unsigned long long *ctx)                                             \
	{                                                                                          \
		return hook_answer(guard_##hook(ctx));                                             \
	}                                                                                          \
	SEC("?fmod_ret/security_" #hook)                                                           \
	int fmr__guard_##hook(unsigned long long *ctx)                                             \
	{                                                                                          \
		return hook_answer(guard_##hook(ctx));                                             \
	}                                                                                          \
	static __always_inline int guard_##hook(unsigned long long *ctx)

/* To trace, or to reach into memory. What ps and lsof read of every process is no tampering. */
GUARD(ptrace_access_check)
{
	struct task_struct *target = (void *)ctx[0];

	if (target->tgid != self_tgid || !(ctx[1] & PTRACE_MODE_ATTACH) ||
		!is_outsider(bpf_get_current_task_btf()))
		return 0;
	return refuse_tamper(ASPIS_TAMPER_PTRACE, 0, NULL, NULL);
}

/* Whether it is there may be asked, by signal 0. */
GUARD(task_kill)
{
	struct task_struct *target = (void *)ctx[0];
	__u32 signal = ctx[2];

	if (target->tgid != self_tgid || !signal || !is_outsider(bpf_get_current_task_btf()))
		return 0;
	return refuse_tamper(ASPIS_TAMPER_SIGNAL, signal, NULL, NULL);
}

static __always_inline int guard_object(__u32 kind, __u32 id)
{
	struct aspis_guarded_object key = {kind, id};

	if (!bpf_map_lookup_elem(&guarded_objects, &key) ||
		!is_outsider(bpf_get_current_task_btf()))
		return 0;
	return refuse_tamper(kind, 0, NULL, NULL);
}

/* A new descriptor, by id or of a pin. */
GUARD(bpf_map)
{
	return guard_object(ASPIS_TAMPER_MAP, ARGUMENT(struct bpf_map, 0)->id);
}

GUARD(bpf_prog)
{
	return guard_object(ASPIS_TAMPER_PROGRAM, ARGUMENT(struct bpf_prog, 0)->aux->id);
}

/* The attributes are the kernel's copy. */
GUARD(bpf)
{
	__u32 id = 0;

	if ((__u32)ctx[0] != BPF_LINK_GET_FD_BY_ID)
		return 0;
	bpf_probe_read_kernel(&id, sizeof(id), (const void *)ctx[1]); /* link_id comes first */
	return guard_object(ASPIS_TAMPER_LINK, id);
}

/* What it is to change this (aspis_tamper), or 0. `way`: its name, too. */
static __always_inline __u32 place_of(const struct dentry *dentry, bool way)
{
	const struct dentry *at = dentry;
	struct aspis_exe_key key = {.dev = dentry->d_sb->s_dev};

	for (int level = 0; level < GUARD_DEPTH; level++) {
		const struct inode *inode = at->d_inode;
		const struct dentry *parent = at->d_parent;
		const struct aspis_guarded_place *place = NULL;

		if (inode) {
			key.ino = inode->i_ino;
			place = bpf_map_lookup_elem(&guarded_places, &key);
		}
		if (place && place->round >= guard_round &&
			(level ? place->flags & ASPIS_GUARDED_TREE
			       : way || !(place->flags & ASPIS_GUARDED_WAY)))
			return place->tamper;
		if (parent == at)
			break;
		at = parent;
	}
	return 0;
}

/* A name in the directory `at`, of something or of nothing yet. */
static __noinline int guard_name(struct path *at, struct dentry *dentry)
{
	__u32 what;

	if (!is_outsider(bpf_get_current_task_btf()))
		return 0;
	what = place_of(dentry, true);
	return what ? refuse_tamper(what, 0, at, dentry) : 0;
}

static __noinline int guard_content(struct path *path)
{
	__u32 what;

	if (!is_outsider(bpf_get_current_task_btf()))
		return 0;
	what = place_of(path->dentry, false);
	return what ? refuse_tamper(what, 0, path, NULL) : 0;
}

/* The agent shows what is its own, once a second. */
static __noinline void guard_mark(const struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_guarded_place place = guard_marking;
	struct aspis_exe_key key = {};
	struct aspis_task *state;

	if (untrusted(task)->pid != untrusted(task)->tgid)
		return;
	state = bpf_task_storage_get(&task_state, task, NULL, 0);
	if (!state || !(state->flags & ASPIS_TASK_SELF))
		return;
	guard_marking.round = 0; /* overlayfs goes on with the file below */
	key.ino = dentry->d_inode->i_ino;
	key.dev = dentry->d_sb->s_dev;
	if (!bpf_map_update_elem(&guarded_places, &key, &place, BPF_ANY))
		guard_marked++;
}

GUARD(inode_getxattr)
{
	if (guard_marking.round)
		guard_mark(ARGUMENT(struct dentry, 0));
	return 0;
}

/* The hot one: reading leaves first. */
GUARD(file_open)
{
	struct file *file = ARGUMENT(struct file, 0);

	return file->f_mode & FMODE_WRITE ? guard_content(&file->f_path) : 0;
}

GUARD(path_truncate)
{
	return guard_content(ARGUMENT(struct path, 0));
}

GUARD(path_chmod)
{
	return guard_content(ARGUMENT(struct path, 0));
}

GUARD(path_chown)
{
	return guard_content(ARGUMENT(struct path, 0));
}

GUARD(path_unlink)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_rmdir)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_mkdir)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_mknod)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_symlink)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

/* A second name for a file of the agent, or one in its directories. */
GUARD(path_link)
{
	int answer = guard_name(ARGUMENT(struct path, 1), ARGUMENT(struct dentry, 0));

	return answer ? answer : guard_name(ARGUMENT(struct path, 1), ARGUMENT(struct dentry, 2));
}

GUARD(path_rename)
{
	int answer = guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));

	return answer ? answer : guard_name(ARGUMENT(struct path, 2), ARGUMENT(struct dentry, 3));
}

/* Is what is mounted here seen by the agent, or by all? */
static __always_inline bool mounts_matter(struct task_struct *task)
{
	__u32 space = untrusted(task)->nsproxy->mnt_ns->ns.inum;

	return space == guarded_mounts[0] || space == guarded_mounts[1];
}

static __noinline int guard_mount(struct path *path, const struct dentry *dentry)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!is_outsider(task) || !mounts_matter(task) || !place_of(dentry, true))
		return 0;
	return refuse_tamper(ASPIS_TAMPER_MOUNT, 0, path, NULL);
}

GUARD(sb_mount)
{
	struct path *path = ARGUMENT(struct path, 1);

	return guard_mount(path, path->dentry);
}

GUARD(move_mount)
{
	struct path *path = ARGUMENT(struct path, 1);

	return guard_mount(path, path->dentry);
}

GUARD(sb_umount)
{
	return guard_mount(NULL, ARGUMENT(struct vfsmount, 0)->mnt_root);
}
