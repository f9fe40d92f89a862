// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/lexical.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "base/fd.h"

namespace aspis {
namespace {

std::string read_link(const std::string& link) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  return length <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(length));
}

Fd open_in_root(const std::string& root, const std::string& directory) {
  const Fd base(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!base.valid()) return {};
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT;
  return Fd(
      static_cast<int>(::syscall(SYS_openat2, base.get(), directory.c_str(), &how, sizeof(how))));
}

}  // namespace

void resolve_lexical(std::uint32_t pid, Path& path, std::string& storage) {
  constexpr unsigned kHopeless = ASPIS_PATH_CUT | ASPIS_PATH_ERROR;
  if ((path.flags & ASPIS_PATH_LEXICAL) == 0 || (path.flags & kHopeless) != 0) return;
  std::string_view text = path.text;
  while (text.size() > 1 && text.back() == '/') text.remove_suffix(1);
  const auto slash = text.rfind('/');
  if (slash == std::string_view::npos) return;
  const std::string_view name = text.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") return;

  // The text starts at the namespace's root. The process's own root may lie below it (chroot).
  const std::string root = "/proc/" + std::to_string(pid) + "/root";
  std::string directory(text.substr(0, slash + 1));
  if (const std::string below = read_link(root);
      below.size() > 1 && directory.starts_with(below + "/"))
    directory.erase(0, below.size());
  const Fd opened = open_in_root(root, directory);
  if (!opened.valid()) return;
  std::string resolved = read_link("/proc/self/fd/" + std::to_string(opened.get()));
  if (resolved.empty() || resolved.front() != '/') return;
  if (resolved.back() != '/') resolved += '/';
  storage = resolved + std::string(name);
  path.text = storage;
  path.flags &= static_cast<std::uint16_t>(~ASPIS_PATH_LEXICAL);
}

}  // namespace aspis
