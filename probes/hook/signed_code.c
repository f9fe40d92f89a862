/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "probes/hook/signed_code.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "probes/hook/refuse.h"

#define MANIFEST_MAX (1u << 30)
#define KEY_MAX 65536
#define CODE_MAX (1u << 30)

/* Of a file that the configuration names. */
static char* read_named(const char* path, enum trust trust, size_t limit, size_t* len) {
  char* bytes = NULL;
  int code = 0;
  const char* wrong = trusted_file_read(path, trust, limit, &bytes, len, &code);
  if (wrong != NULL)
    hook_refuse("%s %s%s%s", path, wrong, code ? ": " : "", code ? strerror(code) : "");
  return bytes;
}

void signed_code_begin(struct signed_code* code, const struct hook_config* config) {
  if (config->manifest == NULL && config->key == NULL) return;
  if (config->manifest == NULL || config->key == NULL)
    hook_refuse("of manifest and key only one is configured");
  size_t len = 0, line = 0;
  uint8_t key[ASPIS_PUBLIC_KEY_BYTES];
  char* text = read_named(config->key, TRUST_ROOT_OR_SELF, KEY_MAX, &len);
  const char* wrong = aspis_pem_public_key(text, len, key);
  if (wrong != NULL) hook_refuse("%s: %s", config->key, wrong);
  free(text);
  text = read_named(config->manifest, TRUST_ROOT_OR_SELF, MANIFEST_MAX, &len);
  wrong = aspis_manifest_read(&code->manifest, text, len, key, &line);
  if (wrong != NULL && line != 0) hook_refuse("%s:%zu: %s", config->manifest, line, wrong);
  if (wrong != NULL) hook_refuse("%s: %s", config->manifest, wrong);
  free(text);
  code->has_manifest = 1;
}

/* The bytes of a file that is as it was signed; NULL: `why` says why not. The caller frees them. */
static char* read_signed(const struct signed_code* code, const char* path, size_t* len,
                         const char** why) {
  const struct aspis_manifest_file* file =
      code->has_manifest ? aspis_manifest_find(&code->manifest, path, strlen(path)) : NULL;
  *why = code->has_manifest ? "is not in the manifest" : "must be signed, but no manifest is named";
  if (file == NULL) return NULL;
  *why = "cannot be read";
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  struct stat status;
  char* bytes = NULL;
  if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    *why = "is not as it was signed";
    if ((uint64_t)status.st_size == file->size && file->size <= CODE_MAX)
      bytes = read_descriptor(fd, (size_t)file->size);
  }
  if (fd >= 0) close(fd);
  if (bytes == NULL) return NULL;
  uint8_t hash[ASPIS_SHA256_BYTES];
  crypto_hash_sha256(hash, (const unsigned char*)bytes, file->size);
  if (memcmp(hash, file->sha256, sizeof(hash)) != 0) {
    free(bytes);
    return NULL;
  }
  *len = (size_t)file->size;
  return bytes;
}

/* The path that a str, or bytes, means, without symbolic links; 0: there is no such file, or an
 * exception was raised and is taken back. */
static int resolve(const struct python_api* api, PyObject* path, char resolved[PATH_MAX]) {
  const unsigned long flags = python_flags(api, path);
  if (!(flags & (PYTHON_UNICODE | PYTHON_BYTES))) return 0;
  PyObject* encoded = flags & PYTHON_UNICODE ? api->PyUnicode_EncodeFSDefault(path) : NULL;
  char* text = NULL;
  const PyObject* none = NULL;
  int found = 0;
  if ((encoded != none || !(flags & PYTHON_UNICODE)) &&
      api->PyBytes_AsStringAndSize(encoded != none ? encoded : path, &text, NULL) == 0)
    found = realpath(text, resolved) != NULL;
  else
    api->PyErr_Clear();
  if (encoded != none) api->Py_DecRef(encoded);
  return found;
}

static void refuse(const struct signed_code* code, PyObject* path, const char* why) {
  char message[ASPIS_PROFILE_NAME_MAX + 128];
  snprintf(message, sizeof(message), "aspis: code %s (require signed of profile %s)", why,
           code->image->name);
  python_refuse(code->api, EPERM, message, path);
}

