// SPDX-License-Identifier: Apache-2.0
// A path as Python said it, against the path that the kernel resolved.
#pragma once

#include <string>
#include <string_view>

namespace aspis::cpython {

/// A path argument of an audit event.
struct SaidPath {
  std::string text;  ///< bytes as os.fsencode gives them; empty: none was said
  bool cut = false;  ///< only the beginning is known
  bool directory =
      true;  ///< a relative path starts at the working directory; false: at some directory fd
};

/// The path that the kernel gave, absolute from the root of its mount namespace.
struct DonePath {
  std::string_view text;
  bool cut = false;      ///< only the end is known
  bool lexical = false;  ///< not resolved: may hold "." and ".." and "//"
};

/// "/a//./b/../c/" → "/a/c". Lexical: no file system is asked. A relative path keeps its leading
/// ".."; "" → ".".
std::string normalise(std::string_view path);

/// Whether both name the same file, as far as text can tell.
///
/// Absolute: equal after normalise(). Relative: from `cwd`, or, where that is empty or the start is
/// a directory fd, equal in the last components. What is cut is compared as far as it is known. A
/// symbolic link on the way makes them differ, and is meant to: Python said one name, the kernel
/// used another. Two exceptions, which are links in name only: /bin, /sbin, /lib, /lib64 where they
/// are links into /usr on this host (of the agent's root, not the container's), and /proc/self,
/// /proc/thread-self for any process.
bool same_path(const SaidPath& said, std::string_view cwd, const DonePath& done);

/// Whether `done` is `said` or below it: an unnamed file (O_TMPFILE) is made in a directory.
bool path_within(const SaidPath& said, std::string_view cwd, const DonePath& done);

}  // namespace aspis::cpython
