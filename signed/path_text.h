/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths as one line of text, and back: what is no printable UTF-8 (a newline, a byte of another
 * encoding), and the backslash, is \xHH, with small letters. Each path has one text only.
 */
#ifndef ASPIS_SIGNED_PATH_TEXT_H
#define ASPIS_SIGNED_PATH_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the text of a path to `out`, which has room for 4 * len; returns its bytes. */
size_t aspis_path_to_text(const char* path, size_t len, char* out);

/* Writes the path that a text stands for to `out`, which has room for `len` (and may be `text`);
 * returns its bytes, or -1 if it is not how a path is written. */
long aspis_path_of_text(const char* text, size_t len, char* out);

#ifdef __cplusplus
}
#endif
#endif
