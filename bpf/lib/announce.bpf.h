/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an audit event announces, as far as the kernel side must know: a kernel event that it does
 * not announce gets its stack. Whether it was announced just so (path, address) the agent decides.
 */
#ifndef ASPIS_ANNOUNCE_BPF_H
#define ASPIS_ANNOUNCE_BPF_H

#include "emit.bpf.h"

#define EVENT_NAME_MAX 128 /* power of two; the longest documented one has 32 bytes */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct aspis_announcement_key);
	__type(value, struct aspis_announcement);
} audit_announcements SEC(".maps") __weak;

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
