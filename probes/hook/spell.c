/* SPDX-License-Identifier: Apache-2.0 */
#include "probes/hook/spell.h"

#include <string.h>

/* bpf/python.bpf.c, bpf/lib/python.bpf.h, bpf/lib/emit.bpf.h: names that only BPF programs can
 * include. */
#define EVENT_NAME_MAX 128
#define VALUES_MAX 512
#define RECORD_MAX 16384
#define VALUES_ROOM (RECORD_MAX - VALUES_MAX * 16)
#define TYPE_NAME_MAX 64
#define SPELL_ROOM (ASPIS_SUBJECT_MAX - 4 * ASPIS_AUDIT_ARGS_MAX)

static void put(struct spelling* spelling, __u8 byte) {
  if (spelling->cut || spelling->taken >= ASPIS_PYTHON_ARGUMENT_MAX ||
      spelling->len >= SPELL_ROOM) {
    spelling->cut = 1;
    return;
  }
  spelling->taken++;
  subject_put_escaped(spelling->subject, &spelling->len, byte);
}

static void put_bytes(struct spelling* spelling, const char* bytes, size_t len) {
  for (size_t i = 0; i < len && !spelling->cut; i++) put(spelling, (__u8)bytes[i]);
}

static void put_character(struct spelling* spelling, __u32 c) {
  const __u32 bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  if (c >= 0xdc80 && c <= 0xdcff) {
    put(spelling, c & 0xff);
    return;
  }
  if (spelling->taken + bytes > ASPIS_PYTHON_ARGUMENT_MAX) {
    spelling->cut = 1;
    return;
  }
  if (bytes == 1) put(spelling, (__u8)c);
  if (bytes == 2) put(spelling, (__u8)(0xc0 | c >> 6));
  if (bytes == 3) put(spelling, (__u8)(0xe0 | c >> 12));
  if (bytes == 4) put(spelling, (__u8)(0xf0 | c >> 18));
  if (bytes == 4) put(spelling, 0x80 | (c >> 12 & 0x3f));
  if (bytes >= 3) put(spelling, 0x80 | (c >> 6 & 0x3f));
  if (bytes >= 2) put(spelling, 0x80 | (c & 0x3f));
}

static void end_argument(struct spelling* spelling) {
  if (spelling->cut) {
    subject_put(spelling->subject, &spelling->len, ASPIS_SPELLED);
    subject_put(spelling->subject, &spelling->len, ASPIS_SPELLED_CUT);
  }
  subject_put(spelling->subject, &spelling->len, 0);
  spelling->taken = 0;
  spelling->items = 0;
  spelling->cut = 0;
  spelling->cut_after = 0;
}

void spell_name(struct spelling* spelling, const char* event) {
  const size_t len = strnlen(event, EVENT_NAME_MAX - 1);
  memset(spelling, 0, sizeof(*spelling));
  spelling->used = (__u32)(sizeof(struct aspis_python_event) + len);
  spelling->budget = VALUES_MAX - ASPIS_AUDIT_ARGS_MAX;
  spelling->subject[0] = ASPIS_CLASS_PYTHON;
  spelling->len = 1;
  put_bytes(spelling, event, len);
  if (event[len] != 0 || len == EVENT_NAME_MAX - 1) spelling->cut = 1;
  end_argument(spelling);
}

/* Bytes of a text that the record takes; `unit` of them are never parted. */
static __u32 room_for(struct spelling* spelling, unsigned long long bytes, __u32 unit) {
  __u32 room = spelling->used + sizeof(struct aspis_value) < VALUES_ROOM
                   ? VALUES_ROOM - spelling->used - (__u32)sizeof(struct aspis_value)
                   : 0;
  if (room > ASPIS_VALUE_MAX) room = ASPIS_VALUE_MAX;
  if (bytes > room) bytes = room & ~(unit - 1);
  spelling->used += (__u32)(sizeof(struct aspis_value) + bytes);
  return (__u32)bytes;
}

/* Bytes of a character as CPython keeps this text: what the widest one needs. */
static __u32 kind_of(const struct python_api* api, PyObject* text, ssize_t length) {
  __u32 kind = 1;
  for (ssize_t i = 0; i < length && kind < 4; i++) {
    const __u32 c = api->PyUnicode_ReadChar(text, i);
    kind = c >= 0x10000 ? 4 : c >= 0x100 ? 2 : kind;
  }
  return kind;
}

static void spell_str(struct spelling* spelling, const struct python_api* api, PyObject* text) {
  const ssize_t length = api->PyUnicode_GetLength(text);
  if (length < 0) {
    api->PyErr_Clear();
    spelling->cut = 1;
    return;
  }
  const __u32 kind = kind_of(api, text, length);
  const ssize_t shown = room_for(spelling, (unsigned long long)length * kind, kind) / kind;
  for (ssize_t i = 0; i < shown && !spelling->cut; i++)
    put_character(spelling, api->PyUnicode_ReadChar(text, i));
  if (shown < length) spelling->cut = 1;
}

static void spell_bytes(struct spelling* spelling, const struct python_api* api, PyObject* bytes) {
  char* from = NULL;
  ssize_t length = 0;
  if (api->PyBytes_AsStringAndSize(bytes, &from, &length) != 0) {
    api->PyErr_Clear();
    spelling->cut = 1;
    return;
  }
  const ssize_t shown = room_for(spelling, (unsigned long long)length, 1);
  put_bytes(spelling, from, (size_t)shown);
  if (shown < length) spelling->cut = 1;
}

