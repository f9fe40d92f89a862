// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A task asks for another profile: by prctl(2), or by an audit event of its Python code
 * (python.bpf.c). As AppArmor's aa_change_profile and aa_change_hat (security/apparmor/domain.c):
 * for the calling thread alone, and only where a rule allows it; a hat needs no rule, and to leave
 * it takes the token that it was entered with.
 */
#include "lib/domain.bpf.h"
#include "lib/hook.bpf.h"
#include "lib/subject.bpf.h"
#include "abi/request.h"

/* Functions are kept apart, because their frames count: at most 512 bytes from here down to the
 * matcher of an open file. */

/* Id of the profile asked for; 0: there is none. Names are those below profile `parent` (its id; 0:
 * all names). Leaves the subject that rules are asked about. */
static __noinline __u32 find_asked(struct scratch *scratch, __u32 root, __u32 parent)
{
	struct arena arena = policy_arena_view();
	const struct aspis_policy_root *head;
	struct matcher matcher;
	const char *asked;

	if (!scratch || !arena.bytes)
		return 0;
	head = ARENA_AT(arena, struct aspis_policy_root, root);
	if (!head->names)
		return 0;
	asked = scratch->path;
	scratch->subject[0] = ASPIS_CLASS_CHANGE_PROFILE;
	scratch->subject_len = 1;
	if (*asked == '&') {
		subject_byte(scratch, '&');
		asked++;
	}
	if (parent) {
		subject_profile(scratch, arena, root, parent);
		subject_byte(scratch, '/');
		subject_byte(scratch, '/');
	}
	subject_text(scratch, asked);
	matcher = matcher_at(arena, head->names);
	return match_outcome(
		arena, matcher, match_subject(scratch, head->names, matcher.head->start));
}

/* A child of the profile in force has the name before any other. */
static __always_inline __u32 find_near(
	struct scratch *scratch, __u32 root, const struct aspis_task *state)
{
	__u32 own = state->domain.profiles[0], id = 0;

	if (own)
		id = find_asked(scratch, root, own);
	return id ? id : find_asked(scratch, root, 0);
}

/* Of a name that no profile has: complain makes one up, without rules. */
static __always_inline int choose_null(
	struct scratch *scratch, struct aspis_task *state, struct arena arena, __u32 root)
{
	int answer = refuse(scratch, state, ASPIS_INFO_NO_LABEL, ENOENT);

	next_clear(state);
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (profile && profile->mode != ASPIS_MODE_COMPLAIN && !is_null(state, i))
			return answer;
		next_place(state, state->domain.profiles[i], true);
	}
	if (!confined(state))
		return answer;
	scratch->ruling.verdict = ASPIS_VERDICT_COMPLAIN;
	scratch->ruling.answer = 0;
	return 0;
}

/* Chooses the next domain; the answer is in the ruling, too. */
static __noinline int choose_profile(
	struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, id;
	bool stacks = scratch->path[0] == '&';

	if (!arena.bytes)
		return refuse(scratch, state, ASPIS_INFO_NO_RESOURCES, ENOMEM);
	id = find_near(scratch, root, state);
	if (!id)
		return choose_null(scratch, state, arena, root);
	rules_on_subject(scratch, state, ASPIS_CLASS_CHANGE_PROFILE,
		request == ASPIS_REQUEST_CHANGE_ONEXEC ? ASPIS_PROFILE_ONEXEC
						       : ASPIS_PROFILE_CHANGE,
		EACCES);
	if (scratch->ruling.answer)
		return scratch->ruling.answer;
	next_clear(state);
	if (stacks) {
		FOR_EACH_PLACE (i, state)
			next_place(state, state->domain.profiles[i], is_null(state, i));
		state->next_flags |= ASPIS_TASK_STACKS;
	}
	if (id != ASPIS_ID_UNCONFINED && next_add(state, id))
		return refuse(scratch, state, ASPIS_INFO_STACK_FULL, EACCES);
	if (next_is_refused(arena, root, state))
		return refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	return 0;
}

