// SPDX-License-Identifier: Apache-2.0
#include "agent/chain/log_parts.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::size_t kDigits = 6;
constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kLineMax = 16 << 20;

/// Calls `take` for all the bytes of a file, piece by piece, until it fails.
Result<> each_piece(const std::string& file,
                    const std::function<Result<>(std::string_view piece)>& take) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.valid()) return fail_errno(file);
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno(file);
    if (got == 0) return {};
    TRYV(take(std::string_view(piece).substr(0, static_cast<std::size_t>(got))));
  }
}

Result<> each_decompressed(const std::string& file,
                           const std::function<Result<>(std::string_view piece)>& take) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     &ZSTD_freeDCtx);
  std::string out(ZSTD_DStreamOutSize(), '\0');
  std::size_t left = 1;  // until a frame has ended
  TRYV(each_piece(file, [&](std::string_view piece) -> Result<> {
    ZSTD_inBuffer input{piece.data(), piece.size(), 0};
    while (input.pos < input.size) {
      ZSTD_outBuffer output{out.data(), out.size(), 0};
      left = ZSTD_decompressStream(context.get(), &output, &input);
      if (ZSTD_isError(left) != 0) return fail(file + ": damaged: " + ZSTD_getErrorName(left));
      TRYV(take(std::string_view(out).substr(0, output.pos)));
    }
    return {};
  }));
  if (left != 0) return fail(file + ": damaged: its end is missing");
  return {};
}

}  // namespace

Result<> write_bytes(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return fail_errno(name);
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::string part_name(const std::string& path, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  return path + "." + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

std::vector<LogPart> rotated_parts(const std::string& path) {
  const std::filesystem::path whole(path);
  const std::string prefix = whole.filename().string() + ".";
  std::vector<LogPart> parts;
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(whole.parent_path(), failure)) {
    std::string name = entry.path().filename();
    if (!name.starts_with(prefix)) continue;
    std::string_view digits = std::string_view(name).substr(prefix.size());
    if (digits.ends_with(kCompressed)) digits.remove_suffix(kCompressed.size());
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error == std::errc() && end == digits.data() + digits.size() && digits.size() >= kDigits)
      parts.push_back({entry.path(), number});
  }
  // A file and its compressed form: the agent was ended in between, and the first is whole.
  std::ranges::sort(parts, [](const LogPart& a, const LogPart& b) {
    return std::pair(a.number, a.path.size()) < std::pair(b.number, b.path.size());
  });
  const auto doubles = std::ranges::unique(parts, {}, &LogPart::number);
  parts.erase(doubles.begin(), doubles.end());
  return parts;
}

Result<> each_line(const std::string& file,
                   const std::function<void(std::string_view line, bool whole)>& line) {
  std::string rest;
  const auto take = [&](std::string_view piece) -> Result<> {
    for (std::size_t end = 0; (end = piece.find('\n')) != std::string_view::npos;
         piece.remove_prefix(end + 1)) {
      rest += piece.substr(0, end);
      line(rest, true);
      rest.clear();
    }
    rest += piece;
    if (rest.size() > kLineMax) return fail(file + ": a line of more than 16 MiB: no log");
    return {};
  };
  TRYV(file.ends_with(kCompressed) ? each_decompressed(file, take) : each_piece(file, take));
  if (!rest.empty()) line(rest, false);
  return {};
}

Result<> replace_text(const std::string& file, const std::string& text) {
  std::error_code failure;
  std::filesystem::create_directories(std::filesystem::path(file).parent_path(), failure);
  const std::string fresh = file + ".new";
  {
    const Fd out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!out.valid()) return fail_errno(fresh);
    TRYV(write_bytes(out.get(), text, fresh));
  }
  if (std::rename(fresh.c_str(), file.c_str()) != 0) return fail_errno(file);
  return {};
}

}  // namespace aspis
