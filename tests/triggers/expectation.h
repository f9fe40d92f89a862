// SPDX-License-Identifier: Apache-2.0
// How a trigger says what an observer must have seen. One line each on standard output:
//   expect TAB GROUP TAB key=value TAB key=value …     some event has all of these
//   skip TAB GROUP TAB reason                          this could not be done here
// A key is a path into the JSON object ("file.path"); values are compared as text. What a trigger
// expects comes from the kernel (/proc/self/fd, getsockname, …) or from what it has done itself.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <string>
#include <utility>

namespace trigger {

using Field = std::pair<const char*, std::string>;

inline void expect(const char* group, std::initializer_list<Field> fields) {
  std::string line = std::string("expect\t") + group;
  for (const auto& [key, value] : fields) line += std::string("\t") + key + "=" + value;
  std::puts(line.c_str());
}

inline void skip(const char* group, const std::string& reason) {
  std::printf("skip\t%s\t%s\n", group, reason.c_str());
}

/// Ends the trigger when something that must work does not.
template <class T>
T must(T result, const char* what) {
  if (result < 0) {
    std::fprintf(stderr, "trigger: %s: %s\n", what, std::strerror(errno));
    std::exit(3);
  }
  return result;
}

/// What /proc/self/fd says of a descriptor.
inline std::string link_of(int fd) {
  std::array<char, 2 * PATH_MAX> target{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return length < 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

/// The same without the " (deleted)" that proc appends.
inline std::string path_of(int fd) {
  constexpr std::string_view kDeleted = " (deleted)";
  std::string path = link_of(fd);
  if (path.ends_with(kDeleted)) path.resize(path.size() - kDeleted.size());
  return path;
}

void files(const std::string& directory);
void paths(const std::string& directory);
void net(const std::string& directory);
void privilege(const std::string& directory);
void processes(const std::string& directory);

}  // namespace trigger
