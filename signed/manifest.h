/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed manifests of code (docs/signed-code.md):
 *
 *   aspis-manifest 1
 *   tree PATH                                    what was signed, sorted
 *   SHA256 SIZE VERITY PATH                      a file, sorted by path
 *   signature HEX                                Ed25519, of all lines before
 *
 * SHA256 and VERITY (signed/verity.h) in hexadecimal, SIZE in bytes, paths as in path_text.h;
 * "sorted" is by the bytes of the path, none twice.
 */
#ifndef ASPIS_SIGNED_MANIFEST_H
#define ASPIS_SIGNED_MANIFEST_H

#include "signed/pem.h"
#include "signed/verity.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASPIS_MANIFEST_HEAD "aspis-manifest 1\n"
#define ASPIS_SIGNATURE_BYTES 64

struct aspis_manifest_path {
  const char* bytes; /* not ended by NUL */
  size_t len;
};

struct aspis_manifest_file {
  struct aspis_manifest_path path;
  uint64_t size;
  uint8_t sha256[ASPIS_SHA256_BYTES];
  uint8_t verity[ASPIS_SHA256_BYTES];
};

/* Owned by who has read it, until aspis_manifest_free. */
struct aspis_manifest {
  char* text; /* in which the paths are */
  struct aspis_manifest_path* trees;
  size_t tree_count;
  struct aspis_manifest_file* files;
  size_t file_count;
};

/*
 * Reads a manifest whose signature by this key is good: nothing of it is looked at before. Returns
 * NULL, or what is wrong (a text that stays), with `line` the number of the line, 0: no single one.
 */
const char* aspis_manifest_read(struct aspis_manifest* manifest, const char* text, size_t len,
                                const uint8_t key[ASPIS_PUBLIC_KEY_BYTES], size_t* line);
void aspis_manifest_free(struct aspis_manifest* manifest);

/* The file of this path; NULL: it is not in it. */
const struct aspis_manifest_file* aspis_manifest_find(const struct aspis_manifest* manifest,
                                                      const char* path, size_t len);

/* Signs all lines before the signature's. The caller has wiped `seed` from where it came. */
void aspis_manifest_sign(const char* body, size_t len, const uint8_t seed[ASPIS_SEED_BYTES],
                         uint8_t signature[ASPIS_SIGNATURE_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
