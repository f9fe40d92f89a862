/* SPDX-License-Identifier: Apache-2.0 */
#include "signed/path_text.h"

#include <string.h>

/* Bytes of the UTF-8 character at `text`, which is shown as it is; 0: its first byte is escaped.
 * C1 controls (U+0080 to U+009F) are escaped, too: terminals obey them. */
static size_t shown(const unsigned char* text, size_t len) {
  const unsigned char c = text[0];
  if (c < 0x20 || c == 0x7f || c == '\\') return 0;
  if (c < 0x80) return 1;
  const size_t bytes = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
  if (c < 0xc2 || c > 0xf4 || len < bytes) return 0;
  for (size_t i = 1; i < bytes; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  if (c == 0xc2 && text[1] < 0xa0) return 0;
  if (c == 0xe0 && text[1] < 0xa0) return 0; /* longer than it need be */
  if (c == 0xed && text[1] > 0x9f) return 0; /* a surrogate */
  if (c == 0xf0 && text[1] < 0x90) return 0;
  if (c == 0xf4 && text[1] > 0x8f) return 0;
  return bytes;
}

size_t aspis_path_to_text(const char* path, size_t len, char* out) {
  static const char digits[] = "0123456789abcdef";
  size_t used = 0;
  for (size_t at = 0; at < len;) {
    const size_t bytes = shown((const unsigned char*)path + at, len - at);
    if (bytes > 0) {
      memmove(out + used, path + at, bytes);
      used += bytes;
      at += bytes;
      continue;
    }
    const unsigned char c = (unsigned char)path[at++];
    out[used++] = '\\';
    out[used++] = 'x';
    out[used++] = digits[c >> 4];
    out[used++] = digits[c & 15];
  }
  return used;
}

static int digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long aspis_path_of_text(const char* text, size_t len, char* out) {
  size_t used = 0;
  for (size_t at = 0; at < len;) {
    if (text[at] != '\\') {
      out[used++] = text[at++];
      continue;
    }
    if (len - at < 4 || text[at + 1] != 'x') return -1;
    const int high = digit(text[at + 2]), low = digit(text[at + 3]);
    if (high < 0 || low < 0) return -1;
    out[used++] = (char)(high << 4 | low);
    at += 4;
  }
  return (long)used;
}
