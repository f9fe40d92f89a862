/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include "probes/hook/refuse.h"
#include "probes/hook/signed_code.h"

/* There is one Python in a process, and hooks of C cannot be taken back. */
static struct python_api api;
static struct policy_image image;
static struct signed_code code;
static int is_up; /* Python has been initialised: it can turn a refusal into an exception */

/* The kernel side does not hear of what is denied here: an event ends at the hook. */
static void report(const char* event, const struct decision* decision) {
  syslog(LOG_AUTHPRIV | LOG_NOTICE, "aspis-hook: python %s %s profile %s pid %d", event,
         decision->verdict == ASPIS_VERDICT_DENIED     ? "DENIED"
         : decision->verdict == ASPIS_VERDICT_COMPLAIN ? "complain"
                                                       : "audit",
         image.name, (int)getpid());
}

static int deny(const char* event) {
  char message[ASPIS_PROFILE_NAME_MAX + 256];
  snprintf(message, sizeof(message), "aspis: python %s is denied by profile %s", event, image.name);
  if (image.profile->mode == ASPIS_MODE_KILL) kill(getpid(), image.profile->kill_signal);
  const int answer = image.profile->error ? image.profile->error : EPERM;
  python_refuse(&api, answer, message, NULL);
  return -1;
}

/*
 * The interpreter asks before it can run anything of the program, too (its own modules are
 * imported): then an exception would only keep it from starting, with a message that helps nobody.
 * What those modules are, `require signed` says, which holds from the first one on.
 */
static int on_event(const char* event, PyObject* args, void* data) {
  (void)data;
  if (!is_up && !(is_up = api.Py_IsInitialized())) return 0;
  const struct decision decision = rules_on_event(&image, &api, event, args);
  if (decision.reported) report(event, &decision);
  if (decision.verdict == ASPIS_VERDICT_DENIED) return deny(event);
  return image.flags & ASPIS_IMAGE_SIGNED ? signed_code_on_event(&code, event, args) : 0;
}

/* A copy that nothing writes to by mistake, and that does not change with its file. It stays. */
static const void* frozen(const char* bytes, size_t len) {
  void* copy = mmap(NULL, len + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) hook_refuse("no memory for the policy: %s", strerror(errno));
  memcpy(copy, bytes, len);
  if (mprotect(copy, len + 1, PROT_READ) != 0)
    hook_refuse("the policy's memory: %s", strerror(errno));
  return copy;
}

static void read_policy(const char* path) {
  char* bytes = NULL;
  size_t len = 0;
  int failure = 0;
  const char* wrong =
      trusted_file_read(path, TRUST_ROOT_OR_SELF, ASPIS_IMAGE_MAX, &bytes, &len, &failure);
  if (wrong != NULL)
    hook_refuse("%s %s%s%s", path, wrong, failure ? ": " : "", failure ? strerror(failure) : "");
  wrong = policy_image_read(&image, frozen(bytes, len), len);
  free(bytes);
  if (wrong != NULL) hook_refuse("%s: %s", path, wrong);
}

void hook_install(const struct hook_config* config) {
  const char* policy = config->policy != NULL ? config->policy : getenv(HOOK_POLICY_VARIABLE);
  if (policy == NULL)
    hook_refuse("no policy: neither in the configuration nor in " HOOK_POLICY_VARIABLE);
  const char* missing = python_api_find(&api);
  if (missing != NULL) hook_refuse("this Python has no %s: it is older than 3.8", missing);
  read_policy(policy);
  code.image = &image;
  code.api = &api;
  if (image.flags & ASPIS_IMAGE_SIGNED) {
    signed_code_begin(&code, config);
    if (api.PyFile_SetOpenCodeHook(signed_code_open, &code) != 0)
      hook_refuse("something else checks code already");
  }
  if (api.PySys_AddAuditHook(on_event, NULL) != 0) hook_refuse("the audit hook was refused");
}

void hook_check_launch(const char* launch, const char* what) {
  if (!rules_allow_launch(&image, launch))
    hook_refuse("profile %s does not allow to run %s", image.name, what);
}
