// SPDX-License-Identifier: Apache-2.0
// What one audit event announced, and whether a kernel event is it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/event/event.h"
#include "agent/event/record.h"
#include "bpf/abi/task.h"
#include "probes/cpython/audit_events.h"
#include "probes/cpython/said_address.h"
#include "probes/cpython/said_path.h"

namespace aspis {

struct Announcement {
  std::shared_ptr<const Cause> cause;  ///< never null
  std::uint64_t time = 0;              ///< when it was raised, ns
  std::uint32_t operations = 0;        ///< announced: cpython::Operation bits
  std::uint32_t performed = 0;         ///< of these, seen
  cpython::Times times = cpython::Times::kAny;
  std::optional<cpython::SaidPath> path, other;
  std::optional<cpython::SaidAddress> address;
  std::uint32_t tid = 0;  ///< of the thread that raised it
  /// What this one says again on the way (subprocess.Popen, then _posixsubprocess.fork_exec): done,
  /// both are. Null: nothing.
  std::shared_ptr<Announcement> refined;

  /// It has been seen to be done.
  void perform(std::uint32_t operation) {
    performed |= operation;
    if (refined != nullptr) refined->perform(operation);
  }

  /// An operation must still come.
  [[nodiscard]] bool pending() const {
    return operations != 0 && performed == 0 &&
           (times == cpython::Times::kOnce || times == cpython::Times::kChild);
  }
};

/// What the audit event says will be done. Fills everything but `cause` and `time`.
Announcement announce(const PythonPayload& audit);

/// The announced operation that this kind of event is; kNothing if none can announce it, and
/// nothing is said of it.
cpython::Operation operation_of(aspis_kind kind);

/// The same for the kernel side, which compares paths for `audited` rules (bpf/announce.bpf.c).
aspis_announcement announcement_of(const cpython::AuditEvent& event);

/// Whether the kernel event is what was announced, and notes that it was performed. `operation` is
/// operation_of(event.kind()). `cwd`: of the process, empty if not known. Sets `said` for a
/// mismatch.
Correlation judge(Announcement& announcement, cpython::Operation operation, const Event& event,
                  std::string_view cwd, std::string& said);

/// Whether `later` only makes `earlier` more precise: the same operation on the same path or below
/// it. io.open(…, opener=…) raises `open` twice, and tempfile names the directory first.
bool refines(const Announcement& later, const Announcement& earlier);

}  // namespace aspis
