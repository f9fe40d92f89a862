// SPDX-License-Identifier: Apache-2.0
// What AppArmor's log says of each operation: its names, and the members that only it has.
#pragma once

#include <string>
#include <string_view>

#include "agent/event/record.h"

namespace aspis {

struct AvcOperation {
  aspis_kind kind;
  std::string_view name;                                ///< operation=
  std::string_view mediation_class;                     ///< class=; empty: AppArmor has none
  std::string (*object)(const Event& event) = nullptr;  ///< name=; null: it has none
  void (*details)(std::string& out, const Record& record) = nullptr;  ///< what follows comm=
  bool (*holds)(const Event& event) = nullptr;  ///< null: the row is for every event of the kind
};

/// The row of an event; one that AppArmor has no operation for goes by its verb.
AvcOperation avc_operation(const Event& event);

}  // namespace aspis
