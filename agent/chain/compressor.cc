// SPDX-License-Identifier: Apache-2.0
#include "agent/chain/compressor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "agent/chain/log_parts.h"
#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::size_t kPiece = 64 << 10;
/// Lines repeat what is near: with a window of 256 KiB the fastest level makes less of them than
/// level 3 with its own of two megabytes, and takes a third of the memory.
constexpr int kLevel = 1, kWindowLog = 18;

}  // namespace

struct Compressor::Work {
  ~Work() {
    if (!fresh.empty()) ::unlink(fresh.c_str());
  }

  Result<> piece();
  Result<> feed(std::string_view bytes, ZSTD_EndDirective end);
  Result<> take_place();

  std::string file, name, fresh;  ///< fresh: NAME while it is being written; empty: it is NAME
  Fd in, out;
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  std::string read, room;
  std::uint64_t done = 0;  ///< bytes of the file
  bool whole = false;      ///< all of it
};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;

const std::string& Compressor::file() const {
  static const std::string kNone;
  return work_ ? work_->file : kNone;
}

Result<> Compressor::begin(const std::string& file) {
  auto work = std::make_unique<Work>();
  struct stat status{};
  work->file = file;
  work->name = file + std::string(kCompressed);
  work->in = Fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!work->in.valid() || ::fstat(work->in.get(), &status) != 0) return fail_errno(file);
  const std::string fresh = work->name + ".new";
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  work->out = Fd(::open(fresh.c_str(), kFlags, status.st_mode & 0777));
  if (!work->out.valid()) return fail_errno(fresh);
  work->fresh = fresh;
  ZSTD_CCtx_setParameter(work->context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(work->context.get(), ZSTD_c_windowLog, kWindowLog);
  ZSTD_CCtx_setParameter(work->context.get(), ZSTD_c_checksumFlag, 1);
  work->read.resize(kPiece);
  work->room.resize(ZSTD_CStreamOutSize());
  work_ = std::move(work);
  return {};
}

Result<> Compressor::Work::feed(std::string_view bytes, ZSTD_EndDirective end) {
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer output{room.data(), room.size(), 0};
    const std::size_t left = ZSTD_compressStream2(context.get(), &output, &input, end);
    if (ZSTD_isError(left) != 0) return fail(file + ": " + ZSTD_getErrorName(left));
    TRYV(write_bytes(out.get(), std::string_view(room).substr(0, output.pos), fresh));
    if (end == ZSTD_e_end ? left == 0 : input.pos == input.size) return {};
  }
}

Result<> Compressor::Work::piece() {
  const ssize_t got = ::read(in.get(), read.data(), read.size());
  if (got < 0 && errno == EINTR) return {};
  if (got < 0) return fail_errno(file);
  done += static_cast<std::uint64_t>(got);
  if (got > 0)
    return feed(std::string_view(read).substr(0, static_cast<std::size_t>(got)), ZSTD_e_continue);
  TRYV(feed({}, ZSTD_e_end));
  whole = true;
  return {};
}

Result<> Compressor::Work::take_place() {
  if (::fsync(out.get()) != 0 || std::rename(fresh.c_str(), name.c_str()) != 0)
    return fail_errno(name);
  fresh.clear();
  if (::unlink(file.c_str()) != 0) return fail_errno(file);
  return {};
}

Result<> Compressor::step(std::size_t bytes) {
  if (!work_) return {};
  Result<> result;
  const std::uint64_t until = work_->done + bytes;
  while (result && !work_->whole && work_->done < until) result = work_->piece();
  if (result && work_->whole) result = work_->take_place();
  if (!result || work_->whole) work_.reset();
  return result;
}

Result<> Compressor::finish() {
  return step(SIZE_MAX / 2);
}

void Compressor::drop() {
  work_.reset();
}

}  // namespace aspis
