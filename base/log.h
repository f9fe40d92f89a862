// SPDX-License-Identifier: Apache-2.0
// What the program says of itself, on stderr: "aspis: warning: …". spdlog does it, in log.cc alone:
// its headers take longer to compile than most files that want to say something.
#pragma once

#include <fmt/core.h>

namespace aspis::log {

enum class Level { kTrace, kDebug, kInfo, kWarning, kError };

/// Once, before anything is said. ASPIS_LOG of the environment (trace, debug, info, warning, error,
/// off) says from which level on.
void set_up();

/// True if something of this level would be written.
bool wanted(Level level);

void write(Level level, fmt::string_view format, fmt::format_args arguments);

/// It and those below take a format as fmt::format does, checked when it is compiled.
template <typename... T>
void say(Level level, fmt::format_string<T...> format, T&&... arguments) {
  write(level, format, fmt::make_format_args(arguments...));
}

template <typename... T>
void trace(fmt::format_string<T...> format, T&&... arguments) {
  write(Level::kTrace, format, fmt::make_format_args(arguments...));
}

template <typename... T>
void debug(fmt::format_string<T...> format, T&&... arguments) {
  write(Level::kDebug, format, fmt::make_format_args(arguments...));
}

template <typename... T>
void info(fmt::format_string<T...> format, T&&... arguments) {
  write(Level::kInfo, format, fmt::make_format_args(arguments...));
}

template <typename... T>
void warn(fmt::format_string<T...> format, T&&... arguments) {
  write(Level::kWarning, format, fmt::make_format_args(arguments...));
}

template <typename... T>
void error(fmt::format_string<T...> format, T&&... arguments) {
  write(Level::kError, format, fmt::make_format_args(arguments...));
}

}  // namespace aspis::log
