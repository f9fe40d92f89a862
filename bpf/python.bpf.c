// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What Python says: audit events (PEP 578), name and arguments, at the sites that the agent has
 * found in each interpreter. The event's number goes into the thread's state, where every kernel
 * event of the thread finds its cause.
 */
#include "lib/announce.bpf.h"
#include "lib/site.bpf.h"
#include "lib/throttle.bpf.h"
#include "lib/ruling.bpf.h"
#include "lib/raise.bpf.h"
#include "abi/request.h"

static const char kChangeProfile[] = "aspis.change_profile";
static const char kChangeOnexec[] = "aspis.change_onexec";
static const char kChangeHat[] = "aspis.change_hat";

/* Is this the name of an event that asks Aspis for something? */
static __always_inline bool asks(__u64 name)
{
	char begins[8] = {};

	return !bpf_probe_read_user(begins, 6, (const void *)name) &&
	       *(__u64 *)begins == 0x2e7369707361; /* "aspis." */
}

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

/*
 * Appends the event's name, and finds what an event of this name announces. By the stack, as what
 * is read into it costs least, and a map's key must be there.
 */
static __noinline void name_emit(struct scratch *scratch, __u64 name)
{
	struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	__u32 used = scratch->used & (RECORD_MAX - 1);
	struct aspis_announcement_key key = {};
	struct aspis_announcement *found = NULL;
	char *to = &scratch->record[used];
	long len = -1;

	if (name)
		len = bpf_probe_read_user_str(key.name, sizeof(key.name), (const void *)name);
	if (name && len < 0 && fetch_user(name))
		len = bpf_probe_read_user_str(key.name, sizeof(key.name), (const void *)name);
	if (len == sizeof(key.name)) { /* or longer */
		len = bpf_probe_read_user_str(to, EVENT_NAME_MAX, (const void *)name);
	} else if (len > 1) {
		__builtin_memcpy(to, key.name, sizeof(key.name));
		found = bpf_map_lookup_elem(&audit_announcements, &key);
	}
	scratch->announcement = found ? *found : (struct aspis_announcement){};
	event->name_cut = len < 0 || len == EVENT_NAME_MAX;
	if (len > 1 && len <= EVENT_NAME_MAX) {
		event->name_len = len - 1;
		scratch->used = used + len - 1;
	}
}

/*
 * Asks the profiles about the event of the record at hand. Where the kernel cannot raise an
 * exception, nothing can keep CPython from going on but its end: who raises what is denied is
 * killed before the operation begins, and that is told even of a quiet deny. `site` is null where
 * that is so in any case.
 */
static __noinline void python_rules(struct pt_regs *ctx, struct scratch *scratch,
	struct aspis_task *state, const struct aspis_python_site *site)
{
	struct aspis_event *e = EVENT(scratch, aspis_event);
	struct ruling *ruling = &scratch->ruling;

	__builtin_memset(ruling, 0, sizeof(*ruling));
	__builtin_memset(scratch->order, 0, sizeof(scratch->order));
	spell_event(scratch);
	decide_subject(scratch, state, ASPIS_CLASS_PYTHON, ASPIS_PYTHON_RAISE, EPERM);
	if (ruling->verdict == ASPIS_VERDICT_DENIED) {
		if (site && !ruling->killed && EVENT(scratch, aspis_python_event)->name_len &&
			raise_possible(ctx, state, site)) {
			state->python.raising |= raise_bit(state);
			state->python.announced = 0; /* nothing comes of it */
			state->python.said.operations = 0;
			ruling->info = ASPIS_INFO_RAISED;
		} else {
			if (!ruling->killed)
				bpf_send_signal(SIGKILL);
			ruling->killed = 1;
			ruling->reported = 1;
		}
		__builtin_memset(scratch->order, 0, sizeof(scratch->order));
	}
	e->verdict = ruling->verdict;
	e->profile = ruling->profile;
	e->requested = ruling->requested;
	e->denied = ruling->denied;
	e->info = ruling->info;
	e->flags |=
		(ruling->reported ? ASPIS_F_REPORTED : 0) | (ruling->killed ? ASPIS_F_KILLED : 0);
	if (stacks && ruling->reported)
		scratch->stack.row = state->python.frames;
}

/*
 * sys.audit() hands its event on to sys_audit_tstate() if the program has audit hooks of its own:
 * then both sites see it, the second one at once after the first.
 */
static __always_inline bool already_told(
	struct aspis_task *state, const struct aspis_python_site *site, __u64 name)
{
	bool again = site->form != ASPIS_SITE_SYS_AUDIT && name == state->python.told;

	state->python.told = site->form == ASPIS_SITE_SYS_AUDIT ? name : 0;
	return again && name;
}

/*
 * Name and arguments, into the record. A function of its own, as on_audit's frame is under those of
 * the longest calls (a change of profile, which looks at open files), all within 512 bytes.
 */
