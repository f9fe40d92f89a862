// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What profiles say of privileges: global functions, verified by themselves (match.bpf.c). Errors
 * and the order of questions are AppArmor's (security/apparmor/capability.c, resource.c, task.c,
 * ipc.c).
 */
#include "lib/privilege.bpf.h"
#include "lib/ruling.bpf.h"
#include "lib/subject.bpf.h"

/* A set of bits, as permissions on one of them. */
static __always_inline struct aspis_permissions capability_permissions(
	const struct aspis_profile *profile, __u32 capability)
{
	__u64 bit = 1ull << (capability & 63);
	struct aspis_permissions permissions = {
		.allow = profile->capability_allow & bit ? ASPIS_CAPABILITY_USE : 0,
		.deny = profile->capability_deny & bit ? ASPIS_CAPABILITY_USE : 0,
		.audit = profile->capability_audit & bit ? ASPIS_CAPABILITY_USE : 0,
	};

	return permissions;
}

__noinline int decide_capability(
	struct scratch *scratch, struct aspis_task *state, __u32 capability, __u32 error)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {};
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (!profile)
			continue;
		scratch->ruling.packaged |= has_packages(state, profile, i);
		if (!is_null(state, i))
			permissions = capability_permissions(profile, capability);
		rule(scratch, profile, is_null(state, i), permissions, ASPIS_CAPABILITY_USE,
			ASPIS_INFO_NONE, error);
	}
	if (scratch->ruling.packaged)
		decide_packages(scratch, state, ASPIS_CLASS_CAPABILITY, ASPIS_CAPABILITY_USE,
			(capability & 63) | error << 16);
	return 0;
}

__noinline int capability_denied(struct aspis_task *state, __u32 capability)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!state || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (!profile || is_null(state, i))
			continue;
		if (decide(capability_permissions(profile, capability), ASPIS_CAPABILITY_USE,
			    profile->mode, 0)
				.verdict == ASPIS_VERDICT_DENIED)
			return 1;
	}
	return 0;
}

__noinline int decide_limit(
	struct scratch *scratch, struct aspis_task *state, __u32 resource, __u64 value)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {.allow = ASPIS_RLIMIT_SET};
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (!profile)
			continue;
		if (profile->rlimits & 1u << (resource & 15) &&
			value > profile->rlimit[resource & 15])
			permissions.allow = 0;
		rule(scratch, profile, is_null(state, i), permissions, ASPIS_RLIMIT_SET,
			ASPIS_INFO_NONE, EACCES);
	}
	return 0;
}

/* A profile that complain made up for an image has the name of the one it was made from. */
__noinline int decide_peer(struct scratch *scratch, struct aspis_task *state,
	struct aspis_task *peer, __u32 kind, __u32 request)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, class = kind & 0xff;
	bool named = peer && peer->flags & ASPIS_TASK_CONFINED;

	if (!scratch || !state || !arena.bytes)
		return 0;
	scratch->subject[0] = class;
	scratch->subject[1] = kind >> 8;
	for (int i = 0; i < ASPIS_STACK_MAX; i++) {
		__u32 id = named && peer ? peer->domain.profiles[i] : 0;

		if (!id && i)
			break;
		scratch->subject_len = class == ASPIS_CLASS_SIGNAL ? 2 : 1;
		subject_profile(scratch, arena, root, id);
		decide_subject(scratch, state, class, request, EACCES);
	}
	return 0;
}
