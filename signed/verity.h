/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fs-verity digest of a file, computed from its bytes as they come: a Merkle tree of SHA-256
 * over blocks of 4096 bytes, no salt (Documentation/filesystems/fsverity.rst). It is what
 * FS_IOC_MEASURE_VERITY says of the file once fs-verity is on.
 */
#ifndef ASPIS_SIGNED_VERITY_H
#define ASPIS_SIGNED_VERITY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASPIS_SHA256_BYTES 32
#define ASPIS_VERITY_BLOCK 4096
#define ASPIS_VERITY_LEVELS 10 /* 128 ^ 9 blocks are more than 2 ^ 64 bytes */

struct aspis_verity {
  uint64_t size; /* bytes so far */
  struct {
    uint8_t block[ASPIS_VERITY_BLOCK];
    size_t used;
    uint64_t blocks;            /* hashed, and handed to the level above */
  } level[ASPIS_VERITY_LEVELS]; /* 0: the file itself */
};

void aspis_verity_begin(struct aspis_verity* verity);
void aspis_verity_update(struct aspis_verity* verity, const void* bytes, size_t len);
/* The digest of all that came. */
void aspis_verity_end(struct aspis_verity* verity, uint8_t digest[ASPIS_SHA256_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
