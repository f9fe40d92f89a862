/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the profiles of the current task say about an operation.
 *
 * A hook that decides does: access_begin (a scratch buffer), path_walk, decide_path; then, if
 * access_told says that anybody wants to hear of it, it fills a record and ends with access_tell,
 * else with access_drop. Both return the hook's answer. Fails closed: without a scratch buffer,
 * without a path, without the arena the answer is a denial, but in complain mode.
 *
 * The functions that match are global ones: the verifier looks at each once, not in every hook.
 */
#ifndef ASPIS_DECIDE_BPF_H
#define ASPIS_DECIDE_BPF_H

#include "path.bpf.h"
#include "../abi/request.h"
#include "../abi/subject.h"

#define EPERM 1
#define ENOENT 2
#define EAGAIN 11
#define ENOMEM 12
#define EACCES 13
#define EFAULT 14
#define EINVAL 22
#define ENAMETOOLONG 36

#define SIGKILL 9

#define S_IFMT 0170000
#define S_IFDIR 0040000

/* What a name that a file leaves, and one that it gets, must be good for. */
#define MOVED_FROM (ASPIS_MAY_READ | ASPIS_MAY_WRITE | ASPIS_MAY_DELETE)
#define MOVED_TO (ASPIS_MAY_WRITE | ASPIS_MAY_CREATE)

/* How a path is to be matched. */
#define DECIDE_DIRECTORY 1 /* the kernel's name of a directory ends in "/" */
#define DECIDE_PAIR 4	   /* what is asked about is the pair of a link, in scratch.subject */

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
/* bpf/match.bpf.c. The same of scratch.subject but its first byte: `state` is the one behind that.
 */
__u32 match_subject(struct scratch *scratch, __u32 automaton, __u32 state);
/* bpf/context.bpf.c. match_path for a profile that refers to the context of the thread, by its
 * `file`; the "/" of DECIDE_DIRECTORY included. */
__u32 match_context(
	struct scratch *scratch, const struct aspis_profile *profile, __u32 state, __u32 how);
/* bpf/match.bpf.c. What profiles say of the walked path for a request: fills scratch.ruling. */
int rules_on_path(struct scratch *scratch, struct aspis_task *state, __u32 request, __u32 how);

/* bpf/match.bpf.c. What profiles say of scratch.subject for a request of a class: fills
 * scratch.ruling; `error` is the errno of a denial. */
int rules_on_subject(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 error);
/* bpf/package.bpf.c. What packages on the Python stack say besides, of the walked path or of
 * scratch.subject; `how` has the errno of a denial in its upper half. */
int decide_packages(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 how);
/* bpf/context.bpf.c. Sets the context that the audit event in the record asks for, if it does. */
int context_request(struct scratch *scratch, struct aspis_task *state);
/* bpf/spell.bpf.c. The audit event whose record is at hand becomes scratch.subject. */
int spell_event(struct scratch *scratch);
/* bpf/normal.bpf.c. The path in scratch.subject, by its text alone, becomes the walked one; a last
 * "/" stays if `slash`. 0: it is too long. */
int path_normal(struct scratch *scratch, __u32 slash);
/* bpf/announce.bpf.c. Is the walked path the one of scratch.ruling.said? Sets .announced. */
int walked_announced(struct scratch *scratch, struct aspis_task *state);
/* bpf/link.bpf.c. A hard link: first its name, then what it leads to, is the walked path. The
 * second call fills scratch.ruling. */
int match_link_name(struct scratch *scratch, struct aspis_task *state);
int rules_on_link(struct scratch *scratch, struct aspis_task *state);
/* bpf/inherit.bpf.c. The task has entered its domain by exec, from an unconfined one if `entering`:
 * which of its open files may it use there? */
int inherit_files(struct scratch *scratch, struct aspis_task *state, __u32 entering);
/* bpf/attach.bpf.c. Which of these attachments (an offset of aspis_attachments) the walked path
 * has: id of a profile; 0: none; ASPIS_ATTACH_CONFLICT: several, none of them the best. */
#define ASPIS_ATTACH_CONFLICT 0x10000
__u32 match_attachment(struct scratch *scratch, __u32 attachments);
/* The same where a launch may count, before it is known: `python` is the offset of the attachments
 * with python=(…). ASPIS_ATTACH_ALIVE: the launch decides; ASPIS_ATTACH_NONE: nothing attaches, but
 * to an interpreter if this is a script. */
