// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/digest.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <memory>
#include <vector>

#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::size_t kChunk = std::size_t{1} << 20;

bool same_time(const timespec& a, const timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// Every write moves the time of change, but within one tick of the clock; then the size tells, or
/// nothing.
bool unchanged(const struct stat& before, const struct stat& after, std::uint64_t read) {
  return static_cast<std::uint64_t>(after.st_size) == read && before.st_size == after.st_size &&
         same_time(before.st_mtim, after.st_mtim) && same_time(before.st_ctim, after.st_ctim);
}

}  // namespace

Result<Digest> digest_file(const std::string& path) {
  // O_NONBLOCK: a FIFO would wait for somebody to write.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid() && errno == ELOOP) return fail("a symbolic link, which is not followed");
  if (!fd.valid()) return fail_errno("cannot be read");
  struct stat before{}, after{};
  if (::fstat(fd.get(), &before) != 0) return fail_errno("cannot be read");
  if (!S_ISREG(before.st_mode)) return fail("not a regular file");

  Digest digest;
  crypto_hash_sha256_state sha256;
  crypto_hash_sha256_init(&sha256);
  const auto verity = std::make_unique<aspis_verity>();
  aspis_verity_begin(verity.get());
  std::vector<unsigned char> chunk(kChunk);
  for (;;) {
    const ssize_t bytes = ::read(fd.get(), chunk.data(), chunk.size());
    if (bytes < 0) return fail_errno("cannot be read");
    if (bytes == 0) break;
    crypto_hash_sha256_update(&sha256, chunk.data(), static_cast<std::size_t>(bytes));
    aspis_verity_update(verity.get(), chunk.data(), static_cast<std::size_t>(bytes));
    digest.size += static_cast<std::uint64_t>(bytes);
    // Without this, what is written to as fast as it is read would never end.
    if (digest.size > static_cast<std::uint64_t>(before.st_size)) break;
  }
  if (::fstat(fd.get(), &after) != 0) return fail_errno("cannot be read");
  if (!unchanged(before, after, digest.size)) return fail("changed while it was read");
  crypto_hash_sha256_final(&sha256, digest.sha256.data());
  aspis_verity_end(verity.get(), digest.verity.data());
  return digest;
}

std::string hex(const Sha256& hash) {
  std::string text(hash.size() * 2 + 1, 0);
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.pop_back();
  return text;
}

}  // namespace aspis