/* The hat asked for, of each profile. */
static __noinline int choose_hat(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!arena.bytes)
		return refuse(scratch, state, ASPIS_INFO_NO_RESOURCES, ENOMEM);
	next_clear(state);
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		__u32 id = state->domain.profiles[i], at, hat;

		if (!profile || is_null(state, i)) {
			next_place(state, id, is_null(state, i));
			continue;
		}
		hat = find_asked(
			scratch, root, profile->flags & ASPIS_PROFILE_HAT ? profile->parent : id);
		if (!hat)
			return refuse(scratch, state, ASPIS_INFO_NO_LABEL, ENOENT);
		at = profile_at(arena, root, hat);
		if (!(ARENA_AT(arena, struct aspis_profile, at)->flags & ASPIS_PROFILE_HAT))
			return refuse(scratch, state, ASPIS_INFO_NOT_HAT, EPERM);
		next_add(state, hat); /* as many as there were */
	}
	if (next_is_refused(arena, root, state))
		return refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	return 0;
}

/* Enters a hat, or without a name leaves it: chooses the next domain. */
static __always_inline int change_hat(
	struct scratch *scratch, struct aspis_task *state, __u64 token)
{
	bool in_hat = state->outer.profiles[0], leaves = !scratch->asked.len;
	int answer;

	if (leaves && !token)
		return -EINVAL;
	if (in_hat && token != state->token) { /* it is being guessed */
		bpf_send_signal(SIGKILL);
		scratch->ruling.killed = 1;
		return refuse(scratch, state, ASPIS_INFO_TOKEN, EACCES);
	}
	if (!leaves) {
		answer = choose_hat(scratch, state);
		if (!answer && !in_hat) {
			state->outer = state->domain;
			state->token = token;
		}
		return answer;
	}
	next_clear(state);
	state->next = in_hat ? state->outer : state->domain;
	state->next_flags = in_hat ? ASPIS_TASK_CONFINED
				   : state->flags & (ASPIS_TASK_CONFINED | ASPIS_TASK_NULL_ANY);
	state->outer = (struct aspis_domain){};
	state->token = 0;
	return 0;
}

/* What the next exec was to enter, which outlives a change that comes before it. */
struct pending {
	struct aspis_domain next;
	__u32 next_flags;
	__u32 onexec;
};

static __always_inline struct pending pending_of(const struct aspis_task *state)
{
	return (struct pending){state->next, state->next_flags, state->flags & ASPIS_TASK_ONEXEC};
}

static __always_inline void put_back(struct aspis_task *state, const struct pending *pending)
{
	state->next = pending->next;
	state->next_flags = pending->next_flags;
	state->flags |= pending->onexec;
}

static __noinline void tell_request(
	struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	struct aspis_privilege_event *event = EVENT(scratch, aspis_privilege_event);

	if (!access_told(scratch, state))
		return;
	record_begin(scratch, sizeof(*event));
	event->number = request;
	event->text_len = tail_kernel(scratch, scratch->path, scratch->asked.len);
	access_tell_kept(scratch, state, ASPIS_PRIV_CHANGE_PROFILE);
}

/* Where the profile at place `i` orders the task to go. Returns why that cannot be, or 0. */
static __always_inline __u8 follow_order(
	struct scratch *scratch, struct aspis_task *state, struct arena arena, __u32 root, int i)
{
	const struct aspis_profile *profile = profile_in(arena, root, state, i);
	__u32 id = state->domain.profiles[i], number = scratch->order[i];
	const struct aspis_exec *order;

