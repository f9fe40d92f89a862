// SPDX-License-Identifier: Apache-2.0
// libbpf's messages, kept so that an error can say what the kernel said.
#pragma once

#include <string>
#include <vector>

namespace aspis {

/// While it lives, libbpf's warnings go into it instead of to standard error; its information and
/// debug messages go to the debug log. They nest, on one thread.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  /// Name in the last "prog 'NAME': …" message, or "" when there is none.
  [[nodiscard]] std::string failed_program() const;
  /// The last lines of what the verifier said, at most `count`.
  [[nodiscard]] std::string tail(std::size_t count) const;
  void add(std::string line) { lines_.push_back(std::move(line)); }

 private:
  LibbpfLog* outer_;
  std::vector<std::string> lines_;
};

}  // namespace aspis
