// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/describe.h"

#include "probes/cpython/layouts.h"

namespace aspis {
namespace {

std::string version_of(const cpython::Interpreter& interpreter) {
  if (interpreter.major == 0) return "?";
  std::string text = std::to_string(interpreter.major) + "." + std::to_string(interpreter.minor);
  if (interpreter.micro >= 0) text += "." + std::to_string(interpreter.micro);
  if (interpreter.free_threaded) text += "t";
  return text;
}

Offsets offsets_of(const cpython::Interpreter& interpreter) {
  if (interpreter.layout >= 0) return Offsets::kAssumed;
  const bool known = cpython::layout_for(interpreter.major, interpreter.minor,
                                         interpreter.free_threaded) != nullptr;
  return known ? Offsets::kRefused : Offsets::kNone;
}

}  // namespace

InterpreterNotice describe(const cpython::Interpreter& interpreter) {
  InterpreterNotice notice;
  notice.path = interpreter.shown.empty() ? interpreter.path : interpreter.shown;
  notice.version = version_of(interpreter);
  notice.build_id = interpreter.build_id;
  notice.probe = probe_name(interpreter.sites.probe);
  notice.offsets = offsets_of(interpreter);
  if (interpreter.sites.sites.empty()) {
    notice.missed = {"all that it says: no place to probe was found in it"};
    return notice;
  }
  notice.missed = interpreter.sites.missed;
  if (interpreter.layout < 0)
    notice.missed.push_back("arguments of events (offsets: " + interpreter.layout_problem + ")");
  return notice;
}

}  // namespace aspis
