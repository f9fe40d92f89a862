// SPDX-License-Identifier: Apache-2.0
// Who does how much: counts by process and by profile, for whoever looks (aspis top).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "agent/event/bounded_map.h"
#include "agent/output/formatter.h"
#include "agent/output/output.h"

namespace aspis {

class Activity : public Output {
 public:
  using Json = nlohmann::json;

  /// At most so many processes are known; those that were quiet for longest go. `formatter`: of the
  /// lines that are kept of what profiles report.
  explicit Activity(std::unique_ptr<Formatter> formatter, std::size_t processes_max = 4096)
      : formatter_(std::move(formatter)), processes_(processes_max) {}

  bool wants(const Record&) override { return true; }
  void emit(const Record& record) override;
  Result<> close(const Summary&, std::uint64_t, std::chrono::milliseconds) override { return {}; }

  /// {"time": ns of CLOCK_BOOTTIME, "counts": {"events":, "denied":, "complained":}, "lost":,
  /// "processes": [{"pid":, "start":, "exe":, "profile":, "container":, "python":, "counts":}],
  /// "profiles": {NAME: counts}}; of processes the `limit` that did something last.
  [[nodiscard]] Json snapshot(std::uint64_t now, std::size_t limit);
  /// Lines of what profiles reported last, the newest last: of one process, or of one profile, or
  /// of all (pid 0 and an empty name).
  [[nodiscard]] Json recent(std::uint32_t pid, const std::string& profile) const;

 private:
  struct Counts {
    std::uint64_t events = 0, denied = 0, complained = 0;
    [[nodiscard]] Json json() const;
    void add(const Record& record);
  };
  struct Row {
    std::shared_ptr<const Process> process;
    std::shared_ptr<const Container> container;
    std::string profile;
    Counts counts;
  };
  struct Hash {
    std::size_t operator()(const ProcessId& id) const {
      return std::hash<std::uint64_t>()(id.start * 0x9e3779b97f4a7c15 + id.pid);
    }
  };
  struct Reported {
    std::uint32_t pid;
    std::string profile, line;
  };
  static constexpr std::size_t kProfilesMax = 4096, kReportedMax = 512;

  std::unique_ptr<Formatter> formatter_;
  Counts all_;
  std::uint64_t lost_ = 0;
  BoundedMap<ProcessId, Row, Hash> processes_;
  std::map<std::string, Counts> profiles_;
  std::deque<Reported> reported_;
};

}  // namespace aspis
