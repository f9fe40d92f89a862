/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What decide_test.cc asks decide_batch.bpf.c. Rules as in bpf/abi/event.h. */
#ifndef ASPIS_TESTS_DECIDE_BATCH_H
#define ASPIS_TESTS_DECIDE_BATCH_H

#include <linux/types.h>

#define BATCH_CASES 4096
#define BATCH_PATH_MAX 512

struct batch_path {
	__u32 len;
	char bytes[BATCH_PATH_MAX];
};

struct batch_case {
	struct batch_path path;
	struct batch_path target; /* not empty: may `path` become a link to it? */
	__u16 profile;
	__u16 directory; /* the path is one's, without its last slash */
	__u32 request;	 /* ASPIS_MAY_* */
	/* the answer */
	__u32 denied;
	__u8 verdict; /* enum aspis_verdict */
	__u8 reported;
	__u8 answered;
	__u8 pad;
};

#endif
