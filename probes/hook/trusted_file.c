/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "probes/hook/trusted_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

char* read_descriptor(int fd, size_t size) {
  char* bytes = malloc(size + 1); /* one more tells that it has grown */
  size_t used = 0;
  while (bytes != NULL) {
    const ssize_t got = read(fd, bytes + used, size + 1 - used);
    if (got < 0 && errno == EINTR) continue;
    if (got > 0) used += (size_t)got;
    if (got > 0 && used <= size) continue;
    if (got == 0 && used == size) {
      bytes[size] = 0;
      return bytes;
    }
    if (got >= 0) errno = EAGAIN; /* its size has changed */
    free(bytes);
    return NULL;
  }
  return NULL;
}

static const char* check(const struct stat* status, enum trust trust, size_t limit) {
  if (!S_ISREG(status->st_mode)) return "is not a regular file";
  if (status->st_uid != 0 && (trust == TRUST_ROOT || status->st_uid != geteuid()))
    return trust == TRUST_ROOT ? "must be root's" : "must be root's, or the user's own";
  if ((status->st_mode & 022) != 0) return "may be written to by its group, or by others";
  if ((unsigned long long)status->st_size > limit) return "is too long";
  return NULL;
}

const char* trusted_file_read(const char* path, enum trust trust, size_t limit, char** bytes,
                              size_t* len, int* code) {
  struct stat status;
  *code = 0;
  const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 || fstat(fd, &status) != 0) {
    *code = errno;
    if (fd >= 0) close(fd);
    return "cannot be read";
  }
  const char* wrong = check(&status, trust, limit);
  if (wrong == NULL && (*bytes = read_descriptor(fd, (size_t)status.st_size)) == NULL) {
    *code = errno;
    wrong = "cannot be read";
  }
  *len = (size_t)status.st_size;
  close(fd);
  return wrong;
}
