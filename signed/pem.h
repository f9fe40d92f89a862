/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ed25519 keys in PEM files, as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`
 * write them (RFC 8410): a fixed head of DER, and the key.
 */
#ifndef ASPIS_SIGNED_PEM_H
#define ASPIS_SIGNED_PEM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASPIS_PUBLIC_KEY_BYTES 32
#define ASPIS_SEED_BYTES 32 /* a private key: what all of it is derived from */

/* Reads the public key in `text`. NULL, or what is wrong with it (a text that stays). */
const char* aspis_pem_public_key(const char* text, size_t len, uint8_t key[ASPIS_PUBLIC_KEY_BYTES]);

/* The same of a private key, which must not be encrypted. The caller wipes the seed. */
const char* aspis_pem_private_key(const char* text, size_t len, uint8_t seed[ASPIS_SEED_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
