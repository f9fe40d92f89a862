/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One body, two programs: HOOK(file_open) makes lsm__file_open and fmr__file_open, which both call
 * on_file_open(ctx). The agent loads the set of the backend that it chose.
 *
 * Both program types get the hook's arguments in ctx[]. The value of an earlier program on the same hook
 * needs no look: the trampoline leaves at the first program that returns non-zero.
 */
#ifndef ASPIS_HOOK_BPF_H
#define ASPIS_HOOK_BPF_H

#include "path.bpf.h"

#define HOOK(hook)                                                                                     \
	static __always_inline void on_##hook(unsigned long long *ctx);                                \
	SEC("?lsm/" #hook)                                                                             \
	int lsm__##hook(unsigned long long *ctx)                                                       \
	{                                                                                              \
		on_##hook(ctx);                                                                        \
		return 0;                                                                              \
	}                                                                                              \
	SEC("?fmod_ret/security_" #hook)                                                               \
	int fmr__##hook(unsigned long long *ctx)                                                       \
	{                                                                                              \
		on_##hook(ctx);                                                                        \
		return 0;                                                                              \
	}                                                                                              \
	static __always_inline void on_##hook(unsigned long long *ctx)

/* The same for a hook that returns nothing: fmod_ret cannot attach there, fentry can. */
#define VOID_HOOK(hook)                                                                                \
	static __always_inline void on_##hook(unsigned long long *ctx);                                \
	SEC("?lsm/" #hook)                                                                             \
	int lsm__##hook(unsigned long long *ctx)                                                       \
	{                                                                                              \
		on_##hook(ctx);                                                                        \
		return 0;                                                                              \
	}                                                                                              \
	SEC("?fentry/security_" #hook)                                                                 \
	int fmr__##hook(unsigned long long *ctx)                                                       \
	{                                                                                              \
		on_##hook(ctx);                                                                        \
		return 0;                                                                              \
	}                                                                                              \
	static __always_inline void on_##hook(unsigned long long *ctx)

#endif
