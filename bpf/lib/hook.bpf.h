/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One body, two programs: HOOK(file_open) makes lsm__file_open and fmr__file_open, which both call
 * on_file_open(ctx). The agent loads the set of the backend that it chose.
 *
 * Both program types get the arguments in ctx[]: an lsm program those of the hook, an fmod_ret
 * program those of the function security_HOOK around it. They are the same but for mmap_file. The
 * value of an earlier program on the same hook needs no look: the trampoline leaves at the first
 * program that returns non-zero.
 */
#ifndef ASPIS_HOOK_BPF_H
#define ASPIS_HOOK_BPF_H

#include "decide.bpf.h"

/*
 * What untracked tasks pay is counted in single instructions here. The body is a function of its
 * own: inlined, its register saves would be paid by all. ctx waits on the stack, not in a saved
 * register.
 */
/* An answer that the verifier sees to be 0 or a negative errno. */
static __always_inline int hook_answer(int answer)
{
	__u32 error = -answer & 4095;
	int zero = 0;

	KEEP(zero); /* or it becomes a negation, of which the verifier keeps no bounds */
	return zero - (int)error;
}

#define HOOK_PROGRAM(section, name, body)                                                          \
	SEC(section)                                                                               \
	int name(unsigned long long *ctx)                                                          \
	{                                                                                          \
		unsigned long long *volatile kept = ctx;                                           \
                                                                                                   \
		return current_may_be_tracked() ? hook_answer(body(kept)) : 0;                                \
	}

/* A hook that decides: the body returns 0 or a negative errno. */
#define HOOK(hook)                                                                                 \
	static __noinline int on_##hook(unsigned long long *ctx);                                  \
	HOOK_PROGRAM("?lsm/" #hook, lsm__##hook, on_##hook)                                        \
	HOOK_PROGRAM("?fmod_ret/security_" #hook, fmr__##hook, on_##hook)                          \
	static __noinline int on_##hook(unsigned long long *ctx)

/* The same where observation has nothing to tell: loaded when profiles decide (programs.cc). */
#define DECIDE_HOOK(hook)                                                                          \
	static __noinline int on_##hook(unsigned long long *ctx);                                  \
	HOOK_PROGRAM("?lsm/" #hook, lsme__##hook, on_##hook)                                       \
	HOOK_PROGRAM("?fmod_ret/security_" #hook, fmre__##hook, on_##hook)                         \
	static __noinline int on_##hook(unsigned long long *ctx)

#define WATCH_PROGRAM(section, name, body)                                                         \
	SEC(section)                                                                               \
	int name(unsigned long long *ctx)                                                          \
	{                                                                                          \
		unsigned long long *volatile kept = ctx;                                           \
                                                                                                   \
		if (current_may_be_tracked())                                                      \
			body(kept);                                                                \
		return 0;                                                                          \
	}

/* A hook that only tells. */
#define WATCH_HOOK(hook)                                                                           \
	static __noinline void on_##hook(unsigned long long *ctx);                                 \
	WATCH_PROGRAM("?lsm/" #hook, lsm__##hook, on_##hook)                                       \
	WATCH_PROGRAM("?fmod_ret/security_" #hook, fmr__##hook, on_##hook)                         \
	static __noinline void on_##hook(unsigned long long *ctx)

/* The same for a hook that returns nothing: fmod_ret cannot attach there, fentry can. */
#define VOID_HOOK(hook)                                                                            \
	static __noinline void on_##hook(unsigned long long *ctx);                                 \
	WATCH_PROGRAM("?lsm/" #hook, lsm__##hook, on_##hook)                                       \
	WATCH_PROGRAM("?fentry/security_" #hook, fmr__##hook, on_##hook)                           \
	static __noinline void on_##hook(unsigned long long *ctx)

#endif
