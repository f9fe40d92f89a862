/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/image.h"

#include <string.h>

/* Do these tables stand where their members may be read? 0 is none. */
static int is_aligned(struct arena arena, __u32 automaton) {
  return automaton % ASPIS_ARENA_ALIGN == 0 &&
         matcher_at(arena, automaton).rows % ASPIS_ARENA_ALIGN == 0;
}

static int tables_are_aligned(const struct policy_image* image) {
  const struct aspis_profile* profile = image->profile;
  return is_aligned(image->arena, profile->file) && is_aligned(image->arena, profile->rules) &&
         is_aligned(image->arena, profile->launch) &&
         profile->file_outcomes % ASPIS_ARENA_ALIGN == 0 &&
         profile->rule_outcomes % ASPIS_ARENA_ALIGN == 0;
}

/* Offsets inside of the image are kept there by the arena's mask, whatever they are: only what is
 * used before the mask needs a look. */
const char* policy_image_read(struct policy_image* image, const void* bytes, size_t len) {
  const struct aspis_image_head* head = bytes;
  if (len < sizeof(*head) || memcmp(head->magic, ASPIS_IMAGE_MAGIC, sizeof(head->magic)) != 0)
    return "not written by aspis policy export";
  if (head->version != ASPIS_IMAGE_VERSION || head->profile_size != sizeof(struct aspis_profile))
    return "of another version of Aspis: export it again";
  if (head->bytes != len - sizeof(*head) || head->bytes <= ASPIS_ARENA_SLACK) return "not complete";
  const __u32 size = head->bytes - ASPIS_ARENA_SLACK;
  if ((size & (size - 1)) != 0 || head->profile % ASPIS_ARENA_ALIGN != 0 || head->profile == 0 ||
      head->profile >= size || size - head->profile < sizeof(struct aspis_profile))
    return "damaged";
  image->arena.bytes = (const __u8*)bytes + sizeof(*head);
  image->arena.mask = size - 1;
  image->profile = ARENA_AT(image->arena, struct aspis_profile, head->profile);
  image->flags = head->flags;
  if (!tables_are_aligned(image)) return "damaged";
  const __u32 name = image->profile->name, name_len = image->profile->name_len;
  if (name_len == 0 || name_len > ASPIS_PROFILE_NAME_MAX || name >= size || size - name < name_len)
    return "damaged";
  for (__u32 i = 0; i < name_len; i++) {
    const __u8 c = image->arena.bytes[name + i];
    image->name[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
  }
  image->name[name_len] = 0;
  return NULL;
}
