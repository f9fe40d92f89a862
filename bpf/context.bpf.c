// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * @{ctx.KEY}: a thread sets its context by sys.audit("aspis.context", KEY, VALUE[, TOKEN]), and the
 * paths of a profile that refers to it are matched with it (lib/context.h). Who has set nothing
 * matches as one whose keys are all unset.
 */
#include "lib/contexts.bpf.h"
#include "lib/ruling.bpf.h"
#include "abi/subject.h"

static const char kContextEvent[] = ASPIS_CONTEXT_EVENT;
#define EVENT_BYTES (sizeof(kContextEvent) - 1)

static __always_inline bool same_key(
	const struct aspis_context_key *a, const struct aspis_context_key *b)
{
	const __u64 *left = (const __u64 *)a->name, *right = (const __u64 *)b->name;

	return left[0] == right[0] && left[1] == right[1];
}

/* 1 + number of the entry of a key; of an empty one: of the first that is free. 0: there is none.
 */
__noinline int context_find(struct thread_contexts *contexts, const struct aspis_context_key *key)
{
	if (!contexts || !key)
		return 0;
	for (int i = 0; i < THREAD_CONTEXTS; i++)
		if (same_key(&contexts->of[i].key, key))
			return i + 1;
	return 0;
}

/* The thread's values of the profile's keys. Returns how many keys it has. */
static __always_inline __u32 context_load(
	struct scratch *scratch, const struct aspis_profile *profile)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread_contexts *contexts = bpf_task_storage_get(&task_contexts, task, NULL, 0);
	__u32 keys = 0;

	__builtin_memset(&scratch->context.values, 0, sizeof(scratch->context.values));
	for (__u32 n = 0; n < ASPIS_CONTEXTS_MAX; n++) {
		__u32 at;

		if (!profile->contexts[n].name[0])
			break;
		keys = n + 1;
		at = contexts ? context_find(contexts, &profile->contexts[n]) : 0;
		if (contexts && at)
			bpf_probe_read_kernel(&scratch->context.values.of[n],
				sizeof(struct context_value),
				&contexts->of[(at - 1) & (THREAD_CONTEXTS - 1)].value);
	}
	return keys;
}

static long path_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct arena arena = policy_arena_view();
	__u32 at;

	if (!scratch || !arena.bytes)
		return 1;
	at = scratch->context.at + index;
	KEEP(at);
	context_step(arena, matcher_at(arena, scratch->context.automaton), &scratch->context.walk,
		&scratch->context.values, scratch->context.keys,
		scratch->path[at & (CHUNK_MAX - 1)]);
	return 0;
}

__noinline __u32 match_context(
	struct scratch *scratch, const struct aspis_profile *profile, __u32 state, __u32 how)
{
	struct arena arena = policy_arena_view();
	struct matcher matcher;
	__u32 off;

	if (!scratch || !profile || !arena.bytes)
		return 0;
	off = scratch->walk.off;
	if (off > CHUNK_MAX)
		return 0;
	scratch->context.automaton = profile->file;
	scratch->context.keys = context_load(scratch, profile);
	scratch->context.at = off;
	scratch->context.walk = (struct context_walk){.state = state};
	bpf_loop(CHUNK_MAX - off, path_step, &scratch, 0);
	matcher = matcher_at(arena, profile->file);
	context_component(arena, matcher, &scratch->context.walk, &scratch->context.values,
		scratch->context.keys);
	state = scratch->context.walk.state;
	if (how & DECIDE_DIRECTORY && off != CHUNK_MAX - 1)
		state = match_step(arena, matcher, state, '/');
	return state;
}

/* Letters, digits and "_". */
static __always_inline bool key_byte(__u8 byte)
{
	return (byte >= '0' && byte <= '9') || byte == '_' ||
	       ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
}

/* The argument of the spelled event that is being taken. */
static long take_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	__u32 at, len;
	__u8 byte;

	if (!scratch)
		return 1;
	at = scratch->context.at;
	KEEP(at);
	byte = scratch->subject[at & (SUBJECT_ROOM - 1)];
	scratch->context.at = at + 1;
	if (!byte)
		return 1;
	len = scratch->context.taken_len;
	scratch->context.taken_len = len + 1;
	KEEP(len);
	scratch->context.taken[len & (sizeof(scratch->context.taken) - 1)] = byte;
	if (scratch->context.key ? !key_byte(byte) : !context_byte_ok(byte))
		scratch->context.wrong = 1;
	return 0;
}

/* Takes the argument at scratch.context.at, which is behind it then. Returns its bytes; 0: it is
 * longer than scratch.context.taken, or has a byte that no key (or value) has. */
static __always_inline __u32 take_argument(struct scratch *scratch, bool key)
{
	scratch->context.key = key;
	scratch->context.wrong = 0;
	scratch->context.taken_len = 0;
	__builtin_memset(scratch->context.taken, 0, sizeof(scratch->context.taken));
	bpf_loop(sizeof(scratch->context.taken), take_step, &scratch, 0);
	return scratch->context.wrong ? 0 : scratch->context.taken_len;
}

