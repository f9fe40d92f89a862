// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Packages (abi/policy.h: aspis_packages): while a frame of one is on the Python stack of the
 * thread that asks, it must allow what is asked, too. The stack is walked when a decision is made,
 * and only under a profile that has packages: calls of Python functions cost nothing.
 *
 * Fails closed: where the stack cannot be read to its end (a page that is not there, frames that
 * are not what the table says, too many of them), every package of the profile may be on it,
 * and all are asked. A thread that is none of Python's has no frames.
 */
#include "lib/frames.bpf.h"
#include "lib/rest.bpf.h"
#include "lib/ruling.bpf.h"
#include "lib/subject.bpf.h"

/* A frame each, those of C code included, and some more where a code object is met for the first
 * time. CPython's own limit of recursion is 1000 at first. */
#define STEPS 32768

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ASPIS_CODES_KNOWN);
	__type(key, struct code_packages_key);
	__type(value, struct code_packages);
} code_packages SEC(".maps");

#define UNITS_A_STEP 16

/* Begins with the file name of a code object, whose head was read. False: it is none. */
static __always_inline bool begin_file(struct walker *walker, __u64 code)
{
	struct arena arena = policy_arena_view();
	struct scratch *scratch = walker->scratch;
	__u32 text, unit;

	if (!arena.bytes || !is_code(&walker->row->objects, code))
		return false;
	scratch->stack.used = 0;
	text = code_text(scratch, &walker->row->objects, code_file(walker), ASPIS_CODE_FILE_MAX);
	unit = TEXT_UNIT(text);
	if (!unit || text & TEXT_CUT)
		return false;
	scratch->package.unit = unit;
	scratch->package.at = 0;
	scratch->package.end = TEXT_LEN(text);
	scratch->package.names =
		ARENA_AT(arena, struct aspis_packages, scratch->package.packages)->names;
	scratch->package.state = matcher_at(arena, scratch->package.names).head->start;
	scratch->package.reading = 1;
	return true;
}

/* The file name has been read: of which package it is. */
static __always_inline void end_file(struct scratch *scratch, struct arena arena)
{
	struct code_packages_key key = scratch->package.key; /* older kernels take it from the
								stack only */
	struct code_packages known = {.fingerprint = scratch->package.fingerprint};
	__u32 outcome = match_outcome(
		arena, matcher_at(arena, scratch->package.names), scratch->package.state);

	known.mask = outcome ? 1ull << ((outcome - 1) & 63) : 0;
	scratch->package.on_stack |= known.mask;
	scratch->package.reading = 0;
	bpf_map_update_elem(&code_packages, &key, &known, BPF_ANY);
}

/* Some code units of the file name. What is no ASCII is one byte that no pattern names. Always 0.
 */
__noinline int package_read_file(struct scratch *scratch)
{
	struct arena arena = policy_arena_view();
	struct matcher matcher;
	__u32 unit, at, c;

	if (!scratch || !arena.bytes)
		return 0;
	matcher = matcher_at(arena, scratch->package.names);
	unit = scratch->package.unit;
	for (int i = 0; i < UNITS_A_STEP; i++) {
		at = scratch->package.at;
		if (at >= scratch->package.end) {
			end_file(scratch, arena);
			return 0;
		}
		KEEP(at);
		c = *(__u32 *)&scratch->stack.record[at & (CODE_TAIL_MAX - 1)];
		c = unit == 1 ? c & 0xff : unit == 2 ? c & 0xffff : c;
		scratch->package.state =
			match_step(arena, matcher, scratch->package.state, c < 0x80 ? c : 0xff);
		scratch->package.at = at + unit;
	}
	return 0;
}

/* Takes the next frame. False: it cannot be read. */
static __always_inline bool take_frame(struct walker *walker)
{
	struct scratch *scratch = walker->scratch;
	struct code_packages_key key;
	struct code_packages *found;
	__u64 code;
	bool wrong;

	code = next_frame(walker, &wrong);
	if (wrong)
		return false;
	if (!code)
		return true;
	if (!read_code(walker, code))
		return false;
	scratch->package.key.address = code;
	scratch->package.fingerprint = fingerprint(walker) ^ (__u64)scratch->package.generation
								     << 32;
	key = scratch->package.key;
	found = bpf_map_lookup_elem(&code_packages, &key);
	if (!found || found->fingerprint != scratch->package.fingerprint)
		return begin_file(walker, code);
	scratch->package.on_stack |= found->mask;
	return true;
}

/* One frame, or a piece of its file name. A loop in this loop would be too deep for the verifier.
 */
static long package_step(__u32 index, void *data)
{
	struct walker *walker = data;
	struct scratch *scratch = walker->scratch;

	if (!scratch || !walker->row)
		return 1;
	if (scratch->package.reading) {
		package_read_file(scratch);
		return 0;
	}
	if (!scratch->stack.frame)
		return 1;
	if (take_frame(walker))
		return 0;
	scratch->package.unknown = 1;
	return 1;
}

