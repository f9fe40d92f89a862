// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What Python says: CPython's USDT `python:audit` (PEP 578), event name and argument tuple. The
 * event's number goes into the thread's state, where every kernel event of the thread finds its
 * cause.
 */
#include "lib/python.bpf.h"
#include "lib/decide.bpf.h"
#include "abi/request.h"
#include <bpf/usdt.bpf.h>

#define EVENT_NAME_MAX 128 /* the longest documented one has 32 bytes */

/* Layouts by the cookie that the agent attaches each interpreter with. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct aspis_python_layout);
} python_layouts SEC(".maps");

static const char kChangeProfile[] = "aspis.change_profile";
static const char kChangeOnexec[] = "aspis.change_onexec";
static const char kChangeHat[] = "aspis.change_hat";

/* What an event asks for by its name; 0: nothing. */
static __always_inline __u32 request_of(const char *name, __u32 len)
{
	if (len == sizeof(kChangeProfile) - 1 && !bpf_strncmp(name, len, kChangeProfile))
		return ASPIS_REQUEST_CHANGE_PROFILE;
	if (len == sizeof(kChangeOnexec) - 1 && !bpf_strncmp(name, len, kChangeOnexec))
		return ASPIS_REQUEST_CHANGE_ONEXEC;
	if (len == sizeof(kChangeHat) - 1 && !bpf_strncmp(name, len, kChangeHat))
		return ASPIS_REQUEST_CHANGE_HAT;
	return 0;
}

/*
 * sys.audit("aspis.change_profile", NAME), sys.audit("aspis.change_onexec", NAME) and
 * sys.audit("aspis.change_hat", NAME or None, TOKEN). The event has been sent, and its record is
 * read for the last time. Names are Latin-1 as CPython keeps them, so that those of ASCII can be
 * found. Nothing can be answered: the program asks by prctl (abi/request.h) how it went.
 */
static __noinline void python_request(struct scratch *scratch, struct aspis_task *state)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	__u32 at = sizeof(*event), len = event->name_len, request, used = 0;
	struct aspis_value name, number;
	__u64 token = 0;

	request = request_of((const char *)&scratch->record[at], len);
	if (!request)
		return;
	at += len;
	__builtin_memcpy(&name, &scratch->record[at & (RECORD_MAX - 1)], sizeof(name));
	at += sizeof(name);
	if (event->args && name.type == ASPIS_VALUE_STR && !(name.flags & ASPIS_VALUE_CUT) &&
		name.len && name.len <= ASPIS_PROFILE_NAME_MAX) {
		used = name.len;
		KEEP(used);
		used &= CHUNK_MAX - 1;
		bpf_probe_read_kernel(scratch->path, used, &scratch->record[at & (RECORD_MAX - 1)]);
		at += used;
	} else if (!event->args || name.type != ASPIS_VALUE_NONE ||
		   request != ASPIS_REQUEST_CHANGE_HAT) {
		request = 0;
	}
	if (event->args > 1) {
		__builtin_memcpy(&number, &scratch->record[at & (RECORD_MAX - 1)], sizeof(number));
		at += sizeof(number);
		__builtin_memcpy(&token, &scratch->record[at & (RECORD_MAX - 1)], sizeof(token));
		if (number.type != ASPIS_VALUE_INT || number.flags)
			request = 0;
	}
	scratch->path[used & (CHUNK_MAX - 1)] = 0;
	scratch->asked.len = used;
	profile_request(scratch, state, request, token);
}

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
	event_put(scratch);
	if (enforcing)
		python_request(scratch, state);
	scratch_release(scratch);
	return 0;
}
