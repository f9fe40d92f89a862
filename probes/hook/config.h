/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/aspis/hook.conf, or the file of --aspis-config: lines "KEY = VALUE", empty ones, and
 * comments behind "#" at a line's beginning. Keys:
 *
 *   policy     a profile, by aspis policy export
 *   manifest   of code, by aspis manifest sign
 *   key        the public key that has signed the manifest
 */
#ifndef ASPIS_HOOK_CONFIG_H
#define ASPIS_HOOK_CONFIG_H

#include "probes/hook/trusted_file.h"

#define HOOK_CONFIG_FILE "/etc/aspis/hook.conf"
#define HOOK_CONFIG_WRONG 4608 /* room for a path, and what is wrong with the file */

#ifdef __cplusplus
extern "C" {
#endif

struct hook_config {
  const char* policy; /* absolute paths; NULL: not said */
  const char* manifest;
  const char* key;
  char* text; /* which they are in: to be freed, if ever, when they are not needed any more */
};

/* Reads a file. 0: it is wrong or, with `must_exist`, not there, as `wrong` says. */
int hook_config_read(struct hook_config* config, const char* path, enum trust trust, int must_exist,
                     char wrong[HOOK_CONFIG_WRONG]);

#ifdef __cplusplus
}
#endif

#endif