/* Which packages of scratch.package.packages are on the stack, into .on_stack. */
static __always_inline void find_on_stack(struct scratch *scratch, const struct aspis_task *state)
{
	struct walker walker = {.scratch = scratch};
	__u32 row = state->python.frames - 1;

	scratch->package.on_stack = 0;
	scratch->package.reading = 0;
	scratch->package.unknown = 1;
	walker.row = bpf_map_lookup_elem(&python_frames, &row);
	if (walker.row && walker.row->frame_size) {
		scratch->package.key.tgid = bpf_get_current_pid_tgid() >> 32;
		scratch->package.key.packages = scratch->package.packages;
		scratch->stack.image = image_of(state->start);
		scratch->package.unknown = 0;
		if (first_frame(&walker)) {
			bpf_loop(STEPS, package_step, &walker, 0);
			if (scratch->stack.frame || scratch->package.reading)
				scratch->package.unknown = 1;
		}
	}
	if (scratch->package.unknown)
		scratch->package.on_stack = ~0ull;
}

/* The state of the package's file automaton behind what is asked about. By rest.bpf.h alone: the
 * frames of faster ways would be too many here. */
static __always_inline __u32 package_state(
	struct scratch *scratch, struct arena arena, const struct aspis_profile *package)
{
	__u32 state = matcher_at(arena, package->file).head->start, how = scratch->package.how;
	__u32 from = how & DECIDE_PAIR ? 0 : scratch->walk.off;
	__u32 to = how & DECIDE_PAIR ? scratch->subject_len : CHUNK_MAX;

	if (from > to || to > CHUNK_MAX)
		return 0;
	if (package->contexts[0].name[0]) /* no marks are put into a pair */
		return how & DECIDE_PAIR ? 0 : match_context(scratch, package, state, how);
	state = match_rest(scratch, package->file, state, from, to - from, how & DECIDE_PAIR);
	if (how & DECIDE_DIRECTORY && from != CHUNK_MAX - 1)
		state = match_step(arena, matcher_at(arena, package->file), state, '/');
	return state;
}

/* What a package says. Of a file without a name the profile says enough. */
static __always_inline struct aspis_permissions package_permissions(
	struct scratch *scratch, struct arena arena, const struct aspis_profile *package)
{
	__u32 class = scratch->package.class, len = scratch->subject_len, state;
	__u64 bit = 1ull << (scratch->package.how & 63);
	struct aspis_permissions permissions = {};

	if (class == ASPIS_CLASS_FILE)
		return state_permissions(scratch, arena, package, matcher_at(arena, package->file),
			package_state(scratch, arena, package));
	if (class == ASPIS_CLASS_CAPABILITY) {
		permissions.allow = package->capability_allow & bit ? ASPIS_CAPABILITY_USE : 0;
		permissions.deny = package->capability_deny & bit ? ASPIS_CAPABILITY_USE : 0;
		permissions.audit = package->capability_audit & bit ? ASPIS_CAPABILITY_USE : 0;
		return permissions;
	}
	if (!len || len > CHUNK_MAX)
		return permissions;
	state = match_rest(
		scratch, package->rules, package->rule_start[class & 15], 1, len - 1, true);
	return ARENA_AT(arena, struct aspis_outcome,
		package->rule_outcomes +
			match_outcome(arena, matcher_at(arena, package->rules), state) *
				sizeof(struct aspis_outcome))
		->other;
}

/* Asks one package. */
static long ask_step(__u32 index, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct arena arena = policy_arena_view();
	const struct aspis_packages *packages;
	const struct aspis_profile *package;

	if (!scratch || !arena.bytes)
		return 1;
	if (!(scratch->package.on_stack >> (index & 63) & 1))
		return 0;
	packages = ARENA_AT(arena, struct aspis_packages, scratch->package.packages);
	package = ARENA_AT(arena, struct aspis_profile,
		*ARENA_AT(arena, __u32, packages->profiles + 4 * index));
	if (!(package->mediated & 1u << (scratch->package.class & 15)))
		return 0;
	rule(scratch, package, false, package_permissions(scratch, arena, package),
		scratch->package.request, ASPIS_INFO_PACKAGE | (index & 63),
		scratch->package.error);
	return 0;
}

/* Asks the packages of the profile at one place. */
static long place_step(__u32 place, void *data)
{
	struct scratch *scratch = *(struct scratch **)data;
	struct aspis_task *state = current_state();
	struct arena arena = policy_arena_view();
	const struct aspis_packages *packages;
	const struct aspis_profile *profile;

	if (!scratch || !state || !arena.bytes)
		return 1;
	place &= ASPIS_STACK_MAX - 1;
	profile = profile_in(arena, scratch->package.root, state, place);
	if (!profile || !has_packages(state, profile, place))
		return 0;
	packages = ARENA_AT(arena, struct aspis_packages, profile->packages);
	if (!(packages->mediated & 1u << (scratch->package.class & 15)))
		return 0;
	scratch->package.packages = profile->packages;
	find_on_stack(scratch, state);
	bpf_loop(packages->count, ask_step, &scratch, 0);
	return 0;
}

/* Of another task's profiles (signals, ptrace) the packages have nothing to say: the stack is that
 * of the current one. */
__noinline int decide_packages(
	struct scratch *scratch, struct aspis_task *state, __u32 class, __u32 request, __u32 how)
{
	struct aspis_task *own = current_state();
	struct arena arena = policy_arena_view();

	if (!scratch || !state || !own || !arena.bytes || own->start != state->start)
		return 0;
	scratch->package.class = class;
	scratch->package.request = request;
	scratch->package.how = how & 0xffff;
	scratch->package.error = how >> 16;
	scratch->package.root = policy_root;
	scratch->package.generation =
		ARENA_AT(arena, struct aspis_policy_root, scratch->package.root)->generation;
	bpf_loop(ASPIS_STACK_MAX, place_step, &scratch, 0);
	return 0;
}
