/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void hook_refuse(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  dprintf(STDERR_FILENO, "aspis-hook: ");
  vdprintf(STDERR_FILENO, format, arguments);
  dprintf(STDERR_FILENO, "\n");
  va_end(arguments);
  _exit(HOOK_EXIT_REFUSED);
}
