/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * An exception from the kernel, at the line that asked. At the first instruction of
 * sys_audit_tstate (or of what stands for it) the thread goes to
 * PyErr_SetString(PyExc_PermissionError, event) instead, with the same return address; a probe at
 * the return answers what CPython takes for "an exception is set": -1, or NULL of sys.audit
 * (Python/sysmodule.c). Nothing is written to the process. Registers can be written from 6.18 on
 * (kernel commit 7384893d970e), without lockdown.
 *
 * Never while the interpreter starts up: an exception there is fatal to it in any case, and may
 * come where none is expected. A thread whose returns the kernel may have stopped to follow would
 * go on with what is denied, so before that it is killed instead.
 */
#ifndef ASPIS_RAISE_BPF_H
#define ASPIS_RAISE_BPF_H

#include "site.bpf.h"

/* Audit hooks in Python may raise events, which have hooks, …; the kernel follows 64 returns of one
 * thread (include/linux/uprobes.h: MAX_URETPROBE_DEPTH). */
#define RAISE_DEPTH_MAX 32

/* The bit in aspis_python.raising of the function entered last. By depth: making the exception may
 * collect garbage, and finalizers raise events. */
static __always_inline __u32 raise_bit(const struct aspis_task *state)
{
	return 1u << (state->python.audits - 1 & (RAISE_DEPTH_MAX - 1));
}

static __always_inline void raise_entered(struct aspis_task *state)
{
	state->python.audits++;
	state->python.raising &= ~raise_bit(state);
}

/* The function is left. Has an exception been raised in its place? */
static __always_inline bool raise_left(struct aspis_task *state)
{
	bool raised;

	if (!state->python.audits) /* entered before there was a probe */
		return false;
	raised = state->python.raising & raise_bit(state);
	state->python.raising &= ~raise_bit(state);
	state->python.audits--;
	return raised;
}

/* A thread without an interpreter raises no events, and can have no exceptions: CPython returns 0.
 */
static __always_inline bool raise_without_thread(
	const struct pt_regs *regs, const struct aspis_python_site *site)
{
	return (site->form == ASPIS_SITE_CALL || site->form == ASPIS_SITE_INNER) && !regs->di;
}

/* PyExc_PermissionError of the process; 0: it cannot be read. */
static __always_inline __u64 raise_exception(
	const struct pt_regs *regs, const struct aspis_python_site *site)
{
	__u64 exception = 0;

	read_user(&exception, sizeof(exception), regs->ip - site->location + site->raise_exception);
	return exception;
}

/* Asked before it is told what becomes of the event. */
static __always_inline bool raise_possible(const struct pt_regs *regs,
	const struct aspis_task *state, const struct aspis_python_site *site)
{
	return site->raise_function && state->flags & ASPIS_TASK_RUNS && state->python.audits &&
	       state->python.audits <= RAISE_DEPTH_MAX && raise_exception(regs, site);
}

/* What could be read, and cannot any more, another thread has taken away: that ends the process. */
static __always_inline void raise_now(
	struct pt_regs *regs, const struct aspis_python_site *site, __u64 name)
{
	__u64 bias = regs->ip - site->location, exception = raise_exception(regs, site);

	if (!exception) {
		bpf_send_signal(SIGKILL);
		return;
	}
	regs->di = exception;
	regs->si = name;
	regs->ip = bias + site->raise_function;
}

static __always_inline void raise_return(struct pt_regs *regs, const struct aspis_python_site *site)
{
	regs->ax = site->form == ASPIS_SITE_SYS_AUDIT ? 0 : -1ul;
}

#endif
