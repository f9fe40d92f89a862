// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/guard.h"

#include <bpf/bpf.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <atomic>
#include <filesystem>

#include "bpf/abi/guard.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;

template <class Info>
Result<> add(int map, aspis_tamper kind, const NamedFds& fds, __u32 Info::* id) {
  for (const auto& [name, fd] : fds) {
    Info info{};
    __u32 size = sizeof(info);
    if (bpf_obj_get_info_by_fd(fd.get(), &info, &size) != 0)
      return fail_errno("cannot ask the kernel for " + name);
    const aspis_guarded_object key{static_cast<__u32>(kind), info.*id};
    const __u32 value = 1;
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0)
      return fail_errno("cannot protect " + name);
  }
  return {};
}

bool is_gone(int error) {
  return error == ENOENT || error == ENOTDIR;
}

}  // namespace

void Guard::open(const KernelSide& side, const Variables& variables,
                 std::vector<GuardedPlace> places) {
  side_ = &side;
  variables_ = variables;
  places_ = std::move(places);
  round_ = *variables_.guard_round;  // of another agent
}

Result<> Guard::protect(const Pins* pins) {
  const int map = side_->map("guarded_objects");
  TRYV(add(map, ASPIS_TAMPER_MAP, side_->fds().maps, &bpf_map_info::id));
  TRYV(add(map, ASPIS_TAMPER_PROGRAM, side_->fds().programs, &bpf_prog_info::id));
  TRYV(add(map, ASPIS_TAMPER_LINK, side_->fds().links, &bpf_link_info::id));
  return protect_places(pins);
}

Result<> Guard::protect_places(const Pins* pins) {
  if (side_->program("lsm__guard_inode_getxattr") < 0 &&
      side_->program("fmr__guard_inode_getxattr") < 0)
    return {};
  ++round_;
  trouble_.clear();
  ways_.clear();
  // What is marked later holds: a way may be a place as well.
  if (pins != nullptr) mark_ways(pins->directory());
  for (const GuardedPlace& place : places_) mark_ways_to(place);
  for (const GuardedPlace& place : places_) mark_place(place);
  if (pins != nullptr) mark(pins->directory(), ASPIS_TAMPER_PIN, ASPIS_GUARDED_TREE);
  __atomic_store_n(variables_.guard_round, round_, __ATOMIC_RELEASE);
  forget_earlier();
  if (trouble_.empty()) return {};
  return fail("cannot keep others from changing " + trouble_);
}

/// Also to what a symbolic link leads to.
void Guard::mark_ways_to(const GuardedPlace& place) {
  std::error_code failure;
  mark_ways(place.path);
  if (const auto real = fs::canonical(place.path, failure).string(); !failure) mark_ways(real);
}

void Guard::mark_place(const GuardedPlace& place) {
  std::error_code failure;
  mark(place.path, ASPIS_TAMPER_FILE,
       place.extent == GuardedPlace::Extent::kTree ? ASPIS_GUARDED_TREE : 0);
  if (place.extent != GuardedPlace::Extent::kParts) return;
  const fs::path path(place.path);
  const std::string begin = path.filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(path.parent_path(), failure))
    if (entry.path().filename().string().starts_with(begin))
      mark(entry.path().string(), ASPIS_TAMPER_FILE, 0);
}

/// The directories above: renamed, or with something mounted over them, they would lead to others.
void Guard::mark_ways(const std::string& path) {
  for (fs::path way = fs::path(path).parent_path(); !way.empty(); way = way.parent_path()) {
    if (!ways_.insert(way.string()).second) return;
    mark(way.string(), ASPIS_TAMPER_FILE, ASPIS_GUARDED_WAY);
    if (way == way.parent_path()) return;
  }
}

/// Of a symbolic link, it and what it leads to.
void Guard::mark(const std::string& path, std::uint32_t tamper, std::uint32_t flags) {
  struct stat found{};
  const aspis_guarded_place place{tamper, flags, round_};
  mark_one(path, place, false);
  if (::lstat(path.c_str(), &found) == 0 && S_ISLNK(found.st_mode)) mark_one(path, place, true);
}

/// The kernel side is asked to see what it is: any file may be asked for a security attribute, and
/// none has this one.
void Guard::mark_one(const std::string& path, const aspis_guarded_place& place, bool follow) {
  constexpr const char* kAttribute = "security.aspis";
  char none = 0;
  const std::uint32_t before = __atomic_load_n(variables_.guard_marked, __ATOMIC_ACQUIRE);
  *variables_.guard_marking = place;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const ssize_t size = follow ? ::getxattr(path.c_str(), kAttribute, &none, sizeof(none))
                              : ::lgetxattr(path.c_str(), kAttribute, &none, sizeof(none));
  const int error = size < 0 ? errno : 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  variables_.guard_marking->round = 0;
  if (!is_gone(error) && __atomic_load_n(variables_.guard_marked, __ATOMIC_ACQUIRE) == before)
    trouble_ += (trouble_.empty() ? "" : ", ") + path;
}

void Guard::forget_earlier() {
  const int map = side_->map("guarded_places");
  std::vector<aspis_exe_key> earlier;
  aspis_exe_key key{}, next{};
  const aspis_exe_key* at = nullptr;
  while (bpf_map_get_next_key(map, at, &next) == 0) {
    aspis_guarded_place place{};
    if (bpf_map_lookup_elem(map, &next, &place) == 0 && place.round < round_)
      earlier.push_back(next);
    key = next;
    at = &key;
  }
  for (const aspis_exe_key& one : earlier) (void)bpf_map_delete_elem(map, &one);
}

}  // namespace aspis
