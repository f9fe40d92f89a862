// SPDX-License-Identifier: Apache-2.0
#include "agent/output/message.h"

#include <unistd.h>

#include <climits>

#include "agent/event/kinds.h"
#include "agent/output/compact_text.h"

namespace aspis {
namespace {

std::unique_ptr<Formatter> inner_of(const MessageOptions& options) {
  FormatContext context = options.context;
  context.colour = false;
  return find_formatter(options.format)->make(context);
}

class SyslogFormatter final : public Formatter {
 public:
  explicit SyslogFormatter(const MessageOptions& options)
      : inner_(inner_of(options)),
        clock_(options.context.wall_offset),
        facility_(options.facility),
        tag_(" " + host_name() + " aspis " + std::to_string(::getpid()) + " ") {}

  [[nodiscard]] bool shows(const Record& record) const override { return inner_->shows(record); }
  void format(const Record& record, std::string& out) override {
    out += '<';
    out += std::to_string(facility_ * 8 + static_cast<unsigned>(severity_of(record)));
    out += ">1 ";
    clock_.append(record.time, out);
    out += tag_;
    out += kind_info(record.kind).type;
    out += " - ";
    inner_->format(record, out);
  }

 private:
  std::unique_ptr<Formatter> inner_;
  UtcClock clock_;
  unsigned facility_;
  std::string tag_;
};

class JournalFormatter final : public Formatter {
 public:
  explicit JournalFormatter(const MessageOptions& options) : inner_(inner_of(options)) {}

  [[nodiscard]] bool shows(const Record& record) const override { return inner_->shows(record); }
  void format(const Record& record, std::string& out) override {
    out += "MESSAGE=";
    inner_->format(record, out);
    out.pop_back();
    field(out, "PRIORITY", std::to_string(static_cast<unsigned>(severity_of(record))));
    field(out, "SYSLOG_IDENTIFIER", "aspis");
    field(out, "ASPIS_TYPE", kind_info(record.kind).type);
    if (record.event != nullptr && record.event->head->verdict < kVerdicts.size())
      field(out, "ASPIS_VERDICT", kVerdicts[record.event->head->verdict]);
    if (!record.profile.empty()) field(out, "ASPIS_PROFILE", record.profile);
    if (record.process) {
      field(out, "ASPIS_PID", std::to_string(record.process->id.pid));
      if (!record.process->exe.empty()) field(out, "ASPIS_EXE", record.process->exe);
    }
    out += '\n';
  }

 private:
  /// Names may have any bytes; those that would end a field or the line are shown as elsewhere.
  static void field(std::string& out, std::string_view name, std::string_view value) {
    out += kFieldSeparator;
    out += name;
    out += '=';
    append_plain(out, value);
  }

  std::unique_ptr<Formatter> inner_;
};

}  // namespace

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  if (::gethostname(name, HOST_NAME_MAX) != 0 || name[0] == '\0') return "-";
  return name;
}

Severity severity_of(const Record& record) {
  if (record.tamper != nullptr || record.log != nullptr) return Severity::kWarning;
  if (record.loss != nullptr) return Severity::kWarning;
  if (record.agent != nullptr)
    return record.agent->what == AgentNotice::What::kRefused ||
                   record.agent->what == AgentNotice::What::kPinned
               ? Severity::kWarning
               : Severity::kNotice;
  if (record.event == nullptr) return Severity::kInformation;
  if (record.event->head->verdict == ASPIS_VERDICT_DENIED) return Severity::kWarning;
  return (record.event->head->flags & ASPIS_F_REPORTED) != 0 ? Severity::kNotice
                                                             : Severity::kInformation;
}

std::unique_ptr<Formatter> make_syslog_formatter(const MessageOptions& options) {
  return std::make_unique<SyslogFormatter>(options);
}

std::unique_ptr<Formatter> make_journal_formatter(const MessageOptions& options) {
  return std::make_unique<JournalFormatter>(options);
}

}  // namespace aspis
