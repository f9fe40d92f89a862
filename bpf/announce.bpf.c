// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What `audited` rules want to know (abi/policy.h: aspis_announced): has the audit event in force
 * on this thread announced this operation on this file? When the event is raised, the paths that it
 * names are made what the walker would make of them, and their hashes are kept; when an operation
 * of the sort comes, the walked path is hashed. Only under profiles that have such rules.
 *
 * A name is taken by its text: below the directory that it starts at, without ".", ".." and empty
 * components. Where a symbolic link leads elsewhere the kernel walks another path, and that was not
 * announced. Everything that cannot be read, is cut or is no name of a file announces nothing, and
 * so is denied.
 */
#include "lib/announce.bpf.h"
#include "lib/observe.bpf.h"
#include "lib/subject.bpf.h"

#define O_ACCMODE 3

/* Is the walked path the one that was said? Always 0; the answer is scratch.ruling.announced. */
__noinline int walked_announced(struct scratch *scratch, struct aspis_task *state)
{
	__u64 said;

	if (!scratch || !state)
		return 0;
	scratch->ruling.announced = 0;
	if (scratch->walk.flags & ~ASPIS_PATH_LEXICAL)
		return 0;
	said = scratch->ruling.said == SAID_PATH ? state->python.said.path
						 : state->python.said.other;
	if (said && walked_path_hash(scratch) == said)
		scratch->ruling.announced = state->python.said.permissions;
	return 0;
}

/* Where argument `index` of the event stands in the record; 0: behind one that has no fixed end. */
static __noinline __u32 argument_at(struct scratch *scratch, __u32 index)
{
	const struct aspis_python_event *event = EVENT(scratch, aspis_python_event);
	__u32 at = sizeof(*event) + event->name_len;
	struct aspis_value value;

	if (index >= event->args_sent)
		return 0;
	for (__u32 i = 0; i < ASPIS_AUDIT_ARGS_MAX; i++) {
		if (i == index)
			return at;
		KEEP(at);
		__builtin_memcpy(&value, &scratch->record[at & (RECORD_MAX - 1)], sizeof(value));
		if (value.type == ASPIS_VALUE_TUPLE || value.type == ASPIS_VALUE_LIST)
			return 0;
		at += sizeof(value) + value.len;
	}
	return 0;
}

/* The number that argument `index` is; -1: it is negative, or none. */
static __noinline int argument_number(struct scratch *scratch, __u32 index)
{
	__u32 at = argument_at(scratch, index);
	struct aspis_value value;
	__u64 number;

	if (!at)
		return -1;
	KEEP(at);
	__builtin_memcpy(&value, &scratch->record[at & (RECORD_MAX - 1)], sizeof(value));
	at += sizeof(value);
	KEEP(at);
	number = *(__u64 *)&scratch->record[at & (RECORD_MAX - 1)];
	if (value.type != ASPIS_VALUE_INT || value.flags || number > 0x7fffffff)
		return -1;
	return number;
}

/* The next code unit of the said name, into scratch.subject: UTF-8; U+DC80 to U+DCFF are bytes that
 * were none (PEP 383). */
static long said_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	__u32 at, unit, c;

	if (!scratch || !scratch->said.left)
		return 1;
	at = scratch->said.from;
	unit = scratch->said.unit;
	scratch->said.from = at + unit;
	scratch->said.left -= scratch->said.left < unit ? scratch->said.left : unit;
	KEEP(at);
	c = *(__u32 *)&scratch->record[at & (RECORD_MAX - 1)];
	c = unit == 1 ? c & 0xff : unit == 2 ? c & 0xffff : c;
	if (!c || c > 0x10ffff)
		scratch->said.bad = 1;
	if (!scratch->said.latin || c < 0x80) {
		subject_byte(scratch, c);
	} else if (c >= 0xd800 && c <= 0xdfff) {
		scratch->said.bad |= c < 0xdc80 || c > 0xdcff;
		subject_byte(scratch, c);
	} else {
		if (c >= 0x10000) {
			subject_byte(scratch, 0xf0 | c >> 18);
			subject_byte(scratch, 0x80 | (c >> 12 & 0x3f));
		} else if (c >= 0x800) {
			subject_byte(scratch, 0xe0 | c >> 12);
		}
		if (c >= 0x800)
			subject_byte(scratch, 0x80 | (c >> 6 & 0x3f));
		else
			subject_byte(scratch, 0xc0 | c >> 6);
		subject_byte(scratch, 0x80 | (c & 0x3f));
	}
	return 0;
}

