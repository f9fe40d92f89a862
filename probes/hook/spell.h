/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The subject of an audit event (bpf/abi/subject.h: PYTHON), spelled out of the event's arguments
 * to the byte as bpf/python.bpf.c and bpf/spell.bpf.c do it: with their limits, too, so that a rule
 * never means one thing here and another there.
 */
#ifndef ASPIS_HOOK_SPELL_H
#define ASPIS_HOOK_SPELL_H

#include "bpf/lib/subject.h"
#include "probes/hook/python_api.h"

#ifdef __cplusplus
extern "C" {
#endif

struct spelling {
  __u8 subject[SUBJECT_ROOM];
  volatile __u32 len;
  /* of the event */
  __u32 used;   /* bytes that its record would have */
  __u32 budget; /* items of tuples and lists that it still has room for */
  /* of the argument */
  __u32 taken; /* bytes */
  int items;   /* it has some: a blank comes before the next one */
  int cut;
  int cut_after; /* a tuple or list in it is cut */
};

/* Begins with the class and the event's name. */
void spell_name(struct spelling* spelling, const char* event);

/* Adds the first arguments of `args`, a tuple (or NULL: none). No exception is left behind. */
void spell_arguments(struct spelling* spelling, const struct python_api* api, PyObject* args);

#ifdef __cplusplus
}
#endif

#endif