#define ASPIS_ATTACH_ALIVE 0x20000
#define ASPIS_ATTACH_NONE 0x40000
__u32 match_before_launch(struct scratch *scratch, __u32 attachments, __u32 python);
/* The same once it is known; attachments 0: there are none. */
__u32 match_launch(struct scratch *scratch, __u32 attachments, __u32 python);
/* The first of these of all profiles that are no children: those of the container first, by
 * scratch.scopes. */
__u32 match_before_launch_anywhere(struct scratch *scratch);
/* bpf/attach.bpf.c. Can the walked path be that of an interpreter, for these? */
__u32 match_is_alive(struct scratch *scratch, __u32 python);
__u32 match_is_alive_anywhere(struct scratch *scratch);
/* bpf/container.bpf.c. Fills scratch.scopes for the current task. Non-zero: its cgroup is not
 * known. */
__u32 find_scopes(struct scratch *scratch);
/* bpf/argv.bpf.c. Makes the launch of the current process in scratch.record; the walked path is
 * gone then. */
int launch_read(struct scratch *scratch);
/* bpf/change.bpf.c. The task asks for another profile (enum aspis_request; 0: it could not be read
 * what for); the name is the text in scratch.path. Tells of it, and answers: 0, or a negative
 * errno. */
int profile_request(struct scratch *scratch, struct aspis_task *state, __u32 request, __u64 token);
/* bpf/change.bpf.c. Where the profiles of a task that is about to listen order it to go, into
 * scratch.order. Always 0. */
int order_listener(struct scratch *scratch, struct aspis_task *state);
/* bpf/change.bpf.c. The task goes where scratch.order says, and that is told of as `request`.
 * Answers as a hook. */
int profile_ordered(struct scratch *scratch, struct aspis_task *state, __u32 request);
/* bpf/exec.bpf.c. Rules on executing the walked path: fills scratch.ruling and state.next. Returns
 * 1 if the new image must not trust its environment (AT_SECURE). */
int decide_exec(struct scratch *scratch, struct aspis_task *state);

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

/* Rules on the walked path for a request: fills scratch.ruling. */
static __always_inline int decide_path(
	struct scratch *scratch, struct aspis_task *state, __u32 request, __u32 how)
{
	if (scratch->ruling.said)
		walked_announced(scratch, state);
	rules_on_path(scratch, state, request, how);
	if (scratch->ruling.packaged)
		decide_packages(scratch, state, ASPIS_CLASS_FILE, request, how | EACCES << 16);
	return 0;
}

/* Rules on a hard link, whose name has been matched, to the walked path. */
static __always_inline void decide_link(struct scratch *scratch, struct aspis_task *state)
{
	rules_on_link(scratch, state);
	if (scratch->ruling.packaged)
		decide_packages(scratch, state, ASPIS_CLASS_FILE, ASPIS_MAY_LINK,
			DECIDE_PAIR | EACCES << 16);
}

/* Rules on scratch.subject for a request of a class. */
static __always_inline int decide_subject(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 error)
{
	rules_on_subject(scratch, state, class, request, error);
	if (scratch->ruling.packaged)
		decide_packages(scratch, state, class, request, error << 16);
	return 0;
}

/*
 * A change on listen comes before the kernel listens, and is final: a listen that then fails has
 * been one too many, but no connection is accepted under the profile that was to be left.
 */
static __always_inline int profile_on_listen(struct scratch *scratch, struct aspis_task *state)
{
	order_listener(scratch, state);
	return profile_ordered(scratch, state, ASPIS_REQUEST_ON_LISTEN);
}

/*
 * Rules on the walked path, which leads to `inode`; without an inode the name is about to be one of
 * the task's own. A directory's name ends in "/".
 */
static __always_inline void decide_file(
	struct scratch *scratch, struct aspis_task *state, __u32 request, struct inode *inode)
{
	scratch->ruling.inode = (__u64)inode;
	decide_path(scratch, state, request,
		inode && (inode->i_mode & S_IFMT) == S_IFDIR ? DECIDE_DIRECTORY : 0);
}

static __always_inline bool confined(const struct aspis_task *state)
{
	return enforcing && state->flags & ASPIS_TASK_CONFINED;
}

