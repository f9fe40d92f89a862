// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/signed_store.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "bpf/lib/siphash.h"

namespace aspis {
namespace {

constexpr std::size_t kRoomMin = 65536;  // an empty map of this size takes one megabyte
constexpr std::size_t kRoomMax = std::size_t{1} << 24;

/// As walked_path_hash() does it in bpf/walk.bpf.c.
std::uint64_t hash_of(std::string_view path, const PathKey& key) {
  siphash hash = siphash_begin(key[0], key[1]);
  std::uint64_t word = 0;
  std::size_t at = 0;
  for (; path.size() - at >= sizeof(word); at += sizeof(word)) {
    std::memcpy(&word, path.data() + at, sizeof(word));
    siphash_word(&hash, word);
  }
  word = 0;
  std::memcpy(&word, path.data() + at, path.size() - at);
  return siphash_end(&hash, word, path.size()) | 1;
}

}  // namespace

std::size_t SignedStore::room_for(std::size_t files) {
  return std::clamp(std::bit_ceil(3 * files), kRoomMin, kRoomMax);
}

/// Removing while going through the map would begin anew at its start: first all, then those.
Result<> SignedStore::adopt(std::uint32_t generation) {
  if (map_fd_ < 0) return {};
  std::vector<aspis_signed_key> others;
  aspis_signed_key key{}, next{};
  for (const aspis_signed_key* from = nullptr; bpf_map_get_next_key(map_fd_, from, &next) == 0;
       key = next, from = &key)
    (next.generation == generation ? in_force_ : others).push_back(next);
  if (errno != ENOENT) return fail_errno("cannot read the manifest in the kernel");
  remove(others);
  return {};
}

Result<> SignedStore::prepare(std::uint32_t generation, std::span<const SignedFile> files) {
  if (map_fd_ < 0) return {};
  next_.reserve(files.size());
  for (const SignedFile& file : files) {
    aspis_signed_key key{};
    std::ranges::copy(file.digest, key.digest);
    key.path = hash_of(file.path, key_);
    key.generation = generation;
    const std::uint32_t value = 1;
    if (bpf_map_update_elem(map_fd_, &key, &value, BPF_ANY) == 0) {
      next_.push_back(key);
      continue;
    }
    const int error = errno;
    remove(next_);
    if (error == E2BIG)
      return fail(
          "the manifest has more files than there is room for in the kernel: more takes a "
          "new start");
    return fail_errno("cannot hand the manifest to the kernel", error);
  }
  return {};
}

void SignedStore::commit() {
  remove(in_force_);
  in_force_.swap(next_);
}

void SignedStore::remove(std::vector<aspis_signed_key>& keys) const {
  for (const aspis_signed_key& key : keys) bpf_map_delete_elem(map_fd_, &key);
  keys.clear();
}

}  // namespace aspis
