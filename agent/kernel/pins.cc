// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "agent/kernel/lock_holder.h"
#include "aspis_abi.h"
#include "base/log.h"

namespace aspis {
namespace {

// Names in a bpffs have no dots. "version_0_1_0_abi_0123456789abcdef"
constexpr std::string_view kVersion = "version_", kAbi = "_abi_";
constexpr const char* kNew = "new";
constexpr const char* kOld = "old";
// Links first: as long as there are any, all that they use is there.
constexpr const char* kParts[] = {"links", "probes", "programs", "maps"};
constexpr const char* kEntry = "_entry";
constexpr const char* kReturn = "_return";
// A process that was killed keeps its descriptors until it is gone.
constexpr auto kLockPatience = std::chrono::milliseconds(2000);
constexpr auto kLockRetry = std::chrono::milliseconds(20);

std::vector<std::string> entries(const std::string& directory) {
  std::vector<std::string> names;
  DIR* open = ::opendir(directory.c_str());
  if (open == nullptr) return names;
  while (const dirent* entry = ::readdir(open))
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  ::closedir(open);
  std::ranges::sort(names);
  return names;
}

std::string path_in(std::string directory, std::string_view name) {
  directory += '/';
  directory += name;
  return directory;
}

/// Takes a set apart, whatever is left of it.
Result<> take_apart(const std::string& set) {
  for (const char* part : kParts) {
    const std::string directory = set + "/" + part;
    for (const std::string& name : entries(directory)) {
      const std::string path = path_in(directory, name);
      if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        return fail_errno("cannot remove " + path);
    }
    if (::rmdir(directory.c_str()) != 0 && errno != ENOENT)
      return fail_errno("cannot remove " + directory);
  }
  if (::rmdir(set.c_str()) != 0 && errno != ENOENT) return fail_errno("cannot remove " + set);
  return {};
}

Result<> pin_all(const NamedFds& fds, const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0) return fail_errno("cannot make " + directory);
  for (const auto& [name, fd] : fds) {
    const std::string path = path_in(directory, name);
    if (bpf_obj_pin(fd.get(), path.c_str()) != 0) return fail_errno("cannot pin " + path);
  }
  return {};
}

Result<NamedFds> open_all(const std::string& directory) {
  NamedFds fds;
  for (const std::string& name : entries(directory)) {
    const std::string path = path_in(directory, name);
    Fd fd(bpf_obj_get(path.c_str()));
    if (!fd.valid()) return fail_errno("cannot open what is pinned as " + path);
    fds.add(name, std::move(fd));
  }
  return fds;
}

/// Everybody may make directories in a bpffs, as it is mounted by default.
Result<> check_owner(const std::string& directory, int fd) {
  struct statfs system{};
  struct stat status{};
  if (::fstatfs(fd, &system) != 0 || ::fstat(fd, &status) != 0) return fail_errno(directory);
  if (system.f_type != BPF_FS_MAGIC)
    return fail(directory +
                " is on no bpf file system, so that nothing can be pinned there: mount -t bpf bpf "
                "/sys/fs/bpf, or let enforcement end with the agent (--no-pin)");
  if (status.st_uid != ::geteuid() || (status.st_mode & 0077) != 0)
    return fail(directory + " belongs to others, too (owner " + std::to_string(status.st_uid) +
                "): what is pinned there cannot be trusted. Remove it");
  return {};
}

/// Does the name still lead to what is open?
bool is_named(int fd, const std::string& directory) {
  struct stat open{}, named{};
  return ::fstat(fd, &open) == 0 && ::stat(directory.c_str(), &named) == 0 &&
         open.st_ino == named.st_ino && open.st_dev == named.st_dev;
}

/// True: it is ours, and still has its name (who removes the directory has the lock).
Result<bool> lock(const std::string& directory, int fd) {
  const auto until = std::chrono::steady_clock::now() + kLockPatience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + directory);
    if (std::chrono::steady_clock::now() > until)
      return fail("an agent is running already" + lock_holder(fd) + " and has " + directory);
    std::this_thread::sleep_for(kLockRetry);
  }
  return is_named(fd, directory);
}

/// Row of "12_entry"; ends with `suffix`, or none.
std::optional<std::uint32_t> row_of(std::string_view name, std::string_view suffix) {
  std::uint32_t row = 0;
  if (!name.ends_with(suffix)) return {};
  const char* begin = std::to_address(name.begin());
  const char* end = begin + name.size() - suffix.size();
  const auto parsed = std::from_chars(begin, end, row);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return {};
  return row;
}

}  // namespace

bool Pins::Maker::same_abi() const {
  return abi == ASPIS_ABI;
}

Result<Pins> Pins::open(const std::string& directory) {
  for (;;) {
    const bool made = ::mkdir(directory.c_str(), 0700) == 0;
    if (!made && errno != EEXIST)
      return fail_errno("cannot make " + directory +
                        " to pin the BPF side in (mount -t bpf bpf /sys/fs/bpf? --no-pin lets "
                        "enforcement end with the agent)");
    Fd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd.valid() && errno == ENOENT) continue;
    if (!fd.valid()) return fail_errno("cannot open " + directory);
    if (auto own = check_owner(directory, fd.get()); !own) {
      if (made) ::rmdir(directory.c_str());
      return tl::unexpected(own.error());
    }
    if (!TRY(lock(directory, fd.get()))) continue;
    Pins pins(directory, std::move(fd));
    TRYV(pins.look());
    return pins;
  }
}

