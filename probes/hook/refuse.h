/* SPDX-License-Identifier: Apache-2.0 */
/* What the hook says where it cannot do what it is for, and Python must not run. */
#ifndef ASPIS_HOOK_REFUSE_H
#define ASPIS_HOOK_REFUSE_H

/* The exit code of Aspis where it failed before what it starts has begun (README.md: run). */
#define HOOK_EXIT_REFUSED 125

/* "aspis-hook: TEXT" on standard error, then the process ends: no exit handlers, no Python. */
_Noreturn void hook_refuse(const char* format, ...) __attribute__((format(printf, 1, 2)));

#endif
