/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an audit event announces, as far as the kernel side must know: a kernel event that it does
 * not announce gets its stack, whether it was announced just so (path, address) the agent decides;
 * and what audited rules grant is granted where it was announced just so (bpf/announce.bpf.c).
 */
#ifndef ASPIS_ANNOUNCE_BPF_H
#define ASPIS_ANNOUNCE_BPF_H

#include "ruling.bpf.h"

#define EVENT_NAME_MAX 128 /* power of two; the longest documented one has 32 bytes */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct aspis_announcement_key);
	__type(value, struct aspis_announcement);
} audit_announcements SEC(".maps") __weak;

/* bpf/announce.bpf.c. Notes what the audit event in the record announces to audited rules; the
 * walked path and scratch.subject are gone then. Always 0. */
int announce(struct scratch *scratch, struct aspis_task *state);

/* Does the event of this name announce anything to audited rules? */
static __noinline bool announces(__u64 name)
{
	struct aspis_announcement_key key = {};
	struct aspis_announcement *found;

	if (bpf_probe_read_user_str(key.name, sizeof(key.name), (const void *)name) < 0)
		return true; /* whoever reads it on can fetch its page */
	found = bpf_map_lookup_elem(&audit_announcements, &key);
	return found && found->audited;
}

/* What profiles of the task have rules on: audit events, and files that those announce. */
#define EVENTS_RULED 1
#define EVENTS_AUDITED 2

static __always_inline __u32 rules_on_events(const struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, rules = 0;

	if (!confined(state) || !arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		const struct aspis_packages *packages;

		if (!profile)
			continue;
		if (profile->mediated & 1u << ASPIS_CLASS_PYTHON)
			rules |= EVENTS_RULED;
		if (profile->announced)
			rules |= EVENTS_AUDITED;
		if (!profile->packages)
			continue;
		packages = ARENA_AT(arena, struct aspis_packages, profile->packages);
		if (packages->mediated & 1u << ASPIS_CLASS_PYTHON)
			rules |= EVENTS_RULED;
		if (packages->audited)
			rules |= EVENTS_AUDITED;
	}
	return rules;
}

/* An audit event is raised: what the one before it announced is over. Must it be known what this
 * one announces? Then it is never throttled, and announce() is called when it has been read. */
static __always_inline bool announce_begin(struct aspis_task *state, __u64 name, __u32 rules)
{
	state->python.said.operations = 0;
	return enforcing && rules & EVENTS_AUDITED && announces(name);
}

/* Notes what the audit event in the record announces; scratch.announcement is that of its name. */
static __always_inline void announcement_note(struct scratch *scratch, struct aspis_task *state)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	const struct aspis_announcement *announcement = &scratch->announcement;
	const struct aspis_value *first;
	__u32 len = event->name_len & (EVENT_NAME_MAX - 1);

	state->python.announced = 0;
	state->flags &= ~ASPIS_TASK_ONCE;
	first = (const struct aspis_value *)&scratch->record[sizeof(*event) + len];
	if (announcement->of_path && event->values_len && first->type == ASPIS_VALUE_INT)
		return;
	state->python.announced = announcement->operations;
	if (announcement->once)
		state->flags |= ASPIS_TASK_ONCE;
}

#endif