Result<> Pins::look() {
  for (const std::string& name : entries(directory_)) {
    const auto abi = name.rfind(kAbi);
    if (name == kNew || name == kOld) {
      log::info("{}/{} was left by an agent that was killed: removed", directory_, name);
      TRYV(take_apart(directory_ + "/" + name));
    } else if (name.starts_with(kVersion) && abi != std::string::npos && set_.empty()) {
      set_ = name;
      found_ = Maker{name.substr(kVersion.size(), abi - kVersion.size()),
                     name.substr(abi + kAbi.size())};
      std::ranges::replace(found_->version, '_', '.');
    } else {
      return fail(directory_ + "/" + name + " is of nobody known here: remove it");
    }
  }
  return {};
}

Result<KernelFds> Pins::adopt() const {
  KernelFds fds;
  fds.maps = TRY(open_all(set() + "/maps"));
  fds.programs = TRY(open_all(set() + "/programs"));
  fds.links = TRY(open_all(set() + "/links"));
  return fds;
}

Result<> Pins::pin(const KernelFds& fds, std::string_view version) {
  const std::string fresh = directory_ + "/" + kNew;
  std::string name = std::string(kVersion) + std::string(version);
  std::ranges::replace(name, '.', '_');
  name += std::string(kAbi) + ASPIS_ABI;
  const auto make = [&]() -> Result<> {
    if (::mkdir(fresh.c_str(), 0700) != 0) return fail_errno("cannot make " + fresh);
    if (::mkdir((fresh + "/probes").c_str(), 0700) != 0) return fail_errno("cannot make " + fresh);
    TRYV(pin_all(fds.maps, fresh + "/maps"));
    TRYV(pin_all(fds.programs, fresh + "/programs"));
    TRYV(pin_all(fds.links, fresh + "/links"));
    if (::rename(fresh.c_str(), (directory_ + "/" + name).c_str()) != 0)
      return fail_errno("cannot rename " + fresh);
    return {};
  };
  if (auto made = make(); !made) {
    if (const auto removed = take_apart(fresh); !removed) log::warn("{}", removed.error().text());
    return made;
  }
  set_ = name;
  return {};
}

bool Pins::whole(const KernelFds& fds, std::size_t probes) const {
  return !set_.empty() && is_named(lock_.get(), directory_) &&
         entries(set() + "/links").size() == fds.links.size() &&
         entries(set() + "/probes").size() == probes &&
         entries(set() + "/programs").size() == fds.programs.size() &&
         entries(set() + "/maps").size() == fds.maps.size();
}

Result<> Pins::pin_again(const KernelFds& fds, std::string_view version) {
  if (is_named(lock_.get(), directory_)) {
    if (!set_.empty()) TRYV(take_apart(set()));
    set_.clear();
    TRYV(look());
  } else {
    *this = TRY(open(directory_));
  }
  if (found_ && !set_.empty()) return fail(set() + " is another agent's");
  return pin(fds, version);
}

Result<> Pins::remove() {
  const std::string old = directory_ + "/" + kOld;
  if (!set_.empty()) {
    if (::rename(set().c_str(), old.c_str()) != 0) return fail_errno("cannot rename " + set());
    set_.clear();
    found_.reset();
    TRYV(take_apart(old));
  }
  if (::rmdir(directory_.c_str()) != 0) return fail_errno("cannot remove " + directory_);
  return {};
}

Result<> Pins::pin_probe(std::uint32_t row, bool at_return, int link_fd) const {
  const std::string path =
      set() + "/probes/" + std::to_string(row) + (at_return ? kReturn : kEntry);
  if (bpf_obj_pin(link_fd, path.c_str()) != 0) return fail_errno("cannot pin " + path);
  return {};
}

void Pins::unpin_probe(std::uint32_t row, bool at_return) const {
  const std::string path =
      set() + "/probes/" + std::to_string(row) + (at_return ? kReturn : kEntry);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT)
    log::warn("cannot remove {}: {}", path, std::strerror(errno));
}

std::map<std::uint32_t, Pins::Probe> Pins::probes() const {
  std::map<std::uint32_t, Probe> found;
  const std::string directory = set() + "/probes/";
  for (const std::string& name : entries(directory)) {
    if (const auto row = row_of(name, kEntry))
      found[*row].at_entry = Fd(bpf_obj_get((directory + name).c_str()));
    else if (const auto returning = row_of(name, kReturn))
      found[*returning].at_return = Fd(bpf_obj_get((directory + name).c_str()));
  }
  std::erase_if(found, [this](const auto& probe) {
    if (probe.second.at_entry.valid()) return false;
    unpin_probe(probe.first, true);
    return true;
  });
  return found;
}

}  // namespace aspis
