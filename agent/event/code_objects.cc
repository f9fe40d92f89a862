// SPDX-License-Identifier: Apache-2.0
#include "agent/event/code_objects.h"

#include <cstring>
#include <string_view>

#include "agent/event/value.h"
#include "probes/cpython/line_table.h"

namespace aspis {
namespace {

// A Python str of code units as a name in the system's encoding.
Result<std::string> text(std::string_view units, std::uint8_t unit, const char* what) {
  if ((unit != 1 && unit != 2 && unit != 4) || units.size() % unit != 0)
    return fail(std::string(what) + ": no string of code units");
  Value value;
  value.type = ASPIS_VALUE_STR;
  value.flags = unit;
  value.bytes = units;
  return value_fsencode(value).value_or("");
}

}  // namespace

std::optional<int> CodeObject::line(int lasti) const {
  return cpython::line_of({minor, first_line, lines, lines_cut}, lasti);
}

Result<CodeObject> decode_code(std::span<const std::byte> record, std::uint64_t& id) {
  aspis_code raw;
  if (record.size() < sizeof(raw)) return fail("code: no room for the head");
  std::memcpy(&raw, record.data(), sizeof(raw));
  if (raw.kind != ASPIS_KIND_CODE) return fail("code: of another kind");
  std::string_view tail(reinterpret_cast<const char*>(record.data()), record.size());
  tail.remove_prefix(sizeof(raw));
  const std::size_t wanted = std::size_t{raw.file_len} + raw.name_len + raw.lines_len;
  if (raw.size != record.size() || wanted > tail.size())
    return fail("code: " + std::to_string(wanted) + " bytes announced, " +
                std::to_string(tail.size()) + " left");
  CodeObject object;
  object.file = TRY(text(tail.substr(0, raw.file_len), raw.file_unit, "code: file"));
  object.function = TRY(text(tail.substr(raw.file_len, raw.name_len), raw.name_unit, "code: name"));
  object.lines = tail.substr(raw.file_len + raw.name_len, raw.lines_len);
  object.file_cut = (raw.cut & ASPIS_CODE_FILE_CUT) != 0;
  object.lines_cut = (raw.cut & ASPIS_CODE_LINES_CUT) != 0;
  object.major = raw.major;
  object.minor = raw.minor;
  object.first_line = static_cast<int>(raw.first_line);
  object.pid = raw.pid;
  object.root_dev = raw.root_dev;
  object.root_ino = raw.root_ino;
  id = raw.id;
  return object;
}

}  // namespace aspis
