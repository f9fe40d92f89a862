/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "probes/hook/python_api.h"

#include <dlfcn.h>
#include <string.h>

struct entry {
  const char* name;
  size_t at;
};
#define ENTRY(name) {#name, offsetof(struct python_api, name)}

static const struct entry kEntries[] = {
    ENTRY(PySys_AddAuditHook),
    ENTRY(PyFile_SetOpenCodeHook),
    ENTRY(Py_IsInitialized),
    ENTRY(Py_DecRef),
    ENTRY(PyObject_Type),
    ENTRY(PyType_GetFlags),
    ENTRY(PyObject_GetAttrString),
    ENTRY(PyObject_CallFunction),
    ENTRY(PyObject_CallMethod),
    ENTRY(PyImport_ImportModule),
    ENTRY(PyTuple_Size),
    ENTRY(PyTuple_GetItem),
    ENTRY(PyList_Size),
    ENTRY(PyList_GetItem),
    ENTRY(PyUnicode_GetLength),
    ENTRY(PyUnicode_ReadChar),
    ENTRY(PyUnicode_EncodeFSDefault),
    ENTRY(PyBytes_FromStringAndSize),
    ENTRY(PyBytes_AsStringAndSize),
    ENTRY(PyLong_AsLongLong),
    ENTRY(PyLong_AsUnsignedLongLongMask),
    ENTRY(PyErr_SetObject),
    ENTRY(PyErr_Clear),
    ENTRY(PyExc_PermissionError),
    ENTRY(PyLong_Type),
    ENTRY(PyBaseObject_Type),
};

const char* python_api_find(struct python_api* api) {
  for (size_t i = 0; i < sizeof(kEntries) / sizeof(kEntries[0]); i++) {
    void* found = dlsym(RTLD_DEFAULT, kEntries[i].name);
    if (found == NULL) return kEntries[i].name;
    /* Pointers to functions and to data are alike where there is dlsym (POSIX). */
    memcpy((char*)api + kEntries[i].at, &found, sizeof(found));
  }
  return NULL;
}

unsigned long python_flags(const struct python_api* api, PyObject* object) {
  PyObject* type = api->PyObject_Type(object);
  if (type == NULL) {
    api->PyErr_Clear();
    return 0;
  }
  const unsigned long flags = api->PyType_GetFlags(type);
  api->Py_DecRef(type);
  return flags;
}

/*
 * tp_name is behind the head of a type, which is that of an object and a size. How long that is
 * depends on the build (free-threaded ones have a longer one), and object.__basicsize__ says it.
 */
const char* python_type_name(const struct python_api* api, PyObject* object) {
  PyObject* size = api->PyObject_GetAttrString(api->PyBaseObject_Type, "__basicsize__");
  const long long head = size == NULL ? -1 : api->PyLong_AsLongLong(size);
  if (size != NULL) api->Py_DecRef(size);
  PyObject* type = head < 0 ? NULL : api->PyObject_Type(object);
  if (type == NULL) {
    api->PyErr_Clear();
    return "";
  }
  const char* name = NULL;
  memcpy(&name, (const char*)type + head + sizeof(ssize_t), sizeof(name));
  api->Py_DecRef(type); /* the object keeps it */
  return name == NULL ? "" : name;
}

void python_refuse(const struct python_api* api, int code, const char* message, PyObject* path) {
  PyObject* type = *api->PyExc_PermissionError;
  PyObject* error = path == NULL ? api->PyObject_CallFunction(type, "is", code, message)
                                 : api->PyObject_CallFunction(type, "isO", code, message, path);
  if (error == NULL) return; /* another exception is set, which will do */
  api->PyErr_SetObject(type, error);
  api->Py_DecRef(error);
}
