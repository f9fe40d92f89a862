// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What Python says: CPython's USDT `python:audit` (PEP 578), event name and argument tuple. The
 * event's number goes into the thread's state, where every kernel event of the thread finds its
 * cause.
 */
#include "lib/python.bpf.h"
#include <bpf/usdt.bpf.h>

#define EVENT_NAME_MAX 128 /* the longest documented one has 32 bytes */

/* Layouts by the cookie that the agent attaches each interpreter with. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct aspis_python_layout);
} python_layouts SEC(".maps");

SEC("?usdt")
int on_audit(struct pt_regs *ctx)
{
	struct aspis_task *state = tracked_state();
	struct aspis_python_layout *layout;
	struct aspis_python_event *event;
	struct scratch *scratch;
	__u64 seq;
	__u32 cookie, used;
	long name = 0, tuple = 0, len;

	if (!state)
		return 0;
	cookie = bpf_usdt_cookie(ctx);
	layout = bpf_map_lookup_elem(&python_layouts, &cookie);
	if (!layout || bpf_usdt_arg(ctx, 0, &name) || bpf_usdt_arg(ctx, 1, &tuple))
		return 0;
	seq = event_number();
	state->cause = seq;
	state->flags = (state->flags & ~ASPIS_TASK_INHERITED) | ASPIS_TASK_PYTHON;
	scratch = event_begin_numbered(
		state, ASPIS_PYTHON_AUDIT, sizeof(struct aspis_python_event), seq);
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_python_event);
	event->e.cause = state->origin;
	used = scratch->used & (RECORD_MAX - 1);
	len = bpf_probe_read_user_str(&scratch->record[used], EVENT_NAME_MAX, (const void *)name);
	if (len > 1 && len <= EVENT_NAME_MAX) {
		event->name_len = len - 1;
		event->name_cut = len == EVENT_NAME_MAX;
		scratch->used = used + len - 1;
	}
	if (tuple) {
		__u64 size = 0;

		bpf_probe_read_user(&size, sizeof(size), (const void *)(tuple + layout->ob_size));
		event->args = size;
		event->args_sent = size < ASPIS_AUDIT_ARGS_MAX ? size : ASPIS_AUDIT_ARGS_MAX;
		event->values_len = values_emit(scratch, layout, tuple, event->args_sent);
	}
	if (event->e.flags & ASPIS_F_CUT || event->args > ASPIS_AUDIT_ARGS_MAX)
		count(ASPIS_STAT_VALUE_CUT);
	event_send(scratch);
	return 0;
}
