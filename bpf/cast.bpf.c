// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* In a file of its own: libbpf 1.1 cannot link two objects that both name a function of the kernel.
 */
#include "lib/kernel.bpf.h"

/* Set before load: the kernel has bpf_rdonly_cast, from 6.2 on. Before it, there is no trust. */
const volatile bool has_rdonly_cast;

extern void *bpf_rdonly_cast(const void *object, __u32 btf_id) __ksym __weak;

__hidden void *without_trust(const void *pointer, __u32 btf_id)
{
	return has_rdonly_cast ? bpf_rdonly_cast(pointer, btf_id) : (void *)pointer;
}
