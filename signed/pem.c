/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memmem */
#include "signed/pem.h"

#include <sodium.h>
#include <string.h>

#define DER_MAX 64

/* RFC 8410: SubjectPublicKeyInfo, and OneAsymmetricKey of version 1, up to the 32 bytes of the key.
 */
static const uint8_t kPublicHead[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t kPrivateHead[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};

static int has(const char* text, size_t len, const char* word) {
  return memmem(text, len, word, strlen(word)) != NULL;
}

/* The 32 bytes behind `head` in the block between `begin` and `end`; 0: it is none of those. */
static int read_block(const char* text, size_t len, const char* begin, const char* end,
                      const uint8_t* head, size_t head_len, uint8_t key[32]) {
  const char* from = memmem(text, len, begin, strlen(begin));
  if (from == NULL) return 0;
  from += strlen(begin);
  const char* to = memmem(from, len - (size_t)(from - text), end, strlen(end));
  if (to == NULL) return 0;
  uint8_t der[DER_MAX];
  size_t bytes = 0;
  const int decoded = sodium_base642bin(der, sizeof(der), from, (size_t)(to - from), " \t\r\n",
                                        &bytes, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
  const int good = decoded && bytes == head_len + 32 && memcmp(der, head, head_len) == 0;
  if (good) memcpy(key, der + head_len, 32);
  sodium_memzero(der, sizeof(der));
  return good;
}

const char* aspis_pem_public_key(const char* text, size_t len,
                                 uint8_t key[ASPIS_PUBLIC_KEY_BYTES]) {
  if (has(text, len, "PRIVATE KEY-----"))
    return "a private key, where the public one belongs (openssl pkey -in KEY -pubout)";
  if (!read_block(text, len, "-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----", kPublicHead,
                  sizeof(kPublicHead), key))
    return "no public Ed25519 key in PEM format (openssl pkey -in KEY -pubout)";
  return NULL;
}

const char* aspis_pem_private_key(const char* text, size_t len, uint8_t seed[ASPIS_SEED_BYTES]) {
  if (has(text, len, "-----BEGIN ENCRYPTED PRIVATE KEY-----"))
    return "the private key is encrypted (openssl pkey -in KEY writes it in the clear)";
  if (has(text, len, "-----BEGIN PUBLIC KEY-----"))
    return "a public key, where the private one belongs";
  if (!read_block(text, len, "-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----",
                  kPrivateHead, sizeof(kPrivateHead), seed))
    return "no private Ed25519 key in PEM format (openssl genpkey -algorithm ed25519)";
  return NULL;
}
