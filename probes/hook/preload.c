/* SPDX-License-Identifier: Apache-2.0 */
/* libaspis-hook.so, for LD_PRELOAD: a Python in this process gets the hook before it starts. */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include <dlfcn.h>
#include <stddef.h>

#include "probes/hook/hook.h"
#include "probes/hook/refuse.h"

__attribute__((constructor)) static void preload(void) {
  /* All that the program is linked with is there when constructors run. */
  if (dlsym(RTLD_DEFAULT, "Py_Initialize") == NULL) return;
  struct hook_config config;
  char wrong[HOOK_CONFIG_WRONG];
  if (!hook_config_read(&config, HOOK_CONFIG_FILE, TRUST_ROOT, 0, wrong)) hook_refuse("%s", wrong);
  hook_install(&config);
}
