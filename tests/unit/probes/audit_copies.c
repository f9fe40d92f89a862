// SPDX-License-Identifier: Apache-2.0
// What a compiler can make of Python/sysmodule.c when it optimises the whole program at once: the
// USDT several times, in what is seldom run of functions. Built by functions_test.cc, each time
// with another of the words that are asked for below, or with none.
#include <stdarg.h>
#include <stddef.h>

#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#define EXPORTED __attribute__((visibility("default")))
#define APART __attribute__((noinline, noclone))

unsigned short python_audit_semaphore __attribute__((section(".probes")));

typedef struct {
  void *first, *interpreter, *exception;
} Thread;

EXPORTED void* PyExc_PermissionError;
EXPORTED Thread* current;
EXPORTED const char* some_format;

EXPORTED void PyErr_SetString(void* exception, const char* text) {
  current->exception = exception ? exception : (void*)text;
}

APART void* build(const char* format, va_list* list) {
  return format ? va_arg(*list, void*) : NULL;
}

__attribute__((cold)) APART void prepare(const char* event) {
  current->first = (void*)event;
}

static inline __attribute__((always_inline)) int audit(Thread* thread, const char* event,
                                                       const char* format, va_list* list) {
  if (!thread || !thread->interpreter) return 0;
  void* tuple = build(format, list);
  if (python_audit_semaphore) {
    prepare(event);
    DTRACE_PROBE2(python, audit, event, tuple);
  }
  return build(event, list) ? -1 : 0;
}

static APART int sys_audit_tstate(Thread* thread, const char* event, const char* format,
                                  va_list* list) {
  return audit(thread, event, format, list);
}

EXPORTED int PySys_Audit(const char* event, const char* format, ...) {
  va_list list;
  va_start(list, format);
  int result = sys_audit_tstate(current, event, format, &list);
  va_end(list);
  return result;
}

static APART int _PySys_Audit(Thread* thread, const char* event, const char* format, ...) {
  va_list list;
  va_start(list, format);
  int result = sys_audit_tstate(thread, event, format, &list);
  va_end(list);
  return result;
}

// A copy for a format, with all of sys_audit_tstate in it.
static APART int _PySys_Audit_copy(Thread* thread, const char* event, const char* format, ...) {
  va_list list;
  va_start(list, format);
  int result = audit(thread, event, format, &list);
  va_end(list);
#ifdef ONE_CALLS_ANOTHER
  result += _PySys_Audit(thread, event, "O", thread);
#endif
  return result;
}

EXPORTED int run_mod(Thread* thread) {
  return _PySys_Audit(thread, "exec", "O", thread) + 1;
}

EXPORTED int current_frames(Thread* thread) {
  return _PySys_Audit_copy(thread, "sys._current_frames", NULL) + 1;
}

EXPORTED int import(Thread* thread) {
#ifdef WITHOUT_FORMAT
  return _PySys_Audit_copy(thread, "import", some_format, thread, thread) + 1;
#else
  return _PySys_Audit_copy(thread, "import", "OO", thread, thread) + 1;
#endif
}

#ifdef IN_ANOTHER_FUNCTION
EXPORTED int addaudithook(Thread* thread, void* hook, ...) {
  va_list list;
  va_start(list, hook);
  if (audit(thread, "sys.addaudithook", NULL, &list) < 0) return 0;
  thread->first = hook;
  va_end(list);
  return 1;
}
#endif

#ifdef WITH_FEWER_ARGUMENTS
static APART int audit_fewer(Thread* thread, const char* event, ...) {
  va_list list;
  va_start(list, event);
  int result = audit(thread, event, "O", &list);
  va_end(list);
  return result;
}

EXPORTED int settrace(Thread* thread) {
  return audit_fewer(thread, "sys.settrace", thread) + 1;
}
#endif

#ifdef CALLED_BY_ANOTHER
EXPORTED int audit_list(Thread* thread, va_list* list) {
  return sys_audit_tstate(thread, "sys.unraisablehook", "O", list) + 1;
}
#endif
