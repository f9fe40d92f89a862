/* SPDX-License-Identifier: Apache-2.0 */
/* What the profile says: of audit events, of files of code, of what Python is started to run. */
#ifndef ASPIS_HOOK_RULES_H
#define ASPIS_HOOK_RULES_H

#include <stdbool.h>

#include "probes/hook/image.h"
#include "probes/hook/python_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The decision on an event: by the kernel's own tables and matcher. */
struct decision rules_on_event(const struct policy_image* image, const struct python_api* api,
                               const char* event, PyObject* args);

/* Must the code at this path (absolute, without symbolic links) be signed? */
bool rules_require_signed(const struct policy_image* image, const char* path);

/* May Python be started to run this (bpf/abi/policy.h: aspis_launch)? What python=(…) of the
 * profile names; of a profile without it, scripts and modules. */
bool rules_allow_launch(const struct policy_image* image, const char* launch);

#ifdef __cplusplus
}
#endif

#endif
