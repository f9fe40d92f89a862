// SPDX-License-Identifier: Apache-2.0
// Any bytes as a ring record: decoded or refused, and each format makes one line of what was
// decoded.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "agent/event/decode.h"
#include "agent/output/formatter.h"
#include "agent/output/json_values.h"

namespace {

void format(const aspis::Event& event) {
  aspis::Record record;
  record.kind = event.kind();
  record.time = event.head->time;
  record.seq = event.head->seq;
  record.event = &event;
  auto cause = std::make_shared<aspis::Cause>();
  if (const auto* python = event.as<aspis::PythonPayload>()) {
    cause->event = python->name;
    aspis::serialise_cause(*python, *cause);
    record.cause = cause;
  }
  for (const aspis::FormatterInfo& row : aspis::formatters()) {
    std::string line;
    const auto formatter = row.make({});
    if (!formatter->shows(record)) continue;
    formatter->format(record, line);
    if (line.empty() || line.find('\n') != line.size() - 1) std::abort();
    if (line.find('\x1b') != std::string::npos) std::abort();
  }
}

}  // namespace

/// The header's size is set right, or the fuzzer would only ever try sizes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> aligned((size + 7) / 8);
  const auto record = std::as_writable_bytes(std::span(aligned)).first(size);
  if (size != 0) std::memcpy(record.data(), data, size);
  if (size >= sizeof(aspis_event)) {
    const auto claimed = static_cast<std::uint32_t>(size);
    std::memcpy(record.data(), &claimed, sizeof(claimed));
  }
  if (const auto event = aspis::decode(record)) format(*event);
  return 0;
}
