/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the profiles of the current task say about an operation.
 *
 * A hook that decides does: access_begin (a scratch buffer), path_walk, decide_path, and access_end,
 * which sends an event if anybody wants it and returns the hook's answer. Fails closed: without a
 * scratch buffer, without a path, without the arena the answer is a denial, but in complain mode.
 *
 * The functions that match are global ones: the verifier looks at each once, not in every hook.
 */
#ifndef ASPIS_DECIDE_BPF_H
#define ASPIS_DECIDE_BPF_H

#include "path.bpf.h"
#include "../abi/subject.h"

#define EPERM 1
#define ENOENT 2
#define EACCES 13
#define ENAMETOOLONG 36

#define S_IFMT 0170000
#define S_IFDIR 0040000

/* How a subject is to be matched. */
#define DECIDE_OWNER 1	   /* the task's fsuid is the inode's owner */
#define DECIDE_DIRECTORY 2 /* the kernel's name of a directory ends in "/" */

/* bytes[arena_mask + 1 + ASPIS_ARENA_SLACK]; its size is set before load. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4096 + ASPIS_ARENA_SLACK);
} policy_arena SEC(".maps") __weak;

const volatile __u32 arena_mask __weak = 4095; /* set before load */
/* Offset of the aspis_policy_root in force. Read once an operation. */
__u32 policy_root __weak;

/* bpf/match.bpf.c. The state after the walked path, from `state`. */
__u32 match_path(struct scratch *scratch, __u32 automaton, __u32 state);
/* bpf/match.bpf.c. The same of scratch.subject but its first byte: `state` is the one behind that. */
__u32 match_subject(struct scratch *scratch, __u32 automaton, __u32 state);
/* bpf/match.bpf.c. Rules on the walked path for a request: fills scratch.ruling. */
int decide_path(struct scratch *scratch, struct aspis_task *state, __u32 request, __u32 how);

/* bpf/match.bpf.c. Rules on scratch.subject for a request of a class: fills scratch.ruling; `error` is
 * the errno of a denial. */
int decide_subject(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 error);
/* bpf/attach.bpf.c. Which of these attachments (an offset of aspis_attachments) the walked path has:
 * id of a profile; 0: none; ASPIS_ATTACH_CONFLICT: several, none of them the best. */
#define ASPIS_ATTACH_CONFLICT 0x10000
__u32 match_attachment(struct scratch *scratch, __u32 attachments);
/* bpf/exec.bpf.c. Rules on executing the walked path: fills scratch.ruling and state.next. Returns 1
 * if the new image must not trust its environment (AT_SECURE). */
int decide_exec(struct scratch *scratch, struct aspis_task *state, __u32 how);

static __always_inline struct arena policy_arena_view(void)
{
	__u32 zero = 0;
	struct arena arena = {bpf_map_lookup_elem(&policy_arena, &zero), arena_mask};

	return arena;
}

/* Offset of a profile's aspis_profile under this root; 0: not loaded. */
static __always_inline __u32 profile_at(struct arena arena, __u32 root, __u32 id)
{
	const struct aspis_policy_root *head = ARENA_AT(arena, struct aspis_policy_root, root);

	return id < head->count ? *ARENA_AT(arena, __u32, head->profiles + 4 * id) : 0;
}

/* Who asks about what: owner rules compare fsuid and the inode's owner; a name without an inode is
 * about to be the task's. */
static __always_inline __u32 asker(struct inode *inode)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());

	if (!inode)
		return DECIDE_OWNER;
	return (inode->i_uid.val == task->cred->fsuid.val ? DECIDE_OWNER : 0) |
	       ((inode->i_mode & S_IFMT) == S_IFDIR ? DECIDE_DIRECTORY : 0);
}

/* The same of a socket's file or another inode that is known by its owner only. */
static __always_inline __u32 asker_of(__u32 owner)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());

	return owner == task->cred->fsuid.val ? DECIDE_OWNER : 0;
}

static __always_inline bool confined(const struct aspis_task *state)
{
	return enforcing && state->flags & ASPIS_TASK_CONFINED;
}

/* A scratch buffer for an operation of a tracked or confined task. NULL: *answer is the hook's. */
static __always_inline struct scratch *access_begin(
	struct aspis_task *state, __u32 fixed, int *answer)
{
	struct scratch *scratch = scratch_begin(fixed);

	*answer = 0;
	if (scratch)
		return scratch;
	event_number();
	event_without_scratch();
	if (confined(state))
		*answer = -EACCES;
	return NULL;
}

/* Does anybody want to hear of it? */
static __always_inline bool access_told(struct scratch *scratch, struct aspis_task *state)
{
	return state->flags & ASPIS_TASK_TRACKED || scratch->ruling.reported;
}

/* Sends the event, or drops it, and returns the hook's answer. */
static __always_inline int access_end(struct scratch *scratch, struct aspis_task *state, __u16 kind)
{
	struct aspis_event *e = (struct aspis_event *)scratch->record;
	int answer = 0;

	if (enforcing) {
		answer = scratch->ruling.answer;
		e->verdict = scratch->ruling.verdict;
		e->profile = scratch->ruling.profile;
		e->requested = scratch->ruling.requested;
		e->denied = scratch->ruling.denied;
		e->info = scratch->ruling.info;
		e->flags |= (scratch->ruling.reported ? ASPIS_F_REPORTED : 0) |
			    (scratch->ruling.null ? ASPIS_F_NULL : 0);
		if (!access_told(scratch, state)) {
			scratch_release(scratch);
			return answer;
		}
	}
	event_stamp(scratch, state, kind, event_number());
	event_send(scratch);
	return answer;
}

/* The same for an operation that nobody hears of as long as it is allowed. */
static __always_inline bool access_silent(struct scratch *scratch)
{
	return scratch->ruling.verdict == ASPIS_VERDICT_ALLOWED && !scratch->ruling.reported;
}

#endif
