/* SPDX-License-Identifier: Apache-2.0 */
/* `require signed`: code is taken only if it is in the manifest, as it was signed. */
#ifndef ASPIS_HOOK_SIGNED_CODE_H
#define ASPIS_HOOK_SIGNED_CODE_H

#include "probes/hook/config.h"
#include "probes/hook/rules.h"
#include "signed/manifest.h"

struct signed_code {
  const struct policy_image* image;
  const struct python_api* api;
  int has_manifest; /* without one nothing is signed */
  struct aspis_manifest manifest;
};

/* Reads the manifest that the configuration names; ends the process if it is wrong. */
void signed_code_begin(struct signed_code* code, const struct hook_config* config);

/* PyFile_SetOpenCodeHook's: the file's bytes, read once and checked, as an io.BytesIO; a plain file
 * where no signature is required; NULL with PermissionError. */
PyObject* signed_code_open(PyObject* path, void* code);

/* Events that announce code which does not come through open_code: extension modules, libraries of
 * ctypes, the script that is run, modules without source. 0, or -1 with PermissionError. */
int signed_code_on_event(const struct signed_code* code, const char* event, PyObject* args);

#endif