/* The path of an open file (proc(5): /proc/PID/fd), by a method of Python's file; 0: unknown. */
static int path_of_file(const struct python_api* api, PyObject* file, char path[PATH_MAX]) {
  PyObject* number = api->PyObject_CallMethod(file, "fileno", NULL);
  const long long fd = number == NULL ? -1 : api->PyLong_AsLongLong(number);
  if (number != NULL) api->Py_DecRef(number);
  if (fd < 0) api->PyErr_Clear();
  char link[64];
  snprintf(link, sizeof(link), "/proc/self/fd/%lld", fd);
  const ssize_t len = readlink(link, path, PATH_MAX - 1);
  if (len < 0) return 0;
  path[len] = 0;
  return 1;
}

/* A file that need not be signed. It is asked for once more: a name may lead elsewhere when it is
 * opened than it did when it was looked up. */
static PyObject* open_plainly(const struct signed_code* code, PyObject* path) {
  const struct python_api* api = code->api;
  PyObject* io = api->PyImport_ImportModule("_io");
  if (io == NULL) return NULL;
  PyObject* file = api->PyObject_CallMethod(io, "open", "Os", path, "rb");
  api->Py_DecRef(io);
  char opened[PATH_MAX];
  if (file == NULL || !path_of_file(api, file, opened) ||
      !rules_require_signed(code->image, opened))
    return file;
  api->Py_DecRef(file);
  refuse(code, path, "was replaced while it was opened");
  return NULL;
}

PyObject* signed_code_open(PyObject* path, void* data) {
  const struct signed_code* code = data;
  const struct python_api* api = code->api;
  char resolved[PATH_MAX];
  /* What is not there is for Python to tell. */
  if (!resolve(api, path, resolved) || !rules_require_signed(code->image, resolved))
    return open_plainly(code, path);
  size_t len = 0;
  const char* why = NULL;
  char* bytes = read_signed(code, resolved, &len, &why);
  if (bytes == NULL) {
    refuse(code, path, why);
    return NULL;
  }
  PyObject* content = api->PyBytes_FromStringAndSize(bytes, (ssize_t)len);
  free(bytes);
  PyObject* io = content == NULL ? NULL : api->PyImport_ImportModule("_io");
  PyObject* file = io == NULL ? NULL : api->PyObject_CallMethod(io, "BytesIO", "O", content);
  if (io != NULL) api->Py_DecRef(io);
  if (content != NULL) api->Py_DecRef(content);
  return file;
}

/* The mode of an `open` event that reads a .pyc: of modules without source, which CPython does not
 * open as code. */
static int reads_bytecode(const struct python_api* api, PyObject* args, const char* path) {
  const size_t len = strlen(path);
  if (len < 4 || strcmp(path + len - 4, ".pyc") != 0 || api->PyTuple_Size(args) < 2) return 0;
  PyObject* mode = api->PyTuple_GetItem(args, 1);
  return mode != NULL && python_flags(api, mode) & PYTHON_UNICODE &&
         api->PyUnicode_GetLength(mode) > 0 && api->PyUnicode_ReadChar(mode, 0) == 'r';
}

int signed_code_on_event(const struct signed_code* code, const char* event, PyObject* args) {
  const struct python_api* api = code->api;
  const int is_open = strcmp(event, "open") == 0;
  const ssize_t at = strcmp(event, "import") == 0 ? 1 : 0;
  if (!is_open && at == 0 && strcmp(event, "ctypes.dlopen") != 0 &&
      strcmp(event, "cpython.run_file") != 0)
    return 0;
  PyObject* path = api->PyTuple_Size(args) > at ? api->PyTuple_GetItem(args, at) : NULL;
  char resolved[PATH_MAX];
  struct stat status;
  if (path == NULL || !resolve(api, path, resolved)) return 0;
  if (is_open && !reads_bytecode(api, args, resolved)) return 0;
  if (!rules_require_signed(code->image, resolved)) return 0;
  /* A directory or an archive that is run: what is in it is opened as code. */
  if (stat(resolved, &status) == 0 && S_ISDIR(status.st_mode)) return 0;
  size_t len = 0;
  const char* why = NULL;
  char* bytes = read_signed(code, resolved, &len, &why);
  if (bytes == NULL) {
    refuse(code, path, why);
    return -1;
  }
  free(bytes);
  return 0;
}
