// SPDX-License-Identifier: Apache-2.0
#include "agent/output/avc.h"

#include <cerrno>
#include <cstring>

#include "agent/output/avc_details.h"
#include "agent/output/avc_text.h"
#include "agent/output/names.h"
#include "agent/output/notice_text.h"
#include "agent/output/policy_names.h"
#include "bpf/abi/policy.h"

namespace aspis {
namespace {

/// security/apparmor/audit.c: aa_audit
std::string_view outcome(const aspis_event& head) {
  if (head.verdict == ASPIS_VERDICT_ALLOWED) return "AUDIT";
  if (head.verdict == ASPIS_VERDICT_COMPLAIN) return "ALLOWED";
  return (head.flags & ASPIS_F_KILLED) != 0 ? "KILLED" : "DENIED";
}

/// The errno beside info= (security/apparmor/path.c).
int info_errno(std::uint8_t info) {
  switch (info) {
    case ASPIS_INFO_DELETED:
      return ENOENT;
    case ASPIS_INFO_TOO_LONG:
      return ENAMETOOLONG;
    case ASPIS_INFO_NO_LABEL:
      return ENOENT;
    case ASPIS_INFO_NO_NEW_PRIVS:
    case ASPIS_INFO_NOT_HAT:
    case ASPIS_INFO_AGENT:
      return EPERM;
    case ASPIS_INFO_REQUEST:
      return EINVAL;
    default:
      return EACCES;
  }
}

std::string_view comm(const aspis_event& head) {
  return {head.comm, ::strnlen(head.comm, sizeof(head.comm))};
}

}  // namespace

bool AvcFormatter::shows(const Record& record) const {
  if (record.event == nullptr) return record.loss || record.summary || record.tamper;
  return (record.event->head->flags & ASPIS_F_REPORTED) != 0;
}

void AvcFormatter::append_event(const Record& record, std::string& out) const {
  const aspis_event& head = *record.event->head;
  const AvcOperation operation = avc_operation(*record.event);
  out += "type=AVC msg=audit(";
  clock_.append(record.time, out);
  out += ':';
  append_decimal(out, record.seq);
  out += "):";
  append_quoted(out, "apparmor", outcome(head));
  append_quoted(out, "operation", operation.name);
  if (audit_class_ && !operation.mediation_class.empty())
    append_quoted(out, "class", operation.mediation_class);
  if (const std::string info = info_text(head.info, record.package); !info.empty()) {
    append_quoted(out, "info", info);
    out += " error=-";
    append_decimal(out, static_cast<unsigned>(info_errno(head.info)));
  }
  append_untrusted(out, "profile", record.profile);
  if (operation.object != nullptr) append_untrusted(out, "name", operation.object(*record.event));
  append_member(out, "pid", head.pid);
  append_untrusted(out, "comm", comm(head));
  if (operation.details != nullptr) operation.details(out, record);
}

void AvcFormatter::format(const Record& record, std::string& out) {
  if (record.event != nullptr) {
    append_event(record, out);
  } else {
    out += "# aspis: ";
    if (record.summary != nullptr) append_summary_text(out, *record.summary);
    if (record.loss != nullptr) append_gap_text(out, *record.loss);
    if (record.tamper != nullptr) {
      append_tamper_text(out, *record.tamper);
      if (record.process) out += " (pid " + std::to_string(record.process->id.pid) + ")";
    }
  }
  out += '\n';
}

}  // namespace aspis
