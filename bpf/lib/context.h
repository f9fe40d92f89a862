/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Matching a path under a profile whose file rules refer to the context of the thread, @{ctx.KEY}
 * (../abi/policy.h): plain C for BPF and for the host, no helper calls, one byte at a time.
 *
 * Behind each component of the path that is not empty the automaton takes marks, two bytes each, in
 * the order of the profile's keys: for key n (from 0), which the thread has set to this very
 * component, NUL and CONTEXT_SAME + n; for one that it has not set, NUL and CONTEXT_UNSET + n. Of a
 * key that is set to something else there is no mark. A path has no NUL, and in the pair of a link
 * the one between its names has "/" behind it, so that no name can pretend to be marked. Rules that
 * refer to a key match SAME alone if they allow, SAME and UNSET if they deny; where nothing refers
 * to a key, marks are passed over.
 *
 *   struct context_walk walk = {.state = automaton's start};
 *   for each byte: context_step(...);
 *   context_component(...);                          the last one's end
 *   for a pair: a step of the automaton over NUL, then the same for the second name
 *
 * A profile without keys is matched as ever: its automaton knows no marks.
 */
#ifndef ASPIS_CONTEXT_H
#define ASPIS_CONTEXT_H

#include "match.h"

#define CONTEXT_SAME 1
#define CONTEXT_UNSET 17

struct context_value {
	__u8 len; /* 0: not set */
	__u8 bytes[ASPIS_CONTEXT_VALUE_MAX + 1];
	__u8 pad[7];
};

/* The thread's values, by the number of the profile's key. */
struct context_values {
	struct context_value of[ASPIS_CONTEXTS_MAX];
};

struct context_walk {
	__u32 state;
	__u32 taken;   /* bytes of the component */
	__u32 differs; /* bit of each key whose value it cannot be any more */
};

/* May a value have this byte? */
MATCH_INLINE int context_byte_ok(__u8 byte)
{
	switch (byte) {
	case 0:
	case '/':
	case '*':
	case '?':
	case '[':
	case ']':
	case '{':
	case '}':
	case '^':
	case ',':
	case '\\':
	case '"':
		return 0;
	}
	return 1;
}

/* May the thread set a key to this, if all of its bytes are good? */
MATCH_INLINE int context_length_ok(const __u8 *bytes, __u32 len)
{
	return len && len <= ASPIS_CONTEXT_VALUE_MAX &&
	       !(bytes[0] == '.' && (len == 1 || (len == 2 && bytes[1] == '.')));
}

#ifndef __bpf__
/* May the thread set a key to this? */
MATCH_INLINE int context_value_ok(const __u8 *bytes, __u32 len)
{
	if (!context_length_ok(bytes, len))
		return 0;
	for (__u32 i = 0; i < len; i++)
		if (!context_byte_ok(bytes[i]))
			return 0;
	return 1;
}
#endif

/* The end of a component: its marks. `keys`: how many the profile has. */
MATCH_INLINE void context_component(struct arena arena, struct matcher matcher,
	struct context_walk *walk, const struct context_values *values, __u32 keys)
{
	if (walk->taken) {
		for (__u32 n = 0; n < ASPIS_CONTEXTS_MAX; n++) {
			__u32 len = values->of[n].len, mark = 0;

			if (n >= keys)
				break;
			if (!len)
				mark = CONTEXT_UNSET + n;
			else if (len == walk->taken && !(walk->differs >> n & 1))
				mark = CONTEXT_SAME + n;
			if (!mark)
				continue;
			walk->state = match_step(arena, matcher, walk->state, 0);
			walk->state = match_step(arena, matcher, walk->state, mark);
		}
	}
	walk->taken = 0;
	walk->differs = 0;
}

/* One byte of a path. */
MATCH_INLINE void context_step(struct arena arena, struct matcher matcher,
	struct context_walk *walk, const struct context_values *values, __u32 keys, __u8 byte)
{
	__u32 taken = walk->taken;

	if (byte == '/') {
		context_component(arena, matcher, walk, values, keys);
	} else {
		walk->taken = taken + 1;
		if (taken >= ASPIS_CONTEXT_VALUE_MAX)
			taken = ASPIS_CONTEXT_VALUE_MAX; /* where every value has its 0 */
		KEEP(taken);
		taken &= ASPIS_CONTEXT_VALUE_MAX;
		for (__u32 n = 0; n < ASPIS_CONTEXTS_MAX; n++)
			walk->differs |= (__u32)(values->of[n].bytes[taken] != byte) << n;
	}
	walk->state = match_step(arena, matcher, walk->state, byte);
}

#endif
