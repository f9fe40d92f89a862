/* SPDX-License-Identifier: Apache-2.0 */
/* The hook of PEP 578, as a whole. */
#ifndef ASPIS_HOOK_HOOK_H
#define ASPIS_HOOK_HOOK_H

#include "probes/hook/config.h"

/* Where the policy is, if no configuration says it. */
#define HOOK_POLICY_VARIABLE "ASPIS_HOOK_POLICY"

/* Adds the hooks to the Python of this process, before it is initialised. Ends the process with a
 * message if anything is wrong: what cannot be checked does not run. To be called once. */
void hook_install(const struct hook_config* config);

/* Ends the process unless the profile allows to run this (aspis_launch of bpf/abi/policy.h); `what`
 * is how a person calls it. */
void hook_check_launch(const char* launch, const char* what);

#endif