/* KEY, as it is spelled (spell_event: UTF-8). */
static __noinline __u8 read_key(struct scratch *scratch)
{
	__u32 len = take_argument(scratch, true);

	if (!len || len > ASPIS_CONTEXT_KEY_MAX)
		return ASPIS_INFO_CONTEXT;
	__builtin_memcpy(scratch->context.asked.key.name, scratch->context.taken,
		sizeof(scratch->context.asked.key.name));
	return ASPIS_INFO_NONE;
}

static __noinline __u8 read_value(struct scratch *scratch)
{
	struct context_value *value = &scratch->context.asked.value;
	__u32 len = take_argument(scratch, false);

	if (!context_length_ok(scratch->context.taken, len))
		return ASPIS_INFO_CONTEXT;
	bpf_probe_read_kernel(value->bytes, sizeof(value->bytes), scratch->context.taken);
	value->len = len;
	return ASPIS_INFO_NONE;
}

/* Reads what is asked for, from the record and, spelled, from scratch.subject. */
static __always_inline __u8 read_asked(struct scratch *scratch)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	struct asked_context *asked = &scratch->context.asked;
	__u32 at = sizeof(*event) + event->name_len;
	struct aspis_value key, value, number;
	__u8 info;

	if (event->args < 2 || event->args > 3)
		return ASPIS_INFO_REQUEST;
	KEEP(at);
	__builtin_memcpy(&key, &scratch->record[at & (RECORD_MAX - 1)], sizeof(key));
	at += sizeof(key) + key.len;
	KEEP(at);
	__builtin_memcpy(&value, &scratch->record[at & (RECORD_MAX - 1)], sizeof(value));
	at += sizeof(value) + value.len;
	KEEP(at);
	if (key.type != ASPIS_VALUE_STR ||
		(value.type != ASPIS_VALUE_STR && value.type != ASPIS_VALUE_NONE))
		return ASPIS_INFO_REQUEST;
	if (event->args > 2) {
		__builtin_memcpy(&number, &scratch->record[at & (RECORD_MAX - 1)], sizeof(number));
		at += sizeof(number);
		KEEP(at);
		if (number.type != ASPIS_VALUE_INT || number.flags)
			return ASPIS_INFO_REQUEST;
		__builtin_memcpy(&asked->token, &scratch->record[at & (RECORD_MAX - 1)],
			sizeof(asked->token));
		asked->has_token = 1;
	}
	spell_event(scratch);
	scratch->context.at = 1 + EVENT_BYTES + 1;
	info = read_key(scratch);
	return info || value.type == ASPIS_VALUE_NONE ? info : read_value(scratch);
}

static __always_inline __u8 set_context(const struct asked_context *asked)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_context_key none = {};
	struct thread_contexts *contexts;
	struct thread_context *context;
	__u32 at;

	contexts = bpf_task_storage_get(&task_contexts, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!contexts)
		return ASPIS_INFO_NO_RESOURCES;
	at = context_find(contexts, &asked->key);
	if (!at && !asked->value.len)
		return ASPIS_INFO_NONE;
	if (!at)
		at = context_find(contexts, &none);
	if (!at)
		return ASPIS_INFO_CONTEXT;
	context = &contexts->of[(at - 1) & (THREAD_CONTEXTS - 1)];
	if (context->locked && !(asked->has_token && asked->token == context->token))
		return ASPIS_INFO_TOKEN;
	if (!asked->value.len) {
		__builtin_memset(context, 0, sizeof(*context));
		return ASPIS_INFO_NONE;
	}
	context->key = asked->key;
	context->value = asked->value;
	context->locked = asked->has_token;
	context->token = asked->token;
	return ASPIS_INFO_NONE;
}

/* The record of an audit event: does it set a context? Then it is set, or the record says why not;
 * what the key had, it keeps. Always 0. */
__noinline int context_request(struct scratch *scratch, struct aspis_task *state)
{
	struct aspis_python_event *event;
	__u8 info;

	if (!scratch || !state)
		return 0;
	event = EVENT(scratch, aspis_python_event);
	if (event->name_len != EVENT_BYTES ||
		bpf_strncmp(&scratch->record[sizeof(*event)], EVENT_BYTES, kContextEvent))
		return 0;
	__builtin_memset(&scratch->context.asked, 0, sizeof(scratch->context.asked));
	info = read_asked(scratch);
	if (!info)
		info = set_context(&scratch->context.asked);
	if (!info)
		return 0;
	event->e.verdict = ASPIS_VERDICT_DENIED;
	event->e.profile = state->domain.profiles[0];
	event->e.requested = ASPIS_PYTHON_RAISE;
	event->e.denied = ASPIS_PYTHON_RAISE;
	event->e.info = info;
	event->e.flags |= ASPIS_F_REPORTED;
	return 0;
}
