// SPDX-License-Identifier: Apache-2.0
#include "agent/event/record.h"

#include <array>

namespace aspis {

std::string_view Process::name() const {
  std::string_view path = exe;
  std::string_view base = path.substr(path.rfind('/') + 1);
  return base.empty() ? "?" : base;
}

std::string_view correlation_name(Correlation correlation) {
  static constexpr std::array<std::string_view, 5> kNames = {"", "matched", "unaudited",
                                                             "unperformed", "mismatch"};
  auto index = static_cast<std::size_t>(correlation);
  return index < kNames.size() ? kNames[index] : "";
}

}  // namespace aspis
