// SPDX-License-Identifier: Apache-2.0
#include "agent/output/file_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/fd.h"

namespace aspis {
namespace {

constexpr std::size_t kLargeWrite = std::size_t{1} << 20;
constexpr std::chrono::seconds kLook{1};

class FileTarget : public WriteTarget {
 public:
  explicit FileTarget(std::string path) : path_(std::move(path)) {}

  Result<> open() {
    std::error_code failure;  // shows in what open(2) says
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), failure);
    Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    if (!fd.valid() || ::fstat(fd.get(), &identity_) != 0) return fail_errno(path_);
    fd_ = std::move(fd);
    next_look_ = std::chrono::steady_clock::now() + kLook;
    return {};
  }

  Outcome write_some(std::string_view bytes, std::chrono::milliseconds) override {
    if (const int error = follow(); error != 0) return {0, error};
    const ssize_t written = ::write(fd_.get(), bytes.data(), std::min(bytes.size(), kLargeWrite));
    if (written < 0) return {0, errno == EINTR ? EAGAIN : errno};
    if (written > 0) whole_lines_ = bytes[static_cast<std::size_t>(written) - 1] == '\n';
    return {static_cast<std::size_t>(written), 0};
  }

  void idle() override { (void)follow(); }

 private:
  /// An errno; 0: fd_ is the file of this name. A line that was begun is completed where it was.
  int follow() {
    if (fd_.valid() && (!whole_lines_ || std::chrono::steady_clock::now() < next_look_)) return 0;
    next_look_ = std::chrono::steady_clock::now() + kLook;
    struct stat named{};
    if (fd_.valid() && ::stat(path_.c_str(), &named) == 0 && named.st_ino == identity_.st_ino &&
        named.st_dev == identity_.st_dev)
      return 0;
    fd_.reset();
    const auto opened = open();
    return opened ? 0 : opened.error().code;
  }

  std::string path_;
  Fd fd_;
  struct stat identity_{};
  bool whole_lines_ = true;  ///< the last byte written ends a line
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace

Result<std::unique_ptr<WriteTarget>> append_to_file(const std::string& path) {
  auto target = std::make_unique<FileTarget>(path);
  TRYV(target->open());
  return target;
}

}  // namespace aspis
