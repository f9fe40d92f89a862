// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/seal.h"

#include <fcntl.h>
#include <linux/fsverity.h>
#include <sys/ioctl.h>

#include <algorithm>

#include "base/fd.h"

namespace aspis {
namespace {

std::optional<Sha256> measure(int fd) {
  alignas(fsverity_digest) std::uint8_t buffer[sizeof(fsverity_digest) + 64] = {};
  auto* digest = reinterpret_cast<fsverity_digest*>(buffer);
  digest->digest_size = 64;
  if (::ioctl(fd, FS_IOC_MEASURE_VERITY, digest) != 0 ||
      digest->digest_algorithm != FS_VERITY_HASH_ALG_SHA256 ||
      digest->digest_size != ASPIS_SHA256_BYTES)
    return std::nullopt;
  Sha256 found;
  std::copy_n(digest->digest, found.size(), found.begin());
  return found;
}

/// What the errors of FS_IOC_ENABLE_VERITY mean.
tl::unexpected<Error> cannot_enable(int code) {
  switch (code) {
    case EOPNOTSUPP:
      return fail("the kernel or this file system is without fs-verity (ext4: tune2fs -O verity)");
    case EINVAL:
      return fail("the blocks of this file system are smaller than 4096 bytes");
    case ENOTTY:
      return fail("this kind of file system has no fs-verity");
    case ETXTBSY:
      return fail("it is open for writing");
    case EROFS:
      return fail("the file system is read-only");
    default:
      return fail_errno("fs-verity cannot be turned on", code);
  }
}

}  // namespace

Result<std::optional<Sha256>> measured_digest(const std::string& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot be read");
  return measure(fd.get());
}

Result<> seal_file(const std::string& path, const Sha256& expected) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot be read");
  fsverity_enable_arg how{};
  how.version = 1;
  how.hash_algorithm = FS_VERITY_HASH_ALG_SHA256;
  how.block_size = ASPIS_VERITY_BLOCK;
  if (::ioctl(fd.get(), FS_IOC_ENABLE_VERITY, &how) != 0 && errno != EEXIST)
    return cannot_enable(errno);
  const auto found = measure(fd.get());
  if (!found) return fail("it has fs-verity of another kind than SHA-256");
  if (*found != expected) return fail("fs-verity is on, but its digest is another: " + hex(*found));
  return {};
}

}  // namespace aspis
