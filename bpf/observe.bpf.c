// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tracepoint backend: where no trampoline can be had, the same events from the end of system
 * calls.
 *
 * What differs from the hooks: only what succeeded is seen (a connect under way, too); an opened
 * file's path comes from the file, but names that were made or removed leave no file behind, so
 * their path is the directory's as the kernel knows it plus the string that was passed
 * (ASPIS_PATH_LEXICAL, resolved further by the agent); strings and addresses are read after the
 * call, so another thread can have changed them; pids in arguments are those of the caller's
 * namespace. io_uring does not pass here.
 *
 * Where profiles decide, a denial comes too late to keep the operation from being done: the task
 * ends by SIGKILL before it sees the result. Opened files, executed programs and sockets are
 * decided by what they are, names by how they were spelled: a symbolic link on the way of a name
 * that is made or removed is not seen.
 *
 * on_sys_exit leaves for an untracked task, then jumps by the call's number through
 * `sys_exit_calls`, which the agent fills from agent/kernel/syscalls.cc.
 */

#include "lib/observe.bpf.h"
#include "lib/ruling.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, __u32);
} sys_exit_calls SEC(".maps");

/* A confined task has done what nobody can look into: no rule allows that. */
static __noinline int unseen(struct aspis_task *state, __u16 kind, __u32 request)
{
	struct arena arena = policy_arena_view();
	__u32 root = policy_root;
	struct scratch *scratch;

	if (!state || !arena.bytes || !confined(state))
		return 0;
	scratch = observed_begin(state);
	if (!scratch)
		return 0;
	FOR_EACH_PLACE (i, state) {
		const struct aspis_profile *profile = profile_in(arena, root, state, i);
		struct aspis_permissions none = {};

		if (profile)
			rule(scratch, profile, is_null(state, i), none, request, ASPIS_INFO_UNSEEN,
				EPERM);
	}
	if (observed_told(scratch, state)) {
		record_begin(scratch, sizeof(struct aspis_privilege_event));
		EVENT(scratch, aspis_privilege_event)->number = request;
		access_tell_kept(scratch, state, kind);
	}
	scratch_release(scratch);
	return 0;
}

/* io_uring_setup: what a ring does passes by system calls. */
SEC("?tp_btf/sys_exit")
int sys__ring(unsigned long long *ctx)
{
	if ((long)ctx[1] >= 0)
		unseen(current_state(), ASPIS_PRIV_IO_URING, ASPIS_IO_URING_SETUP);
	return 0;
}

SEC("?tp_btf/sys_exit")
int tp__sys_exit(unsigned long long *ctx)
{
	struct pt_regs *regs = (void *)ctx[0];
	struct aspis_task *state = tracked_state();

	if (!state)
		return 0;
	if (in_compat_call(bpf_get_current_task_btf())) {
		count(ASPIS_STAT_COMPAT);
		unseen(state, ASPIS_PRIV_COMPAT, 1);
		return 0;
	}
	bpf_tail_call(ctx, &sys_exit_calls, regs->orig_ax);
	return 0;
}

/* One byte more of the name. What changes is in the scratch buffer (see plain_step in mount.bpf.c).
 */
static long name_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct plain *plain;
	__u8 byte = '/'; /* the end is one, too */
	__u32 at, to;

	if (!scratch)
		return 1;
	plain = &scratch->plain;
	at = plain->from + index;
	if (at > scratch->subject_len)
		return 1;
	if (at < scratch->subject_len) {
		KEEP(at);
		byte = scratch->subject[at & (2 * CHUNK_MAX - 1)];
	}
	if (byte == '/') {
		bool dot = plain->length == 1 && plain->dots == 1, empty = !plain->length;

		plain->bad |= plain->length == 2 && plain->dots == 2;
		plain->length = 0;
		plain->dots = 0;
		if (dot)
			plain->to--;
		if (dot || empty)
			return 0;
	} else {
		plain->length++;
		plain->dots += byte == '.';
	}
	to = plain->to;
	KEEP(to);
	scratch->subject[to & (2 * CHUNK_MAX - 1)] = byte;
	plain->to = to + 1;
	return 0;
}

__noinline int name_join(struct scratch *scratch, __u32 user)
{
	struct scratch *data = scratch;
	__u32 off, len, at;
	long name_len;
	__u64 name;

	if (!scratch)
		return 0;
	name = scratch->plain.name;
	__builtin_memset(&scratch->plain, 0, sizeof(scratch->plain));
	off = scratch->walk.off;
	KEEP(off);
	off &= CHUNK_MAX - 1;
	len = CHUNK_MAX - off;
	bpf_probe_read_kernel(scratch->subject, len, &scratch->path[off]);
	if (len > 1) { /* else it is "/" */
		scratch->subject[len & (2 * CHUNK_MAX - 1)] = '/';
		len++;
	}
	at = len;
	KEEP(at);
	at &= 2 * CHUNK_MAX - 1;
	if (at > CHUNK_MAX)
		return 0;
	name_len =
		user ? bpf_probe_read_user_str(&scratch->subject[at], CHUNK_MAX, (const void *)name)
		     : bpf_probe_read_kernel_str(
			       &scratch->subject[at], CHUNK_MAX, (const void *)name);
	if (name_len <= 0) {
		scratch->plain.bad = 1;
		scratch->walk.flags |= ASPIS_PATH_ERROR;
		name_len = 1;
	}
	scratch->subject_len = at + name_len - 1;
	scratch->plain.from = at;
	scratch->plain.to = at;
	bpf_loop(2 * CHUNK_MAX, name_step, &data, 0);
	len = scratch->plain.to;
	if (len > 1) /* behind the last component */
		len--;
	scratch->walk.flags |= ASPIS_PATH_LEXICAL;
	at = 0;
	if (len >= CHUNK_MAX) {
		at = len - (CHUNK_MAX - 1);
		len = CHUNK_MAX - 1;
		scratch->walk.flags |= ASPIS_PATH_CUT;
	}
	KEEP(at);
	KEEP(len);
	at &= CHUNK_MAX - 1;
	len &= CHUNK_MAX - 1;
	off = CHUNK_MAX - len;
	KEEP(off);
	scratch->walk.off = off;
	bpf_probe_read_kernel(&scratch->path[off & (CHUNK_MAX - 1)], len, &scratch->subject[at]);
	return 0;
}
