/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What an audit event announces, as far as the kernel side must know: a kernel event that it does
 * not announce gets its stack. Whether it was announced just so (path, address) the agent decides.
 */
#ifndef ASPIS_ANNOUNCE_BPF_H
#define ASPIS_ANNOUNCE_BPF_H

#include "emit.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct aspis_announcement_key);
	__type(value, struct aspis_announcement);
} audit_announcements SEC(".maps") __weak;

/* Notes what the audit event in the record announces; its name and values are in the tail. */
static __noinline void announcement_note(struct scratch *scratch, struct aspis_task *state)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	__u32 at = sizeof(*event), len = event->name_len;
	struct aspis_announcement_key key = {};
	struct aspis_announcement *found;
	const struct aspis_value *first;

	state->python.announced = 0;
	state->flags &= ~ASPIS_TASK_ONCE;
	if (!len || len >= sizeof(key.name))
		return;
	KEEP(len);
	len &= sizeof(key.name) - 1;
	bpf_probe_read_kernel(key.name, len, &scratch->record[at]);
	found = bpf_map_lookup_elem(&audit_announcements, &key);
	if (!found)
		return;
	first = (const struct aspis_value *)&scratch->record[at + len];
	if (found->of_path && event->values_len && first->type == ASPIS_VALUE_INT)
		return;
	state->python.announced = found->operations;
	if (found->once)
		state->flags |= ASPIS_TASK_ONCE;
}

#endif
