// SPDX-License-Identifier: Apache-2.0
#include "agent/output/audit_target.h"

#include <libaudit.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "agent/output/avc.h"
#include "agent/output/avc_text.h"
#include "base/fd.h"

namespace aspis {
namespace {

class AuditFormatter final : public Formatter {
 public:
  explicit AuditFormatter(const FormatContext& context) : avc_(context) {}

  [[nodiscard]] bool shows(const Record& record) const override { return avc_.shows(record); }
  void format(const Record& record, std::string& out) override {
    line_.clear();
    avc_.format(record, line_);
    constexpr std::string_view kHeadEnd = "): ", kNotice = "# aspis: ";
    if (record.event != nullptr) {
      out += std::string_view(line_).substr(line_.find(kHeadEnd) + kHeadEnd.size());
      return;
    }
    line_.pop_back();
    out += "apparmor=\"STATUS\" operation=\"aspis\"";
    const std::string_view text = std::string_view(line_).substr(kNotice.size());
    const auto plain = [](char c) { return c >= ' ' && c <= '~' && c != '"'; };
    // A path of a process may be in it.
    if (std::ranges::all_of(text, plain))
      append_quoted(out, "info", text);
    else
      append_untrusted(out, "info", text);
    out += '\n';
  }

 private:
  AvcFormatter avc_;
  std::string line_;
};

class AuditTarget final : public WriteTarget {
 public:
  explicit AuditTarget(Fd fd) : fd_(std::move(fd)) {}

  /// The kernel answers at once: it has queued the message, or says why it does not take it.
  Outcome write_some(std::string_view bytes, std::chrono::milliseconds) override {
    const std::size_t end = bytes.find('\n');
    const std::string message(bytes.substr(0, end));
    errno = 0;
    const int sent = ::audit_log_user_avc_message(fd_.get(), AUDIT_USER_AVC, message.c_str(),
                                                  nullptr, nullptr, nullptr, ::getuid());
    if (sent > 0) return {end + 1, 0};
    if (errno == ENOBUFS || errno == EINTR || errno == EAGAIN) return {0, EAGAIN};
    return {0, errno != 0 ? errno : EPERM};
  }

 private:
  Fd fd_;
};

}  // namespace

std::unique_ptr<Formatter> make_audit_formatter(const FormatContext& context) {
  return std::make_unique<AuditFormatter>(context);
}

Result<std::unique_ptr<WriteTarget>> send_to_audit() {
  Fd fd(::audit_open());
  if (!fd.valid()) return fail_errno("audit: the kernel does not offer it");
  return std::make_unique<AuditTarget>(std::move(fd));
}

}  // namespace aspis
