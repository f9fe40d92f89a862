// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/fd.h"

namespace aspis {

Result<std::string> read_whole_file(const std::string& path, std::size_t limit) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot read " + path);
  std::string text;
  char buffer[65536];
  for (;;) {
    const ssize_t bytes = ::read(fd.get(), buffer, sizeof(buffer));
    if (bytes < 0) return fail_errno("cannot read " + path);
    if (bytes == 0) return text;
    text.append(buffer, static_cast<std::size_t>(bytes));
    if (text.size() > limit) return fail(path + " is too long");
  }
}

Result<> write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0) return fail_errno("cannot write " + name);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<> write_whole_file(const std::string& path, std::string_view text) {
  if (path == "-") return write_all(STDOUT_FILENO, text, "standard output");
  std::string name = path + ".XXXXXX";
  const Fd fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot write " + path);
  const auto written = [&]() -> Result<> {
    TRYV(write_all(fd.get(), text, path));
    if (::fchmod(fd.get(), 0644) != 0 || ::fsync(fd.get()) != 0 ||
        ::rename(name.c_str(), path.c_str()) != 0)
      return fail_errno("cannot write " + path);
    return {};
  }();
  if (!written) ::unlink(name.c_str());
  return written;
}

}  // namespace aspis
