// SPDX-License-Identifier: Apache-2.0
// What Prometheus is told. As an output it counts all records; the rest it asks of the session.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "agent/output/output.h"
#include "agent/watch/session.h"

namespace aspis {

/// What is known elsewhere, as of now.
struct MetricsContext {
  std::map<std::string, std::size_t> profiles;  ///< by mode
  std::uint64_t reloads = 0, refusals = 0;      ///< of the policy: in force, refused
  bool refused = false;                         ///< the last one
  std::size_t tails = 0;
  std::uint64_t tail_lost = 0;  ///< events that tails were too slow for
};

class Metrics : public Output {
 public:
  /// Label values are bounded: types and verdicts are those of the events reference, profiles those
  /// that were in force, at most `profiles_max`; further ones count as "other".
  explicit Metrics(std::size_t profiles_max = 1000) : profiles_max_(profiles_max) {}

  bool wants(const Record&) override { return true; }
  void emit(const Record& record) override;
  Result<> close(const Summary&, std::uint64_t, std::chrono::milliseconds) override { return {}; }

  /// The page, as text of version 0.0.4.
  [[nodiscard]] std::string page(const Session& session, const MetricsContext& context) const;

 private:
  static constexpr std::size_t kVerdictCount = 3;
  static constexpr std::size_t kCorrelationCount =
      static_cast<std::size_t>(Correlation::kMismatch) + 1;
  std::array<std::uint64_t, ASPIS_KIND_COUNT> events_{};
  /// By profile and kind: what profiles reported, by verdict.
  std::map<std::pair<std::string, unsigned>, std::array<std::uint64_t, kVerdictCount>> reported_;
  std::array<std::uint64_t, kCorrelationCount> correlated_{};
  std::set<std::string> profiles_;  ///< that have labels of their own
  Loss lost_;
  std::size_t profiles_max_;
  std::uint64_t started_ = boot_time();
};

}  // namespace aspis
