// SPDX-License-Identifier: Apache-2.0
// The Python stacks of events: from code objects and places to files, lines and distributions.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "agent/event/bounded_map.h"
#include "agent/event/code_objects.h"
#include "agent/event/record.h"
#include "bpf/abi/event.h"
#include "probes/cpython/site_directory.h"

namespace aspis {

/// Whether this record is to be shown with its stack: --stacks=denied means what profiles report,
/// and what Python did not announce.
bool stack_wanted(aspis_stacks wanted, const Record& record);

class Stacks {
 public:
  /// Takes what the kernel side sends of a code object; false: the record is an event.
  bool take_code(std::span<const std::byte> record);

  /// Fills the record's stack from its event. What it points to is good until the next call.
  void resolve(Record& record);

 private:
  static constexpr std::size_t kFiles = 16384;  ///< whose distributions are kept

  const cpython::Distribution& distribution(CodeObject& object, const Process* process);

  CodeObjects objects_;
  BoundedMap<std::string, cpython::Distribution> files_{kFiles};  ///< by process and file
};

}  // namespace aspis
