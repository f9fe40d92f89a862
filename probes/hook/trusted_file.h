/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the hook believes: who may write to them could also do without it. */
#ifndef ASPIS_HOOK_TRUSTED_FILE_H
#define ASPIS_HOOK_TRUSTED_FILE_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum trust {
  TRUST_ROOT,        /* root's */
  TRUST_ROOT_OR_SELF /* or the user's whom the process works for */
};

/* All of a regular file that is owned as `trust` says, and that neither its group nor others may
 * write to. The caller frees `bytes`. NULL, or what is wrong (with `code` the errno, or 0). */
const char* trusted_file_read(const char* path, enum trust trust, size_t limit, char** bytes,
                              size_t* len, int* code);

/* All of an open regular file of `size` bytes; NULL: it cannot be read, or has another size. The
 * caller frees it. It has a NUL more. */
char* read_descriptor(int fd, size_t size);

#ifdef __cplusplus
}
#endif
#endif
