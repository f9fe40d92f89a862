/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A compiled profile in a file, as `aspis policy export` writes it: this head, then the bytes of
 * bpf/abi/policy.h as they are in the kernel's arena, offsets counting from behind the head.
 */
#ifndef ASPIS_HOOK_IMAGE_H
#define ASPIS_HOOK_IMAGE_H

#include <stddef.h>

#include "bpf/abi/policy.h"
#include "bpf/lib/match.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ASPIS_IMAGE_MAGIC "AspisImg"
/* Another number for every change of what bpf/abi/policy.h or bpf/abi/subject.h mean. */
#define ASPIS_IMAGE_VERSION 1
#define ASPIS_IMAGE_MAX (256u << 20)

#define ASPIS_IMAGE_SIGNED 1u /* the profile has `require signed` rules */

struct aspis_image_head {
  char magic[8];
  __u32 version;
  __u32 flags;        /* ASPIS_IMAGE_* */
  __u32 bytes;        /* that follow: a power of two, and ASPIS_ARENA_SLACK */
  __u32 profile;      /* offset of the profile's aspis_profile */
  __u32 profile_size; /* sizeof(struct aspis_profile): of another version it is another */
  __u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_image_head) == 32, "aspis_image_head");

struct policy_image {
  struct arena arena;
  const struct aspis_profile* profile;
  __u32 flags;
  char name[ASPIS_PROFILE_NAME_MAX + 1]; /* of the profile; printable */
};

/* Takes the `len` bytes of a file, which have to stay. NULL, or what is wrong with them. */
const char* policy_image_read(struct policy_image* image, const void* bytes, size_t len);

#ifdef __cplusplus
}
#endif
#endif
