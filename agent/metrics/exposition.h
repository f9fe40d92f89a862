// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format, version 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "agent/metrics/families.h"

namespace aspis {

class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// Begins a family; its samples follow.
  void family(const MetricFamily& family);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);
  /// A family of one sample without labels.
  template <class T>
  void one(const MetricFamily& only, T value) {
    family(only);
    sample({}, value);
  }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void begin(Labels labels);
  std::string text_, name_;
};

}  // namespace aspis