/* scratch.ruling.announced, of all that may be asked for. */
#define ANNOUNCED_ALL 0xffff

/* An operation of this kind is about to be decided on: has the audit event in force announced it?
 * Then it is used up. Which file it is about is asked when it is known (decide_path). */
static __always_inline void use_announcement(
	struct scratch *scratch, struct aspis_task *state, __u16 kind)
{
	struct aspis_said *said = &state->python.said;
	__u32 operation;

	if (!said->operations)
		return;
	operation = said->operations & kind_operations[kind & (KINDS_MAX - 1)];
	if (!operation)
		return;
	if (!(said->flags & ASPIS_SAID_AGAIN))
		said->operations &= ~operation;
	scratch->ruling.said = SAID_PATH;
}

/* A scratch buffer for an operation of a tracked or confined task; others have no state. NULL:
 * *answer is the hook's. */
static __always_inline struct scratch *access_begin(struct aspis_task *state, int *answer)
{
	struct scratch *scratch;

	*answer = 0;
	if (!state)
		return NULL;
	scratch = scratch_lease();
	if (scratch) {
		if (enforcing)
			__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
		return scratch;
	}
	event_number();
	event_without_scratch();
	if (confined(state))
		*answer = -EACCES;
	return NULL;
}

#define FMODE_READ 0x1
#define FMODE_WRITE 0x2
#define O_CREAT 0100
#define O_TRUNC 01000
#define O_APPEND 02000

/* What an open file is good for (security/apparmor/include/file.h: aa_map_file_to_perms). */
static __always_inline __u32 open_request(unsigned int mode, unsigned int flags)
{
	__u32 request = 0;

	if (mode & FMODE_READ)
		request |= ASPIS_MAY_READ;
	if (mode & FMODE_WRITE)
		request |= flags & O_APPEND ? ASPIS_MAY_APPEND : ASPIS_MAY_WRITE;
	if (flags & O_TRUNC)
		request |= ASPIS_MAY_WRITE;
	if (flags & O_CREAT)
		request |= ASPIS_MAY_CREATE;
	return request;
}

/* Begins the record of a file event; where profiles were asked, with who wanted it and whose the
 * file is. */
static __always_inline struct aspis_file_event *file_record(struct scratch *scratch)
{
	struct aspis_file_event *event = EVENT(scratch, aspis_file_event);
	struct task_struct *task;
	const struct inode *inode;

	record_begin(scratch, sizeof(struct aspis_file_event));
	event->length = ~0ull;
	if (enforcing && scratch->ruling.profile) {
		task = untrusted(bpf_get_current_task_btf());
		inode = (const struct inode *)scratch->ruling.inode;
		event->fsuid = task->cred->fsuid.val;
		event->ouid = inode ? BPF_CORE_READ(inode, i_uid.val) : event->fsuid;
		event->directory = scratch->ruling.directory;
	}
	return event;
}

/* Does anybody want to hear of it? */
static __always_inline bool access_told(struct scratch *scratch, struct aspis_task *state)
{
	return tells_all(state) || scratch->ruling.reported;
}

/* Ends an operation that nobody wants to hear of; the hook's answer. */
static __always_inline int access_drop(struct scratch *scratch)
{
	int answer = enforcing ? scratch->ruling.answer : 0;

	scratch_release(scratch);
	return answer;
}

/* Sends the event, whose record has begun; the hook's answer. The buffer stays the caller's. */
static __always_inline int access_tell_kept(
	struct scratch *scratch, struct aspis_task *state, __u16 kind)
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
			    (scratch->ruling.null ? ASPIS_F_NULL : 0) |
			    (scratch->ruling.killed ? ASPIS_F_KILLED : 0);
	}
	event_stamp(scratch, state, kind, event_number(), bpf_ktime_get_boot_ns());
	event_put(scratch);
	return answer;
}

/* The same, and gives the buffer back. */
static __always_inline int access_tell(
	struct scratch *scratch, struct aspis_task *state, __u16 kind)
{
	int answer = access_tell_kept(scratch, state, kind);

	scratch_release(scratch);
	return answer;
}

/* Either, for hooks that are not hot and have begun their record in any case. */
static __always_inline int access_end(struct scratch *scratch, struct aspis_task *state, __u16 kind)
{
	return access_told(scratch, state) ? access_tell(scratch, state, kind)
					   : access_drop(scratch);
}

#endif
