// SPDX-License-Identifier: Apache-2.0
#include "agent/metrics/exposition.h"

#include <charconv>

namespace aspis {

void Exposition::family(const MetricFamily& family) {
  name_ = family.name;
  text_ += "# HELP " + name_ + " ";
  text_ += family.help;
  text_ += "\n# TYPE " + name_ + " ";
  text_ += family.type;
  text_ += '\n';
}

void Exposition::begin(Labels labels) {
  text_ += name_;
  char separator = '{';
  for (const auto& [name, value] : labels) {
    text_ += separator;
    text_ += name;
    text_ += "=\"";
    for (const char c : value) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n')
        text_ += "\\n";
      else
        text_ += c;
    }
    text_ += '"';
    separator = ',';
  }
  if (separator == ',') text_ += '}';
  text_ += ' ';
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  begin(labels);
  text_ += std::to_string(value) + "\n";
}

void Exposition::sample(Labels labels, double value) {
  begin(labels);
  char digits[64];
  text_.append(digits, std::to_chars(digits, digits + sizeof(digits), value).ptr);
  text_ += '\n';
}

}  // namespace aspis
