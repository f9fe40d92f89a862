// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/said_path.h"

#include <limits.h>
#include <unistd.h>

#include <vector>

namespace aspis::cpython {
namespace {

// The first component of an absolute path, with its slash: "/lib" of "/lib/x".
std::string_view first_component(std::string_view path) {
  return path.substr(0, path.find('/', 1));
}

// Which of the top directories are links into /usr here, e.g. "/lib" → "usr/lib".
std::vector<std::string> find_merged() {
  std::vector<std::string> merged;
  for (const char* directory : {"/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32"}) {
    char target[PATH_MAX];
    const ssize_t length = ::readlink(directory, target, sizeof(target));
    if (length <= 0) continue;
    std::string_view text(target, static_cast<std::size_t>(length));
    if (text.starts_with('/')) text.remove_prefix(1);
    if (text == std::string("usr") + directory) merged.emplace_back(directory);
  }
  return merged;
}

// "/lib/x" → "/usr/lib/x" where /lib is such a link.
void follow_merged(std::string& path) {
  static const std::vector<std::string> merged = find_merged();
  const std::string_view first = first_component(path);
  for (const std::string& directory : merged) {
    if (first != directory) continue;
    path.insert(0, "/usr");
    return;
  }
}

std::string_view skip_digits(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? std::string_view{} : text.substr(end);
}

// "/proc/self/x" against "/proc/1234/x". The number is not compared: in a pid namespace it is
// another one.
bool same_in_proc(std::string_view said, std::string_view done) {
  constexpr std::string_view kSelf = "/proc/self", kThread = "/proc/thread-self", kProc = "/proc/";
  const bool thread = said.starts_with(kThread);
  if (!(thread || said.starts_with(kSelf)) || !done.starts_with(kProc)) return false;
  said.remove_prefix(thread ? kThread.size() : kSelf.size());
  done.remove_prefix(kProc.size());
  if (skip_digits(done).size() == done.size()) return false;
  done = skip_digits(done);
  if (thread) {
    constexpr std::string_view kTask = "/task/";
    if (!done.starts_with(kTask)) return false;
    done = skip_digits(done.substr(kTask.size()));
  }
  return said == done;
}

// Whether `path` ends in all components of the relative path `tail`.
bool ends_in(std::string_view path, std::string_view tail) {
  if (!path.ends_with(tail)) return false;
  return path.size() == tail.size() || path[path.size() - tail.size() - 1] == '/';
}

// The part of a normalised relative path after its leading "..", without "." itself.
std::string_view below_parents(std::string_view path) {
  while (path.starts_with("../")) path.remove_prefix(3);
  return path == ".." || path == "." ? std::string_view{} : path;
}

enum class Match { kSame, kWithin };

bool match_absolute(const std::string& said, bool said_cut, const DonePath& done, Match match) {
  const std::string_view text = done.text;
  if (done.cut) return std::string_view(said).ends_with(text) || said_cut;
  if (said_cut) return text.starts_with(said);
  if (text == said || same_in_proc(said, text)) return true;
  if (match != Match::kWithin || !text.starts_with(said)) return false;
  return said == "/" || text[said.size()] == '/';
}

// The relative path between slashes, as it would stand inside an absolute one.
std::string as_inner(std::string_view path, bool whole) {
  std::string inner(1, '/');
  inner.append(path);
  if (whole) inner.push_back('/');
  return inner;
}

bool match_relative(std::string_view said, bool said_cut, const DonePath& done, Match match) {
  const std::string_view tail = below_parents(said);
  if (tail.empty() || done.cut) return true;  // nothing to hold against it
  if (said_cut) return done.text.find(as_inner(tail, false)) != std::string_view::npos;
  if (ends_in(done.text, tail)) return true;
  if (match != Match::kWithin) return false;
  return done.text.find(as_inner(tail, true)) != std::string_view::npos;
}

bool match_path(const SaidPath& said, std::string_view cwd, DonePath done, Match match) {
  if (said.text == done.text) return true;  // by far the most frequent
  std::string resolved;
  if (done.lexical) {
    resolved = normalise(done.text);
    done.text = resolved;
  }
  std::string path;
  if (!said.text.starts_with('/')) {
    if (cwd.empty() || !said.directory) {
      return match_relative(normalise(said.text), said.cut, done, match);
    }
    path.append(cwd).append("/");
  }
  path = normalise(path + said.text);
  if (match_absolute(path, said.cut, done, match)) return true;
  follow_merged(path);
  return match_absolute(path, said.cut, done, match);
}

}  // namespace

std::string normalise(std::string_view path) {
  std::string out(path.starts_with('/') ? "/" : "");
  const std::size_t root = out.size();
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    const std::size_t last = out.rfind('/') == std::string::npos ? 0 : out.rfind('/') + 1;
    const std::string_view previous = std::string_view(out).substr(last);
    if (part == ".." && !previous.empty() && previous != "..") {
      out.resize(last > root ? last - 1 : root);
      continue;
    }
    if (part == ".." && root == 1) continue;  // above the root is the root
    if (out.size() > root) out += '/';
    out += part;
  }
  return out.empty() ? "." : out;
}

bool same_path(const SaidPath& said, std::string_view cwd, const DonePath& done) {
  return match_path(said, cwd, done, Match::kSame);
}

bool path_within(const SaidPath& said, std::string_view cwd, const DonePath& done) {
  return match_path(said, cwd, done, Match::kWithin);
}

}  // namespace aspis::cpython
