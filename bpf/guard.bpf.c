// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The agent protects itself: a confined process, and any process of a container, cannot trace it,
 * signal it, get at its maps, programs and links, or remove what it has pinned. Whatever the
 * profile says, in complain mode too. Everybody else on the machine could unload all of this
 * anyway.
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
/* Levels between a pin and the agent's directory, itself included: SET/links/NAME. */
#define GUARD_DEPTH 5

/* The directory that the agent pins in; ino 0: none. */
struct aspis_exe_key guarded_pins;

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

/* Who is told of need not be tracked. `dentry` of a pin, or NULL. */
static __noinline int refuse_tamper(__u32 what, __u64 detail, struct path *dir, struct dentry *pin)
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
	if (pin) {
		path_walk_child(scratch, dir, pin);
		path_finish(scratch, &event->path);
	}
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

/* Is it the agent's directory, or below it? */
static __always_inline bool is_pin(struct dentry *dentry)
{
	const struct dentry *at = dentry;

	if (!guarded_pins.ino || at->d_parent->d_inode->i_sb->s_dev != guarded_pins.dev)
		return false;
	for (int level = 0; level < GUARD_DEPTH; level++) {
		const struct inode *inode = at->d_inode;

		if (inode && inode->i_ino == guarded_pins.ino)
			return true;
		at = at->d_parent;
	}
	return false;
}

static __always_inline int guard_name(struct path *dir, struct dentry *dentry)
{
	if (!is_pin(dentry) || !is_outsider(bpf_get_current_task_btf()))
		return 0;
	return refuse_tamper(ASPIS_TAMPER_PIN, 0, dir, dentry);
}

GUARD(path_unlink)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_rmdir)
{
	return guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));
}

GUARD(path_rename)
{
	int answer = guard_name(ARGUMENT(struct path, 0), ARGUMENT(struct dentry, 1));

	return answer ? answer : guard_name(ARGUMENT(struct path, 2), ARGUMENT(struct dentry, 3));
}