/* The size and the sign of an int by its own type's methods: a subclass may have others. */
static long long ask_int(const struct python_api* api, PyObject* number, const char* method,
                         PyObject* operand) {
  PyObject* said = operand == NULL
                       ? api->PyObject_CallMethod(api->PyLong_Type, method, "O", number)
                       : api->PyObject_CallMethod(api->PyLong_Type, method, "OO", number, operand);
  const long long answer = said == NULL ? -1 : api->PyLong_AsLongLong(said);
  if (said != NULL) api->Py_DecRef(said);
  if (answer < 0) api->PyErr_Clear();
  return answer;
}

static int is_negative(const struct python_api* api, PyObject* number) {
  PyObject* zero = api->PyObject_CallFunction(api->PyLong_Type, "i", 0);
  const int negative = zero != NULL && ask_int(api, number, "__lt__", zero) == 1;
  if (zero != NULL) api->Py_DecRef(zero);
  api->PyErr_Clear();
  return negative;
}

static void spell_int(struct spelling* spelling, const struct python_api* api, PyObject* number) {
  const long long bits = ask_int(api, number, "bit_length", NULL);
  spelling->used += sizeof(struct aspis_value) + 8;
  if (bits < 0 || bits > 64) {
    spelling->cut = 1;
    return;
  }
  unsigned long long value = api->PyLong_AsUnsignedLongLongMask(number);
  if (value <= 1 && strcmp(python_type_name(api, number), "bool") == 0) {
    spelling->used -= 7; /* one byte, not eight */
    put_bytes(spelling, value ? "True" : "False", value ? 4 : 5);
    return;
  }
  /* Up to 63 bits the highest bit is the sign; of 64 it may be a digit. */
  const int negative = bits < 64 ? value >> 63 != 0 : is_negative(api, number);
  char digits[24];
  size_t at = sizeof(digits);
  if (negative) value = 0 - value;
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  if (negative) digits[--at] = '-';
  put_bytes(spelling, digits + at, sizeof(digits) - at);
}

static void spell_other(struct spelling* spelling, const struct python_api* api, PyObject* object) {
  const char* name = python_type_name(api, object);
  const size_t len = strnlen(name, TYPE_NAME_MAX - 1);
  spelling->used += sizeof(struct aspis_value);
  if (strcmp(name, "NoneType") == 0) {
    put_bytes(spelling, "None", 4);
    return;
  }
  spelling->used += strcmp(name, "float") == 0 ? 8 : (__u32)len;
  put(spelling, '<');
  put_bytes(spelling, name, len);
  if (len > 0) put(spelling, '>');
}

static void spell_value(struct spelling* spelling, const struct python_api* api, PyObject* value,
                        unsigned level);

/* Of the items as many as the record has room for, those of tuples in tuples at most. */
static void spell_items(struct spelling* spelling, const struct python_api* api, PyObject* items,
                        int is_tuple, unsigned level) {
  const ssize_t size = is_tuple ? api->PyTuple_Size(items) : api->PyList_Size(items);
  ssize_t shown = size < 0 ? 0 : size;
  if (shown > ASPIS_ITEMS_MAX) shown = ASPIS_ITEMS_MAX;
  if (shown > (ssize_t)spelling->budget) shown = spelling->budget;
  if (level >= ASPIS_DEPTH_MAX) shown = 0;
  if (shown < size) spelling->cut_after = 1;
  spelling->budget -= (__u32)shown;
  spelling->used += sizeof(struct aspis_value);
  for (ssize_t i = 0; i < shown; i++) {
    PyObject* item = is_tuple ? api->PyTuple_GetItem(items, i) : api->PyList_GetItem(items, i);
    if (item == NULL) { /* a list that another thread has shortened */
      api->PyErr_Clear();
      spelling->cut = 1;
      break;
    }
    spell_value(spelling, api, item, level + 1);
  }
  spelling->cut |= spelling->cut_after;
}

/* What is cut already is still gone through, as the record's room is counted. */
static void spell_value(struct spelling* spelling, const struct python_api* api, PyObject* value,
                        unsigned level) {
  const unsigned long flags = python_flags(api, value);
  if (flags & (PYTHON_TUPLE | PYTHON_LIST)) {
    spell_items(spelling, api, value, (flags & PYTHON_TUPLE) != 0, level);
    return;
  }
  if (level > 0 && spelling->items) put(spelling, ' ');
  spelling->items = 1;
  if (flags & PYTHON_UNICODE)
    spell_str(spelling, api, value);
  else if (flags & PYTHON_LONG)
    spell_int(spelling, api, value);
  else if (flags & PYTHON_BYTES)
    spell_bytes(spelling, api, value);
  else
    spell_other(spelling, api, value);
}

void spell_arguments(struct spelling* spelling, const struct python_api* api, PyObject* args) {
  ssize_t count = args == NULL ? 0 : api->PyTuple_Size(args);
  if (count > ASPIS_AUDIT_ARGS_MAX) count = ASPIS_AUDIT_ARGS_MAX;
  for (ssize_t i = 0; i < count; i++) {
    PyObject* argument = api->PyTuple_GetItem(args, i);
    if (argument != NULL) spell_value(spelling, api, argument, 0);
    end_argument(spelling);
  }
  if (count < 0) api->PyErr_Clear();
}
