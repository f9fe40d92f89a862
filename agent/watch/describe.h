// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/event/interpreter.h"
#include "probes/cpython/find.h"

namespace aspis {

/// What can be said of an interpreter by its file alone: all but who runs it.
InterpreterNotice describe(const cpython::Interpreter& interpreter);

}  // namespace aspis
