// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Hard links (security/apparmor/file.c: profile_path_link). Rules speak of pairs, LINK NUL TARGET;
 * the name is matched first, and its state kept, because one buffer holds one path. A rule without
 * a target of its own asks besides that the new name gives nothing that the old one does not.
 */
#include "lib/ruling.bpf.h"
#include "lib/subject.bpf.h"

__noinline int match_link_name(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state || !arena.bytes)
		return 0;
	if (scratch->ruling.said) { /* by os.link(target, name) */
		scratch->ruling.said = SAID_OTHER;
		walked_announced(scratch, state);
		scratch->ruling.said = scratch->ruling.announced ? SAID_PATH : SAID_NOTHING;
		scratch->ruling.announced = 0;
	}
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		struct matcher matcher;

		if (!profile)
			continue;
		scratch->ruling.packaged |= has_packages(state, profile, i);
		matcher = matcher_at(arena, profile->file);
		scratch->link[i].state =
			path_state(scratch, arena, profile, matcher.head->start, 0);
		scratch->ruling.audited = 0;
		scratch->link[i].permissions =
			state_permissions(scratch, arena, profile, matcher, scratch->link[i].state);
		scratch->link[i].audited = scratch->ruling.audited;
	}
	if (scratch->ruling.packaged) { /* they are asked about the pair once it is whole */
		scratch->subject_len = 0;
		subject_path(scratch, false);
		subject_byte(scratch, 0);
	}
	return 0;
}

/* What one profile says of the link, whose name has been matched. Fills in what is missing. */
static __always_inline struct aspis_permissions link_permissions(struct scratch *scratch,
	struct arena arena, const struct aspis_profile *profile, const struct link_name *link,
	__u32 *request, __u8 *info)
{
	struct matcher matcher = matcher_at(arena, profile->file);
	__u32 state = match_step(arena, matcher, link->state, 0);
	struct aspis_permissions pair, target;
	__u16 announced = scratch->ruling.announced;
	__u32 more;

	state = path_state(scratch, arena, profile, state, 0);
	pair = state_permissions(scratch, arena, profile, matcher, state);
	if (!(pair.allow & ASPIS_MAY_LINK) || !(pair.allow & ASPIS_LINK_SUBSET))
		return pair;
	/* what either name gives unannounced, and what it gives besides if announced */
	scratch->ruling.announced = 0;
	scratch->ruling.audited = 0;
	target = path_permissions(scratch, arena, profile, 0);
	scratch->ruling.announced = announced;
	more = link->permissions.allow & ~(__u32)target.allow;
	target.allow |= scratch->ruling.audited;
	more |= link->audited & ~(__u32)target.allow;
	more &= ASPIS_MAY_ALL_FILE & ~ASPIS_MAY_LINK;
	scratch->ruling.audited = 0;
	if ((link->permissions.allow | link->audited) & target.allow & ASPIS_MAY_EXEC &&
		link->permissions.exec != target.exec)
		more |= ASPIS_MAY_EXEC;
	if (more) {
		pair.allow &=
			~more; /* a file rule with [^a] matches a pair, too: not what is asked */
		*request |= more;
		*info = ASPIS_INFO_NOT_SUBSET;
	}
	return pair;
}

__noinline int rules_on_link(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state || !arena.bytes)
		return 0;
	if (scratch->ruling.said)
		walked_announced(scratch, state);
	FOR_EACH_PLACE (i, state) {
		struct aspis_permissions permissions = {};
		__u32 request = ASPIS_MAY_LINK;
		__u8 info;
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (!profile)
			continue;
		info = path_problem(scratch, profile->flags);
		scratch->ruling.audited = 0;
		if (!info && !is_null(state, i))
			permissions = link_permissions(
				scratch, arena, profile, &scratch->link[i], &request, &info);
		if (unannounced(scratch, permissions, request))
			info = ASPIS_INFO_UNANNOUNCED;
		rule(scratch, profile, is_null(state, i), permissions, request, info, EACCES);
	}
	if (scratch->ruling.packaged)
		subject_path(scratch, false);
	return 0;
}
