// SPDX-License-Identifier: Apache-2.0
// What the frames of Python stacks are: code objects, as the kernel side has sent them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "agent/event/bounded_map.h"
#include "base/result.h"
#include "bpf/abi/event.h"
#include "probes/cpython/site_directory.h"

namespace aspis {

/// One code object. Kept after the process that it was in has ended.
struct CodeObject {
  std::string file;      ///< co_filename, as os.fsencode gives it
  std::string function;  ///< the qualified name
  bool file_cut = false;
  int major = 0, minor = 0;  ///< of its CPython
  int first_line = 0;
  std::string lines;  ///< the line table
  bool lines_cut = false;
  std::uint32_t pid = 0;
  std::uint32_t root_dev = 0;  ///< root directory of the process, kernel encoding
  std::uint64_t root_ino = 0;
  std::optional<cpython::Distribution> distribution;  ///< of its file, once it was asked for

  /// Line of the instruction at byte `lasti`; nothing if it has none, or it cannot be known.
  [[nodiscard]] std::optional<int> line(int lasti) const;
};

/// Reads a record of kind ASPIS_KIND_CODE. Trusts no length.
Result<CodeObject> decode_code(std::span<const std::byte> record, std::uint64_t& id);

/// The code objects that frames may refer to, by id. The kernel side remembers fewer, so what it
/// still refers to is here.
class CodeObjects {
 public:
  static constexpr std::size_t kCapacity = 4UL * ASPIS_CODES_KNOWN;

  explicit CodeObjects(std::size_t capacity = kCapacity) : objects_(capacity) {}

  void insert(std::uint64_t id, CodeObject object) { objects_.insert(id, std::move(object)); }
  /// Null: it was lost, or forgotten.
  CodeObject* find(std::uint64_t id) { return objects_.find(id); }

 private:
  BoundedMap<std::uint64_t, CodeObject> objects_;
};

}  // namespace aspis
