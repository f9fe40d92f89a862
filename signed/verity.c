/* SPDX-License-Identifier: Apache-2.0 */
#include "signed/verity.h"

#include <endian.h>
#include <linux/fsverity.h>
#include <sodium.h>
#include <string.h>

/* The kernel's struct fsverity_descriptor, which it keeps for itself. */
struct descriptor {
  uint8_t version;
  uint8_t hash_algorithm;
  uint8_t log_blocksize;
  uint8_t salt_size;
  uint32_t reserved_0;
  uint64_t data_size; /* little endian */
  uint8_t root_hash[64];
  uint8_t salt[32];
  uint8_t reserved[144];
};
_Static_assert(sizeof(struct descriptor) == 256, "descriptor");
_Static_assert(ASPIS_SHA256_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

void aspis_verity_begin(struct aspis_verity* verity) {
  verity->size = 0;
  for (int i = 0; i < ASPIS_VERITY_LEVELS; i++) {
    verity->level[i].used = 0;
    verity->level[i].blocks = 0;
  }
}

static void put(struct aspis_verity* verity, int at, const uint8_t* bytes, size_t len);

/* The block at hand of a level goes, padded with 0, as a hash into the level above. */
static void hash_block(struct aspis_verity* verity, int at) {
  uint8_t hash[ASPIS_SHA256_BYTES];
  memset(verity->level[at].block + verity->level[at].used, 0,
         ASPIS_VERITY_BLOCK - verity->level[at].used);
  crypto_hash_sha256(hash, verity->level[at].block, ASPIS_VERITY_BLOCK);
  verity->level[at].used = 0;
  verity->level[at].blocks++;
  put(verity, at + 1, hash, sizeof(hash));
}

/* A full block is hashed only when more comes: the last one of the top level is the root. */
static void put(struct aspis_verity* verity, int at, const uint8_t* bytes, size_t len) {
  while (len > 0) {
    if (verity->level[at].used == ASPIS_VERITY_BLOCK) hash_block(verity, at);
    size_t room = ASPIS_VERITY_BLOCK - verity->level[at].used;
    if (room > len) room = len;
    memcpy(verity->level[at].block + verity->level[at].used, bytes, room);
    verity->level[at].used += room;
    bytes += room;
    len -= room;
  }
}

void aspis_verity_update(struct aspis_verity* verity, const void* bytes, size_t len) {
  verity->size += len;
  put(verity, 0, bytes, len);
}

void aspis_verity_end(struct aspis_verity* verity, uint8_t digest[ASPIS_SHA256_BYTES]) {
  struct descriptor descriptor;
  memset(&descriptor, 0, sizeof(descriptor));
  descriptor.version = 1;
  descriptor.hash_algorithm = FS_VERITY_HASH_ALG_SHA256;
  descriptor.log_blocksize = 12;
  descriptor.data_size = htole64(verity->size);
  /* Upwards to the level that is a single block; its hash is the root. Of nothing it is 0. */
  int at = 0;
  while (verity->level[at].blocks > 0) {
    hash_block(verity, at);
    at++;
  }
  if (verity->size > 0) {
    hash_block(verity, at);
    memcpy(descriptor.root_hash, verity->level[at + 1].block, ASPIS_SHA256_BYTES);
  }
  crypto_hash_sha256(digest, (const unsigned char*)&descriptor, sizeof(descriptor));
}
