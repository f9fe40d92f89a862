// SPDX-License-Identifier: Apache-2.0
// Records made by hand, as the kernel side would send them: for docs/events.md and for tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/event/event.h"
#include "agent/event/record.h"
#include "bpf/abi/event.h"

namespace aspis::sample {

/// The bytes of one ring record: a payload struct and a tail, 8-byte aligned.
class Wire {
 public:
  template <class Raw>
  explicit Wire(const Raw& raw) : text_(reinterpret_cast<const char*>(&raw), sizeof(raw)) {}

  Wire& tail(std::string_view bytes) {
    text_ += bytes;
    return *this;
  }
  /// Sets the size in the header. Valid until the next call and for as long as the object.
  std::span<const std::byte> bytes();

 private:
  std::string text_;
  std::vector<std::uint64_t> aligned_;
};

/// Encoded Python values.
std::string none();
std::string boolean(bool value);
std::string integer(std::int64_t value, std::uint8_t flags = 0);
std::string floating(double value);
/// ASCII text as a str; for other code units, give their bytes and `unit`.
std::string str(std::string_view units, std::uint8_t unit = 1, std::uint8_t flags = 0);
std::string bytes(std::string_view value, std::uint8_t flags = 0);
std::string other(std::string_view type_name);
std::string unreadable();
std::string list(const std::vector<std::string>& items, std::uint8_t flags = 0,
                 std::uint8_t type = ASPIS_VALUE_LIST);
std::string tuple(const std::vector<std::string>& items);

/// Headers of process 812, `cat`, started by Python.
aspis_event head(aspis_kind kind);
aspis_path path(std::string_view text, std::uint16_t flags = 0);
Wire file_event(aspis_kind kind, std::string_view path, std::string_view other = {},
                const aspis_file_event& fields = {});
Wire python_event(std::string_view name, const std::vector<std::string>& values);

/// cat[812], its parent python3[799], and what made it run.
std::shared_ptr<const Process> cat();
std::shared_ptr<const Process> python();
std::shared_ptr<const Cause> popen_cause();

/// A record that owns all it points to. Not movable, as it points into itself.
class Sample {
 public:
  /// Of an event; `wire` must decode.
  Sample(std::string_view title, Wire wire);
  /// Of a notice.
  Sample(std::string_view title, aspis_kind kind);
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;

  Event& event() { return event_; }

  std::string title;  ///< what the example shows
  Loss loss;
  Summary summary;
  InterpreterNotice interpreter;
  TamperNotice tamper;
  LogNotice log;
  AgentNotice agent;
  Record record;

 private:
  Wire wire_;
  Event event_;
};

/// At least one of each kind; together they have every field that outputs know.
std::vector<std::unique_ptr<Sample>> all();

}  // namespace aspis::sample
