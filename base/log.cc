// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>

namespace aspis::log {
namespace {

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::kTrace:
      return spdlog::level::trace;
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

void set_up() {
  spdlog::set_default_logger(spdlog::stderr_color_mt("aspis"));
  spdlog::set_pattern("aspis: %^%l%$: %v");
  const char* level = std::getenv("ASPIS_LOG");
  spdlog::set_level(level == nullptr ? spdlog::level::info : spdlog::level::from_str(level));
}

bool wanted(Level level) {
  return spdlog::should_log(level_of(level));
}

void write(Level level, fmt::string_view format, fmt::format_args arguments) {
  if (wanted(level)) spdlog::log(level_of(level), "{}", fmt::vformat(format, arguments));
}

}  // namespace aspis::log
