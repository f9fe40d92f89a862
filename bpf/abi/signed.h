/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files whose code may be loaded where a profile requires it to be signed: the map signed_files,
 * filled from a manifest before the policy it belongs to is published. Rules as in event.h.
 */
#ifndef ASPIS_ABI_SIGNED_H
#define ASPIS_ABI_SIGNED_H

#include "event.h"

#define ASPIS_VERITY_DIGEST 32 /* SHA-256 */

/* One file: the same content elsewhere is another. */
struct aspis_signed_key {
	__u8 digest[ASPIS_VERITY_DIGEST]; /* of fs-verity */
	__u64 path;			  /* its hash: walked_path_hash (bpf/walk.bpf.c) */
	__u32 generation;		  /* aspis_policy_root.generation */
	__u32 pad;
};
ASPIS_STATIC_ASSERT(sizeof(struct aspis_signed_key) == 48, "aspis_signed_key");

#endif
