/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define CONFIG_MAX 65536

static char* without_blanks(char* text) {
  while (*text == ' ' || *text == '\t') text++;
  size_t len = strlen(text);
  while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) text[--len] = 0;
  return text;
}

/* 0: it is wrong, as `wrong` says. */
static int read_line(struct hook_config* config, const char* path, unsigned number, char* line,
                     char wrong[HOOK_CONFIG_WRONG]) {
  line = without_blanks(line);
  if (line[0] == 0 || line[0] == '#') return 1;
  char* value = strchr(line, '=');
  if (value == NULL) {
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s:%u: not KEY = VALUE", path, number);
    return 0;
  }
  *value++ = 0;
  const char* key = without_blanks(line);
  value = without_blanks(value);
  const char** member = strcmp(key, "policy") == 0     ? &config->policy
                        : strcmp(key, "manifest") == 0 ? &config->manifest
                        : strcmp(key, "key") == 0      ? &config->key
                                                       : NULL;
  if (member == NULL)
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s:%u: unknown key %.64s", path, number, key);
  else if (*member != NULL)
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s:%u: %s for the second time", path, number, key);
  else if (value[0] != '/')
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s:%u: %s is no absolute path", path, number, key);
  else
    return (*member = value) != NULL;
  return 0;
}

int hook_config_read(struct hook_config* config, const char* path, enum trust trust, int must_exist,
                     char wrong[HOOK_CONFIG_WRONG]) {
  size_t len = 0;
  int code = 0;
  memset(config, 0, sizeof(*config));
  const char* why = trusted_file_read(path, trust, CONFIG_MAX, &config->text, &len, &code);
  if (why != NULL && !must_exist && (code == ENOENT || code == ENOTDIR)) return 1;
  if (why != NULL) {
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s %s%s%s", path, why, code ? ": " : "",
             code ? strerror(code) : "");
    return 0;
  }
  if (memchr(config->text, 0, len) != NULL) {
    snprintf(wrong, HOOK_CONFIG_WRONG, "%s is no text", path);
    return 0;
  }
  unsigned number = 0;
  for (char* line = config->text; line != NULL;) {
    char* end = strchr(line, '\n');
    if (end != NULL) *end++ = 0;
    if (!read_line(config, path, ++number, line, wrong)) return 0;
    line = end;
  }
  return 1;
}
