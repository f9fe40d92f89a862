// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Which container the current task is in, for profiles with container=(…): the agent tells, by
 * cgroup. Each cgroup is told of to the agent when it is made, which is before anything runs in it
 * (container runtimes have written what they know of a container by then); who executes a program
 * in one that is not known yet waits (exec.bpf.c).
 */
#include "lib/hook.bpf.h"
#include "lib/container.bpf.h"

__noinline __u32 find_scopes(struct scratch *scratch)
{
	struct arena arena = policy_arena_view();
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	const struct aspis_container_scopes *found;
	const struct aspis_policy_root *root;
	const struct aspis_cgroup *cgroup;
	__u64 id;

	if (!scratch || !arena.bytes)
		return 0;
	__builtin_memset(&scratch->scopes, 0, sizeof(scratch->scopes));
	root = ARENA_AT(arena, struct aspis_policy_root, policy_root);
	if (!root->selectors)
		return 0;
	id = task->cgroups->dfl_cgrp->kn->id;
	cgroup = bpf_map_lookup_elem(&cgroups, &id);
	if (!cgroup)
		return 1;
	found = &cgroup->by_generation[root->generation & 1];
	if (found->generation != root->generation)
		return 1;
	__builtin_memcpy(scratch->scopes.at, found->scopes, sizeof(found->scopes));
	return 0;
}

SEC("?tp_btf/cgroup_mkdir")
int on_cgroup_mkdir(unsigned long long *ctx)
{
	const struct cgroup *made = untrusted((struct cgroup *)ctx[0]);

	cgroup_note(made->kn->id, 0);
	return 0;
}