static __noinline void event_fill(struct pt_regs *ctx, struct scratch *scratch,
	const struct aspis_python_site *site, struct aspis_task *state, __u64 name)
{
	struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	__u32 row = site->layout, args;
	struct aspis_python_layout *layout = bpf_map_lookup_elem(&python_layouts, &row);

	name_emit(scratch, name);
	if (layout) {
		site_arguments(ctx, scratch, site, layout);
		args = scratch->call.count;
		event->args = args;
		event->args_sent = args < ASPIS_AUDIT_ARGS_MAX ? args : ASPIS_AUDIT_ARGS_MAX;
		event->values_len = values_emit(scratch, layout, state, event->args_sent);
	}
	if (event->e.flags & ASPIS_F_CUT || event->args > ASPIS_AUDIT_ARGS_MAX)
		count(ASPIS_STAT_VALUE_CUT);
}

/* Address of the event's name. */
static __noinline __u64 event_name(struct pt_regs *ctx, const struct aspis_python_site *site)
{
	__u32 row = site->layout; /* ASPIS_LAYOUT_NONE is behind the end of the table */

	return site_name(ctx, site, bpf_map_lookup_elem(&python_layouts, &row));
}

/* Has start-up ended? cpython.run_command, run_file, run_module, run_stdin, … say so. */
static __always_inline void note_start(struct scratch *scratch, struct aspis_task *state)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	const char *name = &scratch->record[sizeof(*event)];

	if (event->name_len > 12 && *(__u64 *)name == 0x2e6e6f6874797063 &&
		*(__u32 *)(name + 8) == 0x5f6e7572)
		state->flags |= ASPIS_TASK_RUNS; /* "cpython." "run_" */
}

/* An audit event at a site that the kernel may raise an exception at, or not: then `raises`, of a
 * program that is loaded nowhere else, is a constant. */
static __always_inline int audit_event(struct pt_regs *ctx, bool raises)
{
	struct aspis_task *state = tracked_state();
	const struct aspis_python_site *site;
	struct aspis_python_event *event;
	struct scratch *scratch;
	__u32 row, rules;
	__u64 seq, name, now;
	bool ruled, announced;

	if (!state)
		return 0;
	row = bpf_get_attach_cookie(ctx);
	site = bpf_map_lookup_elem(&python_sites, &row);
	if (!site)
		return 0;
	if (raises) {
		raise_entered(state);
		if (raise_without_thread(ctx, site))
			return 0;
	}
	name = event_name(ctx, site);
	if (already_told(state, site, name))
		return 0;
	count_seen(&row);
	seq = event_number();
	now = bpf_ktime_get_boot_ns(); /* once: the clock is not cheap */
	state->cause = seq;
	state->flags = (state->flags & ~ASPIS_TASK_INHERITED) | ASPIS_TASK_PYTHON;
	state->python.site = row + 1;
	state->python.frames = site->frames;
	state->python.announced = 0; /* until it is known what */
	rules = rules_on_events(state);
	announced = announce_begin(state, name, rules);
	ruled = rules & EVENTS_RULED;
	/* what is ruled on is asked about each time, and what is asked for is done */
	if (!ruled && !announced && !(enforcing && asks(name)) && throttled(state, name, now))
		return 0;
	scratch = event_begin_numbered(
		state, ASPIS_PYTHON_AUDIT, sizeof(struct aspis_python_event), seq, now);
	if (!scratch)
		return 0;
	event = EVENT(scratch, aspis_python_event);
	event->e.cause = state->origin;
	event->site = row;
	event->throttled = state->python.throttled;
	state->python.throttled = 0;
	event_fill(ctx, scratch, site, state, name);
	announcement_note(scratch, state);
	if (announced)
		announce(scratch, state);
	if (ruled)
		python_rules(ctx, scratch, state, raises ? site : NULL);
	if (enforcing) {
		note_start(scratch, state);
		context_request(scratch, state);
	}
	event_put(scratch);
	if (ruled)
		profile_ordered(scratch, state, ASPIS_REQUEST_ON_PYTHON);
	if (enforcing)
		python_request(scratch, state);
	scratch_release(scratch);
	if (raises && state->python.raising & raise_bit(state))
		raise_now(ctx, site, name);
	return 0;
}

SEC("?uprobe.s")
int on_audit(struct pt_regs *ctx)
{
	return audit_event(ctx, false);
}

/* At the first instruction of a function (lib/raise.bpf.h), together with on_audit_return. */
SEC("?uprobe.s")
int on_audit_raise(struct pt_regs *ctx)
{
	return audit_event(ctx, true);
}

SEC("?uretprobe")
int on_audit_return(struct pt_regs *ctx)
{
	struct aspis_task *state = tracked_state();
	const struct aspis_python_site *site;
	__u32 row;

	if (!state || !raise_left(state))
		return 0;
	row = bpf_get_attach_cookie(ctx);
	site = bpf_map_lookup_elem(&python_sites, &row);
	if (site)
		raise_return(ctx, site);
	return 0;
}