	if (!profile || !number || is_null(state, i))
		return next_place(state, id, is_null(state, i)) ? ASPIS_INFO_STACK_FULL : 0;
	order = ARENA_AT(
		arena, struct aspis_exec, profile->execs + number * sizeof(struct aspis_exec));
	if (order->flags & ASPIS_EXEC_STACK && next_add(state, id))
		return ASPIS_INFO_STACK_FULL;
	return next_targets(state, arena, root, order);
}

__noinline int order_listener(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!scratch || !state)
		return 0;
	__builtin_memset(scratch->order, 0, sizeof(scratch->order));
	if (!arena.bytes)
		return 0;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		scratch->order[i] = profile && !is_null(state, i) ? profile->on_listen : 0;
	}
	return 0;
}

/* Fills state.next; the answer is in the ruling, too. */
static __noinline int choose_ordered(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!arena.bytes)
		return refuse(scratch, state, ASPIS_INFO_NO_RESOURCES, ENOMEM);
	next_clear(state);
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		__u8 info = follow_order(scratch, state, arena, root, i);

		if (!info)
			continue;
		if (!profile || profile->mode != ASPIS_MODE_COMPLAIN)
			return refuse(scratch, state, info, EACCES);
		next_place(state, state->domain.profiles[i], true);
		scratch->ruling.profile = state->domain.profiles[i];
		scratch->ruling.verdict = ASPIS_VERDICT_COMPLAIN;
		scratch->ruling.reported = 1;
		scratch->ruling.info = info;
	}
	if (next_is_refused(arena, root, state))
		return refuse(scratch, state, ASPIS_INFO_NO_NEW_PRIVS, EPERM);
	return 0;
}

/* The text of the event: the profiles that come next. */
static __noinline void name_next(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	scratch->asked.len = 0;
	scratch->subject_len = 0;
	if (!arena.bytes)
		return;
	for (int i = 0; i < ASPIS_STACK_MAX && state->next.profiles[i]; i++) {
		if (i) {
			subject_byte(scratch, '/');
			subject_byte(scratch, '/');
			subject_byte(scratch, '&');
		}
		subject_profile(scratch, arena, root, state->next.profiles[i]);
	}
	if (scratch->subject_len > ASPIS_PROFILE_NAME_MAX)
		return;
	scratch->asked.len = scratch->subject_len;
	bpf_probe_read_kernel(scratch->path, ASPIS_PROFILE_NAME_MAX, scratch->subject);
}

__noinline int profile_ordered(struct scratch *scratch, struct aspis_task *state, __u32 request)
{
	struct pending pending;
	int answer;

	if (!scratch || !state || !*(__u64 *)scratch->order)
		return 0;
	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	pending = pending_of(state);
	answer = choose_ordered(scratch, state);
	name_next(scratch, state);
	tell_request(scratch, state, request);
	if (!answer)
		enter_next(state, scratch);
	put_back(state, &pending);
	return answer;
}

__noinline int profile_request(
	struct scratch *scratch, struct aspis_task *state, __u32 request, __u64 token)
{
	struct pending pending;
	int answer;

	if (!scratch || !state)
		return -EINVAL;
	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	pending = pending_of(state);
	if (!request)
		answer = refuse(scratch, state, ASPIS_INFO_REQUEST, EINVAL);
	else if (request == ASPIS_REQUEST_CHANGE_HAT)
		answer = confined(state) ? change_hat(scratch, state, token) : -EPERM;
	else
		answer = scratch->asked.len ? choose_profile(scratch, state, request) : -EINVAL;
	tell_request(scratch, state, request);
	if (!answer && request == ASPIS_REQUEST_CHANGE_ONEXEC) {
		state->flags |= ASPIS_TASK_ONEXEC;
		return 0;
	}
	if (!answer)
		enter_next(state, scratch);
	put_back(state, &pending);
	return answer;
}

/* Is the task under the profile asked for? */
static __noinline int is_under(struct scratch *scratch, struct aspis_task *state)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root, id;

	if (!scratch || !state || !arena.bytes)
		return -EPERM;
	id = find_near(scratch, root, state);
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);

		if (profile && profile->id == id && !is_null(state, i))
			return -ASPIS_ANSWER - (profile->mode == ASPIS_MODE_COMPLAIN);
	}
	return -EPERM;
}

