// SPDX-License-Identifier: Apache-2.0
// Finding CPython: which files hold an interpreter, which version, and how its audit events can be
// seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "probes/cpython/sites.h"

namespace aspis::cpython {

/// A file with CPython in it, or one that is linked to a libpython that has it.
struct Interpreter {
  std::string path;   ///< where we can open it now
  std::string shown;  ///< its name as the process sees it (inspect_process); else as path
  int major = 0, minor = 0, micro = -1;  ///< 0.0: not known; micro -1: not known
  bool free_threaded = false;            ///< built without the GIL
  Sites sites;                           ///< where its audit events can be seen
  /// Row of layouts(): how its objects are read; -1: none fits, for `layout_problem`.
  int layout = -1;
  std::string layout_problem;
  std::string build_id;  ///< hexadecimal; empty: none
  std::string library;   ///< soname of the libpython that has the code; empty: it is in this file
  std::string runpath;   ///< with `library`: where the loader looks for it, $ORIGIN not replaced
  std::uint64_t device = 0, inode = 0;  ///< as stat(2) gives them; 0: not a file
  std::uint64_t changed = 0;            ///< ns since the epoch, of the file's last change
};

/// Looks into one file. Nothing if there is no CPython in it: then `reason`, if given, says what it
/// is instead, or why it could not be understood. Fails only if the file cannot be opened or read.
/// Reads about 10 kB of a file that is no interpreter, the whole code of one without USDT. Needs no
/// cache of its own: the caller's key is device, inode and mtime.
Result<std::optional<Interpreter>> inspect(const std::string& path, std::string* reason = nullptr);

/// The same for bytes in memory; `name` stands for the file's name. Safe for any bytes.
std::optional<Interpreter> inspect_bytes(std::span<const char> bytes, std::string_view name,
                                         std::string* reason = nullptr);

/// find_raising_sites() of a file that inspect() has found. Fails with the reason where there are
/// none.
Result<std::vector<Site>> raising_sites(const Interpreter& interpreter);

/// Where the loader would find `launcher.library`: its run path ($ORIGIN is the directory of
/// launcher.shown), then the standard directories, all below `root` ("" or e.g. "/proc/1234/root").
/// LD_LIBRARY_PATH and ld.so.cache are not looked at.
std::optional<std::string> find_library(const Interpreter& launcher, const std::string& root = "");

/// Interpreters at the standard places of this host, below `root`: python3* in /usr/bin and
/// /usr/local/bin, libpython3* in the library directories, and what those are linked to. Each
/// file once (device and inode), links resolved, files with the code only.
std::vector<Interpreter> candidates(const std::string& root = "");

/// What has been found in files that processes have mapped, by the kernel's device and inode.
using MappedFiles = std::map<std::pair<std::string, std::uint64_t>, std::optional<Interpreter>>;

/// Interpreters in the memory of a running process: in its executable, or in any other file that it
/// has mapped to execute. Paths lead through /proc, so they work for processes in containers and
/// for deleted files, as long as the process lives. `seen` spares a second look at the same files,
/// and paths in it are those of the first process. Fails if there is no such process or it may not
/// be read.
Result<std::vector<Interpreter>> inspect_process(pid_t pid, MappedFiles* seen = nullptr);

}  // namespace aspis::cpython
