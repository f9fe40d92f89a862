/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memrchr */
#include "signed/manifest.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "signed/path_text.h"

#define SIGNATURE_WORD "signature "
#define TREE_WORD "tree "
#define HEX_BYTES (2 * ASPIS_SHA256_BYTES)
/* Digits of a hash and a blank, at least one digit and a blank, again a hash, and "/". */
#define FILE_LINE_MIN (HEX_BYTES + 1 + 2 + HEX_BYTES + 1 + 1)

/* Exactly `bytes` bytes, of small letters only: each manifest has one text. */
static int read_hex(const char* text, size_t bytes, uint8_t* out) {
  for (size_t i = 0; i < 2 * bytes; i++) {
    if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f')) return 0;
  }
  size_t read = 0;
  return sodium_hex2bin(out, bytes, text, 2 * bytes, NULL, &read, NULL) == 0 && read == bytes;
}

/* What the signature is of, without the line that has it; 0: the manifest has no such line. */
static size_t body_of(const char* text, size_t len, uint8_t signature[ASPIS_SIGNATURE_BYTES]) {
  const size_t word = strlen(SIGNATURE_WORD), line = word + 2 * (size_t)ASPIS_SIGNATURE_BYTES + 1;
  if (len <= line || text[len - 1] != '\n' || text[len - line - 1] != '\n') return 0;
  const char* last = text + len - line;
  if (memcmp(last, SIGNATURE_WORD, word) != 0) return 0;
  return read_hex(last + word, ASPIS_SIGNATURE_BYTES, signature) ? len - line : 0;
}

static int compare(struct aspis_manifest_path a, struct aspis_manifest_path b) {
  const int order = memcmp(a.bytes, b.bytes, a.len < b.len ? a.len : b.len);
  return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* The path of a line, whose bytes become what the text stands for. */
static const char* read_path(char* text, size_t len, struct aspis_manifest_path* path) {
  const long bytes = aspis_path_of_text(text, len, text);
  if (bytes < 1 || text[0] != '/' || memchr(text, 0, (size_t)bytes) != NULL)
    return "no absolute path";
  path->bytes = text;
  path->len = (size_t)bytes;
  return NULL;
}

static const char* read_file_line(char* line, size_t len, struct aspis_manifest_file* file) {
  static const char wrong[] = "not SHA256 SIZE VERITY PATH";
  if (len < FILE_LINE_MIN || line[HEX_BYTES] != ' ' ||
      !read_hex(line, sizeof(file->sha256), file->sha256))
    return wrong;
  size_t at = HEX_BYTES + 1;
  const size_t digits = at;
  file->size = 0;
  while (at < len && line[at] >= '0' && line[at] <= '9' && at - digits < 19)
    file->size = file->size * 10 + (uint64_t)(line[at++] - '0');
  const int padded = line[digits] == '0' && at - digits > 1;
  if (at == digits || padded || len - at < HEX_BYTES + 3 || line[at] != ' ' ||
      line[at + 1 + HEX_BYTES] != ' ' ||
      !read_hex(line + at + 1, sizeof(file->verity), file->verity))
    return wrong;
  at += HEX_BYTES + 2;
  return read_path(line + at, len - at, &file->path);
}

static const char* read_line(struct aspis_manifest* manifest, char* line, size_t len) {
  const size_t word = strlen(TREE_WORD);
  const char* wrong;
  if (len > word && memcmp(line, TREE_WORD, word) == 0) {
    struct aspis_manifest_path* tree = &manifest->trees[manifest->tree_count];
    if (manifest->file_count > 0) return "a tree below the files";
    if ((wrong = read_path(line + word, len - word, tree)) != NULL) return wrong;
    if (manifest->tree_count > 0 && compare(tree[-1], tree[0]) >= 0) return "not sorted";
    manifest->tree_count++;
    return NULL;
  }
  struct aspis_manifest_file* file = &manifest->files[manifest->file_count];
  if ((wrong = read_file_line(line, len, file)) != NULL) return wrong;
  if (manifest->file_count > 0 && compare(file[-1].path, file[0].path) >= 0) return "not sorted";
  manifest->file_count++;
  return NULL;
}

/* All lines of the manifest's own copy. */
static const char* read_lines(struct aspis_manifest* manifest, size_t len, size_t* number) {
  const size_t head = strlen(ASPIS_MANIFEST_HEAD);
  if (len < head || memcmp(manifest->text, ASPIS_MANIFEST_HEAD, head) != 0)
    return "not version 1 of a manifest";
  for (size_t at = head; at < len;) {
    char* line = manifest->text + at;
    const size_t bytes = (size_t)((char*)memchr(line, '\n', len - at) - line);
    ++*number;
    const char* wrong = read_line(manifest, line, bytes);
    if (wrong != NULL) return wrong;
    at += bytes + 1;
  }
  *number = 0;
  return NULL;
}

const char* aspis_manifest_read(struct aspis_manifest* manifest, const char* text, size_t len,
                                const uint8_t key[ASPIS_PUBLIC_KEY_BYTES], size_t* line) {
  uint8_t signature[ASPIS_SIGNATURE_BYTES];
  memset(manifest, 0, sizeof(*manifest));
  *line = 0;
  const size_t body = body_of(text, len, signature);
  if (body == 0) return "no manifest, or without its signature at the end";
  if (crypto_sign_verify_detached(signature, (const unsigned char*)text, body, key) != 0)
    return "the signature is not good: changed after it was signed, or signed with another key";
  size_t lines = 0;
  for (size_t i = 0; i < body; i++) lines += text[i] == '\n';
  manifest->text = malloc(body);
  manifest->trees = calloc(lines, sizeof(*manifest->trees));
  manifest->files = calloc(lines, sizeof(*manifest->files));
  const char* wrong = "out of memory";
  if (manifest->text != NULL && manifest->trees != NULL && manifest->files != NULL) {
    memcpy(manifest->text, text, body);
    *line = 1;
    wrong = read_lines(manifest, body, line);
  }
  if (wrong != NULL) aspis_manifest_free(manifest);
  return wrong;
}

void aspis_manifest_free(struct aspis_manifest* manifest) {
  free(manifest->text);
  free(manifest->trees);
  free(manifest->files);
  memset(manifest, 0, sizeof(*manifest));
}

const struct aspis_manifest_file* aspis_manifest_find(const struct aspis_manifest* manifest,
                                                      const char* path, size_t len) {
  const struct aspis_manifest_path wanted = {path, len};
  size_t low = 0, high = manifest->file_count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    const int order = compare(wanted, manifest->files[middle].path);
    if (order == 0) return &manifest->files[middle];
    if (order < 0)
      high = middle;
    else
      low = middle + 1;
  }
  return NULL;
}

void aspis_manifest_sign(const char* body, size_t len, const uint8_t seed[ASPIS_SEED_BYTES],
                         uint8_t signature[ASPIS_SIGNATURE_BYTES]) {
  uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
  crypto_sign_seed_keypair(public_key, secret_key, seed);
  crypto_sign_detached(signature, NULL, (const unsigned char*)body, len, secret_key);
  sodium_memzero(secret_key, sizeof(secret_key));
}
