// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Asks the functions that the hooks ask, thousands of times in one run and without a system call
 * for each: paths come from a map, not from a walk. The file that owner rules ask about is the
 * program that runs this.
 */
#include "bpf/lib/decide.bpf.h"
#include "tests/bpf/decide_batch.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BATCH_CASES);
	__type(key, __u32);
	__type(value, struct batch_case);
} batch_cases SEC(".maps");

/* Who asks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aspis_task);
} batch_task SEC(".maps");

__u32 batch_count;

/* As the walker leaves it. */
static __always_inline void put_path(struct scratch *scratch, const struct batch_path *path)
{
	__u32 len = path->len;

	if (len > BATCH_PATH_MAX)
		len = BATCH_PATH_MAX;
	bpf_probe_read_kernel(&scratch->path[CHUNK_MAX - len], len, path->bytes);
	scratch->walk.off = CHUNK_MAX - len;
	scratch->walk.flags = 0;
}

static long decide_one(__u32 index, void *data)
{
	struct batch_case *asked = bpf_map_lookup_elem(&batch_cases, &index);
	struct task_struct *task = untrusted(bpf_get_current_task_btf());
	struct aspis_task *state;
	struct scratch *scratch;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&batch_task, &zero);
	scratch = asked && state ? scratch_lease() : NULL;
	if (!scratch || !asked || !state)
		return 1;
	state->domain.profiles[0] = asked->profile;
	__builtin_memset(&scratch->ruling, 0, sizeof(scratch->ruling));
	scratch->ruling.inode = (__u64)BPF_CORE_READ(task, mm, exe_file, f_inode);
	put_path(scratch, &asked->path);
	if (asked->target.len) {
		match_link_name(scratch, state);
		put_path(scratch, &asked->target);
		decide_link(scratch, state);
	} else {
		decide_path(
			scratch, state, asked->request, asked->directory ? DECIDE_DIRECTORY : 0);
	}
	asked->denied = scratch->ruling.denied;
	asked->verdict = scratch->ruling.verdict;
	asked->reported = scratch->ruling.reported;
	asked->answered = 1;
	scratch_release(scratch);
	return 0;
}

SEC("raw_tp")
int decide_batch(void *ctx)
{
	__u32 unused = 0;

	bpf_loop(batch_count, decide_one, &unused, 0);
	return 0;
}

char _license[] SEC("license") = "Dual BSD/GPL";
