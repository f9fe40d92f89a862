/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the hook needs of CPython, found in the process that it is in: one library serves 3.8 to
 * 3.15, and a process without Python is left alone. Only functions that are public in all of these
 * versions, and no layout of an object, so that headers of none are needed.
 */
#ifndef ASPIS_HOOK_PYTHON_API_H
#define ASPIS_HOOK_PYTHON_API_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _object PyObject;
typedef int (*audit_hook)(const char* event, PyObject* args, void* data);
typedef PyObject* (*open_code_hook)(PyObject* path, void* data);

struct python_api {
  int (*PySys_AddAuditHook)(audit_hook, void*);
  int (*PyFile_SetOpenCodeHook)(open_code_hook, void*);
  int (*Py_IsInitialized)(void);
  void (*Py_DecRef)(PyObject*);
  PyObject* (*PyObject_Type)(PyObject*);
  unsigned long (*PyType_GetFlags)(PyObject*);
  PyObject* (*PyObject_GetAttrString)(PyObject*, const char*);
  PyObject* (*PyObject_CallFunction)(PyObject*, const char*, ...);
  PyObject* (*PyObject_CallMethod)(PyObject*, const char*, const char*, ...);
  PyObject* (*PyImport_ImportModule)(const char*);
  ssize_t (*PyTuple_Size)(PyObject*);
  PyObject* (*PyTuple_GetItem)(PyObject*, ssize_t); /* borrowed, as of lists */
  ssize_t (*PyList_Size)(PyObject*);
  PyObject* (*PyList_GetItem)(PyObject*, ssize_t);
  ssize_t (*PyUnicode_GetLength)(PyObject*);
  uint32_t (*PyUnicode_ReadChar)(PyObject*, ssize_t);
  PyObject* (*PyUnicode_EncodeFSDefault)(PyObject*);
  PyObject* (*PyBytes_FromStringAndSize)(const char*, ssize_t);
  int (*PyBytes_AsStringAndSize)(PyObject*, char**, ssize_t*);
  long long (*PyLong_AsLongLong)(PyObject*);
  unsigned long long (*PyLong_AsUnsignedLongLongMask)(PyObject*);
  void (*PyErr_SetObject)(PyObject*, PyObject*);
  void (*PyErr_Clear)(void);
  PyObject** PyExc_PermissionError;
  PyObject* PyLong_Type;
  PyObject* PyBaseObject_Type;
};

/* Bits of PyType_GetFlags: what the type is a subclass of (Include/object.h). */
#define PYTHON_LONG (1UL << 24)
#define PYTHON_LIST (1UL << 25)
#define PYTHON_TUPLE (1UL << 26)
#define PYTHON_BYTES (1UL << 27)
#define PYTHON_UNICODE (1UL << 28)

/* Finds all of it. NULL, or the name of what this process lacks. */
const char* python_api_find(struct python_api* api);

/* The flags of an object's type. */
unsigned long python_flags(const struct python_api* api, PyObject* object);

/* The C name of an object's type (tp_name), which lives as long as the type; "" if it cannot be
 * had. */
const char* python_type_name(const struct python_api* api, PyObject* object);

/* Raises PermissionError with this errno, and the file's name if `path` is not NULL. */
void python_refuse(const struct python_api* api, int code, const char* message, PyObject* path);

#ifdef __cplusplus
}
#endif

#endif
