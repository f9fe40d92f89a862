// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json_values.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "agent/event/value.h"
#include "agent/output/json_text.h"
#include "probes/cpython/audit_events.h"

namespace aspis {
namespace {

/// Where a value is, as a chain up to its argument; rendered only when it turns out to be cut.
struct Place {
  const Place* parent;
  std::string_view name;  ///< of an argument
  std::size_t index = 0;  ///< of an element

  void append(std::string& out) const {
    if (parent == nullptr) {
      out += "args.";
      out += name;
      return;
    }
    parent->append(out);
    out += '[';
    out += std::to_string(index);
    out += ']';
  }
};

class ArgumentsWriter {
 public:
  ArgumentsWriter(ArgumentsJson& out, const ValueLimits& limits)
      : out_(out), limits_(limits), json_(out.args) {}

  void write(const PythonPayload& payload);

 private:
  void value(const Value& value, const Place& place, std::string_view key);
  void integer(const Value& value);
  void floating(const Value& value);
  bool text(const Value& value);
  bool bytes(const Value& value);
  bool items(const Value& value, const Place& place);
  void cut(std::string_view place);
  [[nodiscard]] bool full() const { return out_.args.size() >= limits_.total; }
  [[nodiscard]] std::size_t text_limit() const { return full() ? 0 : limits_.text; }

  ArgumentsJson& out_;
  const ValueLimits& limits_;
  JsonWriter json_;
};

void ArgumentsWriter::write(const PythonPayload& payload) {
  const auto names = cpython::documented_argument_names(payload.name);
  json_.open();
  for (std::size_t i = 0; i < payload.values.size(); ++i) {
    const std::string index = std::to_string(i);
    const std::string_view name = i < names.size() ? names[i] : std::string_view(index);
    value(payload.values[i], Place{nullptr, name}, name);
  }
  json_.close();
  if (payload.name_cut) cut("event");
  if (payload.args > payload.values.size()) cut("args");
  if (!out_.cut.empty()) out_.cut += ']';
}

void ArgumentsWriter::cut(std::string_view place) {
  out_.cut += out_.cut.empty() ? '[' : ',';
  append_json_string(out_.cut, place);
}

void ArgumentsWriter::value(const Value& value, const Place& place, std::string_view key) {
  json_.begin(key);
  bool whole = !value.cut();
  std::string& out = out_.args;
  switch (value.type) {
    case ASPIS_VALUE_NONE:
      out += "null";
      break;
    case ASPIS_VALUE_BOOL:
      out += value_int(value) == 1 ? "true" : "false";
      break;
    case ASPIS_VALUE_INT:
      integer(value);
      break;
    case ASPIS_VALUE_FLOAT:
      floating(value);
      break;
    case ASPIS_VALUE_STR:
      whole &= text(value);
      break;
    case ASPIS_VALUE_BYTES:
      whole &= bytes(value);
      break;
    case ASPIS_VALUE_TUPLE:
    case ASPIS_VALUE_LIST:
      whole &= items(value, place);
      break;
    case ASPIS_VALUE_OTHER:
      out += "{\"type\":";
      append_json_string(out, value.bytes);
      out += '}';
      break;
    default:
      out += "{\"unreadable\":true}";
  }
  if (!whole) {
    std::string path;
    place.append(path);
    cut(path);
  }
}

void ArgumentsWriter::integer(const Value& value) {
  std::string& out = out_.args;
  const bool negative = (value.flags & ASPIS_VALUE_NEGATIVE) != 0;
  const std::string magnitude = std::to_string(value_magnitude(value));
  if (value.cut()) {
    out +=
        negative ? "{\"int\":\"cut\",\"negative\":true,\"low64\":" : "{\"int\":\"cut\",\"low64\":";
    out += magnitude + '}';
  } else {
    if (negative) out += '-';
    out += magnitude;
  }
}

void ArgumentsWriter::floating(const Value& value) {
  std::string& out = out_.args;
  const double number = value_float(value);
  if (std::isnan(number)) {
    out += "{\"float\":\"nan\"}";
  } else if (std::isinf(number)) {
    out += number > 0 ? "{\"float\":\"inf\"}" : "{\"float\":\"-inf\"}";
  } else {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    const std::string_view shortest(digits, static_cast<std::size_t>(end - digits));
    out += shortest;
    if (shortest.find_first_of(".e") == std::string_view::npos) out += ".0";
  }
}

bool ArgumentsWriter::text(const Value& value) {
  std::string& out = out_.args;
  std::size_t left = text_limit();
  CodeUnits units = code_units(value);
  out += '"';
  for (; !units.bytes.empty() && left > 0; --left) append_json_code_point(out, units.next());
  out += '"';
  return units.bytes.empty();
}

bool ArgumentsWriter::bytes(const Value& value) {
  std::string& out = out_.args;
  const std::string_view kept = value.bytes.substr(0, text_limit());
  out += "{\"bytes\":\"";
  for (char byte : kept) append_json_byte(out, static_cast<unsigned char>(byte));
  out += "\"}";
  return kept.size() == value.bytes.size();
}

bool ArgumentsWriter::items(const Value& value, const Place& place) {
  json_.out() += '[';
  std::size_t i = 0;
  for (; i < value.items.size() && i < limits_.items && !full(); ++i) {
    this->value(value.items[i], Place{&place, {}, i}, {});
  }
  json_.out() += ']';
  return i == value.items.size();
}

}  // namespace

ArgumentsJson arguments_json(const PythonPayload& payload, const ValueLimits& limits) {
  ArgumentsJson out;
  ArgumentsWriter(out, limits).write(payload);
  return out;
}

void serialise_cause(const PythonPayload& payload, Cause& cause) {
  ArgumentsJson json = arguments_json(payload, kCauseLimits);
  cause.args = std::move(json.args);
  cause.cut = std::move(json.cut);
}

}  // namespace aspis
