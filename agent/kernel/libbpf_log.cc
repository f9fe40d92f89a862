// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/libbpf_log.h"

#include <bpf/libbpf.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <string_view>

#include "base/log.h"

namespace aspis {
namespace {

constexpr int kMessageMax = 65536;  // of a message, the end: the verifier's log is one, and says
                                    // last what is wrong

LibbpfLog* current = nullptr;

__attribute__((format(printf, 2, 0))) int print(libbpf_print_level level, const char* format,
                                                va_list arguments) {
  // Thousands of them a load, a quarter of its time were they all written out.
  if (level != LIBBPF_WARN && !log::wanted(log::Level::kTrace)) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  std::string text(length < 0 ? 0 : static_cast<std::size_t>(length), '\0');
  std::vsnprintf(text.data(), text.size() + 1, format, again);
  va_end(again);
  if (length > kMessageMax) text.erase(0, text.size() - kMessageMax);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  if (level == LIBBPF_WARN && current != nullptr) {
    current->add(text);
    log::debug("libbpf: {}", text);
  } else {
    log::trace("libbpf: {}", text);
  }
  return 0;
}

}  // namespace

LibbpfLog::LibbpfLog() : outer_(current) {
  current = this;
  libbpf_set_print(print);
}

LibbpfLog::~LibbpfLog() {
  current = outer_;
}

std::string LibbpfLog::failed_program() const {
  constexpr std::string_view kBefore = "prog '";
  for (auto line = lines_.rbegin(); line != lines_.rend(); ++line) {
    const auto start = line->find(kBefore);
    if (start == std::string::npos) continue;
    const auto end = line->find('\'', start + kBefore.size());
    if (end != std::string::npos)
      return line->substr(start + kBefore.size(), end - start - kBefore.size());
  }
  return {};
}

std::string LibbpfLog::tail(std::size_t count) const {
  std::string all;
  for (const auto& line : lines_) all += line + '\n';
  std::size_t start = all.size();
  while (count > 0 && start > 0) {
    start = all.rfind('\n', start - 1);
    if (start == std::string::npos) return all;
    --count;
  }
  return all.substr(std::min(start + 1, all.size()));
}

}  // namespace aspis