/* Begins with the text of the value at `at`. Returns its first code unit; 0: it is none. None is
 * the working directory, to functions that do not load what they are given. */
static __noinline __u32 said_begin(struct scratch *scratch, __u32 at)
{
	struct aspis_value value;
	__u32 unit, first;

	KEEP(at);
	__builtin_memcpy(&value, &scratch->record[at & (RECORD_MAX - 1)], sizeof(value));
	scratch->said.left = 0;
	scratch->said.bad = 0;
	if (value.type == ASPIS_VALUE_NONE)
		return scratch->said.none;
	if (value.flags & ASPIS_VALUE_CUT || !value.len ||
		(value.type != ASPIS_VALUE_STR && value.type != ASPIS_VALUE_BYTES))
		return 0;
	unit = value.type == ASPIS_VALUE_STR ? value.flags & ASPIS_VALUE_KIND : 0;
	at += sizeof(value);
	scratch->said.from = at;
	scratch->said.left = value.len;
	scratch->said.latin = unit != 0;
	scratch->said.unit = unit == 2 || unit == 4 ? unit : 1;
	KEEP(at);
	first = *(__u32 *)&scratch->record[at & (RECORD_MAX - 1)];
	return scratch->said.unit == 1 ? first & 0xff : first & 0xffff;
}

/* Walks to an open file of the task. False: to none that has a plain path. */
static __noinline bool said_file(struct scratch *scratch, int fd)
{
	struct file *file = file_of(fd);

	if (!file)
		return false;
	path_walk_address(scratch, &file->f_path);
	return !scratch->walk.flags;
}

/* Walks to where a name starts. */
static __noinline bool said_base(struct scratch *scratch, bool absolute, __u32 fd_place)
{
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	int fd = absolute || !fd_place ? -1 : argument_number(scratch, fd_place - 1);

	if (fd >= 0)
		return said_file(scratch, fd);
	if (!task->fs)
		return false;
	path_walk_address(scratch, absolute ? &task->fs->root : &task->fs->pwd);
	return !scratch->walk.flags;
}

/* Hash of the path that argument `place` - 1 is; 0: none. `fd_place` - 1: the directory that it may
 * start at. A number is an open file. */
__noinline __u64 said_hash(struct scratch *scratch, __u32 place, __u32 fd_place)
{
	__u32 at, first;
	int number;

	if (!scratch || !place)
		return 0;
	at = argument_at(scratch, place - 1);
	if (!at)
		return 0;
	number = argument_number(scratch, place - 1);
	if (number >= 0)
		return said_file(scratch, number) ? walked_path_hash(scratch) : 0;
	first = said_begin(scratch, at);
	if (!first || !said_base(scratch, first == '/', fd_place))
		return 0;
	scratch->subject_len = 0;
	subject_path(scratch, false);
	subject_byte(scratch, '/');
	bpf_loop(ASPIS_VALUE_MAX, said_step, &scratch, 0);
	if (scratch->said.bad || scratch->said.left || scratch->subject_len > ASPIS_SUBJECT_MAX ||
		!path_normal(scratch, false))
		return 0;
	return walked_path_hash(scratch);
}

__noinline int announce(struct scratch *scratch, struct aspis_task *state)
{
	const struct aspis_python_event *event;
	struct aspis_announcement *found;
	__u32 operations, exec;
	int flags;

	if (!scratch || !state)
		return 0;
	event = EVENT(scratch, aspis_python_event);
	if (event->name_cut)
		return 0;
	found = &scratch->announcement;
	operations = found->audited;
	exec = operations & kind_operations[ASPIS_PROCESS_EXEC];
	/* what is open already is not opened */
	if (found->of_path && event->args_sent && argument_number(scratch, 0) >= 0)
		operations = exec;
	state->python.said.permissions = ANNOUNCED_ALL;	   /* LINK_SUBSET, too */
	if (operations & kind_operations[ASPIS_FILE_OPEN]) /* or even loaded, but not written */
		state->python.said.permissions = ASPIS_MAY_READ | ASPIS_MAY_MAP;
	if (found->open_flags) {
		flags = argument_number(scratch, found->open_flags - 1);
		state->python.said.permissions =
			flags < 0 ? 0 : open_request(flags + 1 & O_ACCMODE, flags);
	}
	scratch->said.none = !(found->flags & ASPIS_SAID_AGAIN);
	state->python.said.path = said_hash(scratch, found->path, found->path_fd);
	state->python.said.other = said_hash(scratch, found->other, found->other_fd);
	state->python.said.flags = found->flags;
	state->python.said.operations = state->python.said.path ? operations : exec;
	return 0;
}