/* A byte of the name of the domain. */
static __noinline int name_byte(struct aspis_task *state, __u32 index)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;

	if (!state || !arena.bytes)
		return -EINVAL;
	FOR_EACH_PLACE (i, state) {
		__u32 at = profile_at(arena, root, state->domain.profiles[i]), len;

		if (i && index < 3)
			return -ASPIS_ANSWER - (index == 2 ? '&' : '/');
		if (i)
			index -= 3;
		if (!at)
			continue;
		len = ARENA_AT(arena, struct aspis_profile, at)->name_len;
		if (index < len)
			return -ASPIS_ANSWER -
			       *ARENA_AT(arena, __u8,
				       ARENA_AT(arena, struct aspis_profile, at)->name + index);
		index -= len;
	}
	return -ASPIS_ANSWER;
}

/* The name that the program passed becomes the one asked for. Returns a negative errno. A name on a
 * page that is not there now cannot be read: include/aspis.h touches it first. */
static __always_inline int read_name(struct scratch *scratch, const void *name)
{
	long len;

	scratch->asked.len = 0;
	if (!name)
		return 0;
	len = bpf_probe_read_user_str(scratch->path, ASPIS_PROFILE_NAME_MAX + 2, name);
	if (len <= 0)
		return -EFAULT;
	if (len > ASPIS_PROFILE_NAME_MAX + 1)
		return -ENAMETOOLONG;
	scratch->asked.len = len - 1;
	return 0;
}

static __always_inline int answer_request(
	struct aspis_task *state, __u32 request, const void *name, __u64 token)
{
	struct scratch *scratch;
	int answer;

	if (request == ASPIS_REQUEST_NAME)
		return name_byte(state, (__u64)name);
	scratch = scratch_lease();
	if (!scratch)
		return -EAGAIN;
	answer = read_name(scratch, name);
	if (!answer && request == ASPIS_REQUEST_IS) {
		__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
		answer = is_under(scratch, state);
	} else if (!answer && request && request < ASPIS_REQUEST_IS) {
		answer = profile_request(scratch, state, request, token);
		answer = answer ? answer : -ASPIS_ANSWER;
	}
	scratch_release(scratch);
	return answer;
}

/* Where profiles attach to any task, any task may ask, too; it is tracked from then on only if it
 * is confined now, or will be by its next exec. */
static __noinline int on_task_prctl(unsigned long long *ctx)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct aspis_task *state = current_state();
	bool stranger = !state && attaching;
	int answer;

	if (!enforcing)
		return 0;
	if (stranger)
		state = track(task);
	if (!state)
		return 0;
	if (stranger && attached_quiet)
		state->flags |= ASPIS_TASK_QUIET;
	answer = answer_request(state, ctx[1], (const void *)ctx[2], ctx[3]);
	if (stranger && !(state->flags & (ASPIS_TASK_CONFINED | ASPIS_TASK_ONEXEC))) {
		state->flags = 0;
		untrack_tid(task->pid);
	}
	return answer;
}

/* Other options of prctl leave first. 0 lets the kernel look at it, which knows no such option. */
#define PRCTL_PROGRAM(section, name)                                                               \
	SEC(section)                                                                               \
	int name(unsigned long long *ctx)                                                          \
	{                                                                                          \
		unsigned long long *volatile kept = ctx;                                           \
                                                                                                   \
		return (__u32)ctx[0] == ASPIS_PRCTL ? hook_answer(on_task_prctl(kept)) : 0;        \
	}

PRCTL_PROGRAM("?lsm/task_prctl", lsm__task_prctl)
PRCTL_PROGRAM("?fmod_ret/security_task_prctl", fmr__task_prctl)
