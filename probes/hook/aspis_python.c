/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aspis-python: CPython with the hook, and without what lets its caller choose what is run: no
 * environment variables, no user's site directory, and no -c, -i or standard input unless the
 * profile says so by python=(…). An own entry point as PEP 551 and PEP 578 recommend it.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bpf/abi/policy.h"
#include "probes/hook/hook.h"
#include "probes/hook/refuse.h"

#define CONFIG_OPTION "--aspis-config"

/* Ends the process as Python would if a step of its start went wrong. */
static void check(PyStatus status) {
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
}

/* Takes "--aspis-config FILE" from the front of the arguments, the one that is ours. */
static void read_config(int* argc, char** argv) {
  struct hook_config config;
  char wrong[HOOK_CONFIG_WRONG];
  int good = 0;
  if (*argc > 1 && strcmp(argv[1], CONFIG_OPTION) == 0) {
    if (*argc < 3) hook_refuse(CONFIG_OPTION " needs a file");
    good = hook_config_read(&config, argv[2], TRUST_ROOT_OR_SELF, 1, wrong);
    /* The NULL at the end comes along. */
    memmove(argv + 1, argv + 3, (size_t)(*argc - 2) * sizeof(*argv));
    *argc -= 2;
  } else {
    good = hook_config_read(&config, HOOK_CONFIG_FILE, TRUST_ROOT, 1, wrong);
  }
  if (!good) hook_refuse("%s", wrong);
  if (config.policy == NULL) hook_refuse("the configuration names no policy");
  hook_install(&config);
}

/* Appends a path by its text alone: bpf/abi/policy.h, aspis_launch. */
static size_t append_path(char* out, size_t used, size_t room, const char* path) {
  while (*path != 0) {
    while (*path == '/') path++;
    const size_t len = strcspn(path, "/");
    if (len == 2 && memcmp(path, "..", 2) == 0) {
      while (used > 1 && out[used - 1] != '/') used--;
      if (used > 1) used--;
    } else if (len > 0 && !(len == 1 && path[0] == '.')) {
      if (used + 1 + len + 2 > room) hook_refuse("the script's path is too long");
      out[used++] = '/';
      memcpy(out + used, path, len);
      used += len;
    }
    path += len;
  }
  return used;
}

static void check_script(const char* script) {
  char launch[2 * PATH_MAX + 2] = {ASPIS_LAUNCH_SCRIPT}, directory[PATH_MAX];
  size_t used = 1;
  if (script[0] != '/') {
    if (getcwd(directory, sizeof(directory)) == NULL) hook_refuse("no working directory");
    used = append_path(launch, used, sizeof(launch), directory);
  }
  used = append_path(launch, used, sizeof(launch), script);
  if (used == 1 || script[strlen(script) - 1] == '/') launch[used++] = '/';
  launch[used] = 0;
  hook_check_launch(launch, script);
}

/* What is going to be run, by what CPython has made of its arguments. */
static void check_launch(const PyConfig* config) {
  char text[PATH_MAX + 1] = {ASPIS_LAUNCH_MODULE};
  static const char standard_input[] = {ASPIS_LAUNCH_STDIN, 0};
  static const char command[] = {ASPIS_LAUNCH_COMMAND, 0};
  const wchar_t* name = config->run_module != NULL ? config->run_module : config->run_filename;
  if (config->inspect || config->interactive) hook_check_launch(standard_input, "with -i");
  if (config->pycache_prefix != NULL) hook_refuse("-X pycache_prefix would load code from there");
  if (config->run_command != NULL) {
    hook_check_launch(command, "a command (-c)");
  } else if (name == NULL) {
    hook_check_launch(standard_input, "standard input");
  } else {
    char* encoded = Py_EncodeLocale(name, NULL);
    if (encoded == NULL || strlen(encoded) >= PATH_MAX)
      hook_refuse("what is to be run is too long");
    if (config->run_module == NULL) {
      check_script(encoded);
    } else {
      strcpy(text + 1, encoded);
      hook_check_launch(text, encoded);
    }
    PyMem_Free(encoded);
  }
}

int main(int argc, char** argv) {
  read_config(&argc, argv);
  PyPreConfig before;
  PyPreConfig_InitIsolatedConfig(&before);
  before.utf8_mode = 1; /* the same everywhere, as no locale is asked */
  before.parse_argv = 1;
  check(Py_PreInitializeFromBytesArgs(&before, argc, argv));
  PyConfig config;
  PyConfig_InitIsolatedConfig(&config);
  config.parse_argv = 1;
  config.configure_c_stdio = 1;
  config.install_signal_handlers = 1;
  check(PyConfig_SetBytesArgv(&config, argc, argv));
  check(PyConfig_Read(&config));
  check_launch(&config);
  check(Py_InitializeFromConfig(&config));
  PyConfig_Clear(&config);
  return Py_RunMain();
}
