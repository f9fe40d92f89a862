// SPDX-License-Identifier: Apache-2.0
// Reading files, and finding lines in them.
#include "policy/language/source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace aspis::policy {
namespace {

constexpr std::size_t kMaxText = 16 << 20;

}  // namespace

FileId Sources::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (std::size_t i = 0; i < file.text.size(); i++) {
    if (file.text[i] == '\n') file.line_starts.push_back(i + 1);
  }
  files_.push_back(std::move(file));
  return static_cast<FileId>(files_.size() - 1);
}

Result<FileId> Sources::read(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    return error ? fail_errno("cannot read " + path, error.value())
                 : fail(path + " is not a regular file");
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return fail_errno("cannot read " + path);
  return read(path, stream);
}

Result<FileId> Sources::read(std::string name, std::istream& stream) {
  std::string text;
  char buffer[65536];
  while (stream.read(buffer, sizeof buffer) || stream.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxText) return fail(name + " is larger than 16 MiB");
  }
  if (stream.bad()) return fail("cannot read " + name);
  return add(std::move(name), std::move(text));
}

Position Sources::position(FileId file, std::size_t offset) const {
  const auto& starts = files_[file].line_starts;
  const auto next = std::upper_bound(starts.begin(), starts.end(), offset);
  const auto line = static_cast<std::uint32_t>(next - starts.begin());
  return {file, line, static_cast<std::uint32_t>(offset - *(next - 1) + 1)};
}

std::string_view Sources::line(FileId file, std::uint32_t line) const {
  const File& f = files_[file];
  if (line == 0 || line > f.line_starts.size()) return {};
  std::string_view rest = std::string_view(f.text).substr(f.line_starts[line - 1]);
  rest = rest.substr(0, rest.find('\n'));
  if (rest.ends_with('\r')) rest.remove_suffix(1);
  return rest;
}

}  // namespace aspis::policy
