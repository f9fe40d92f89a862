// SPDX-License-Identifier: Apache-2.0
#include <unordered_map>

#include "probes/cpython/layouts.h"

namespace aspis::cpython {
namespace {

/// A type object in the file (Include/cpython/object.h: struct _typeobject).
class Type {
 public:
  Type(const elf::ElfFile& file, const std::unordered_map<std::uint64_t, std::uint64_t>& relative,
       const aspis_python_layout& layout, std::uint64_t address)
      : file_(file), relative_(relative), layout_(layout), address_(address) {}

  [[nodiscard]] std::string name() const {
    const std::uint64_t place = address_ + layout_.type_name;
    const auto relocated = relative_.find(place);
    const std::uint64_t text =
        relocated != relative_.end() ? relocated->second : file_.word_at(place).value_or(0);
    const auto bytes = file_.bytes_at(text, kNameMax);
    return bytes ? bytes->substr(0, bytes->find('\0')) : std::string();
  }
  /// Bytes of an object: tp_basicsize, the word after tp_name.
  [[nodiscard]] std::uint64_t size() const {
    return file_.word_at(address_ + layout_.type_name + 8).value_or(0);
  }
  [[nodiscard]] std::uint64_t flags() const {
    return file_.word_at(address_ + layout_.type_flags).value_or(0);
  }

 private:
  static constexpr std::uint64_t kNameMax = 8;

  const elf::ElfFile& file_;
  const std::unordered_map<std::uint64_t, std::uint64_t>& relative_;
  const aspis_python_layout& layout_;
  std::uint64_t address_;
};

struct Expected {
  std::string_view symbol, name;
  std::uint64_t flag;  ///< of tp_flags; 0: none
  std::uint64_t size;  ///< by the layout
};

}  // namespace

std::string layout_problem(const elf::ElfFile& file, const aspis_python_layout& layout) {
  const Expected expected[] = {
      // the text of one that is not compact is its last member
      {"PyUnicode_Type", "str", ASPIS_PYTHON_UNICODE, layout.str_data_pointer + 8U},
      // ob_sval[1], an end of items, is the last member
      {"PyBytes_Type", "bytes", ASPIS_PYTHON_BYTES, layout.bytes_data + 1U},
      {"PyTuple_Type", "tuple", ASPIS_PYTHON_TUPLE, layout.tuple_items},
      {"PyList_Type", "list", ASPIS_PYTHON_LIST, layout.list_items + 16U},
      {"PyLong_Type", "int", ASPIS_PYTHON_LONG, layout.int_digits},
      {"PyFloat_Type", "float", 0, layout.float_value + 8U},
  };
  std::vector<std::string_view> names;
  for (const Expected& one : expected) names.push_back(one.symbol);
  const auto symbols = file.exports(names);
  std::unordered_map<std::uint64_t, std::uint64_t> relative;
  for (const elf::Relative& one : file.relatives()) relative.emplace(one.place, one.value);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Expected& one = expected[i];
    if (!symbols[i]) return std::string(one.symbol) + " is not exported";
    const Type type(file, relative, layout, symbols[i]->st_value);
    if (type.name() != one.name)
      return std::string(one.symbol) + " is not named " + std::string(one.name);
    if ((type.flags() & one.flag) != one.flag)
      return std::string(one.symbol) + " has other flags than expected";
    if (type.size() != one.size)
      return "objects of type " + std::string(one.name) + " have " + std::to_string(type.size()) +
             " bytes, not " + std::to_string(one.size);
  }
  return {};
}

}  // namespace aspis::cpython
