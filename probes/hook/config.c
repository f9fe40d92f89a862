/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/config.h"

#include <errno.h>
#include <string.h>

#include "probes/hook/refuse.h"

#define CONFIG_MAX 65536

static char* without_blanks(char* text) {
  while (*text == ' ' || *text == '\t') text++;
  size_t len = strlen(text);
  while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL) text[--len] = 0;
  return text;
}

static void read_line(struct hook_config* config, const char* path, unsigned number, char* line) {
  line = without_blanks(line);
  if (line[0] == 0 || line[0] == '#') return;
  char* value = strchr(line, '=');
  if (value == NULL) hook_refuse("%s:%u: not KEY = VALUE", path, number);
  *value++ = 0;
  const char* key = without_blanks(line);
  value = without_blanks(value);
  const char** member = strcmp(key, "policy") == 0     ? &config->policy
                        : strcmp(key, "manifest") == 0 ? &config->manifest
                        : strcmp(key, "key") == 0      ? &config->key
                                                       : NULL;
  if (member == NULL) hook_refuse("%s:%u: unknown key %s", path, number, key);
  if (*member != NULL) hook_refuse("%s:%u: %s for the second time", path, number, key);
  if (value[0] != '/') hook_refuse("%s:%u: %s is no absolute path", path, number, key);
  *member = value;
}

void hook_config_read(struct hook_config* config, const char* path, enum trust trust,
                      int must_exist) {
  char* text = NULL; /* kept: the values are in it */
  size_t len = 0;
  int code = 0;
  memset(config, 0, sizeof(*config));
  const char* wrong = trusted_file_read(path, trust, CONFIG_MAX, &text, &len, &code);
  if (wrong != NULL && !must_exist && (code == ENOENT || code == ENOTDIR)) return;
  if (wrong != NULL)
    hook_refuse("%s %s%s%s", path, wrong, code ? ": " : "", code ? strerror(code) : "");
  if (memchr(text, 0, len) != NULL) hook_refuse("%s is no text", path);
  unsigned number = 0;
  for (char* line = text; line != NULL;) {
    char* end = strchr(line, '\n');
    if (end != NULL) *end++ = 0;
    read_line(config, path, ++number, line);
    line = end;
  }
}
