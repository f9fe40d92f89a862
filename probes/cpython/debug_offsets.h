// SPDX-License-Identifier: Apache-2.0
// From 3.13 on, CPython says in its own file where its fields are: the struct _Py_DebugOffsets,
// with which _PyRuntime begins.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "bpf/abi/python_frames.h"
#include "probes/cpython/find.h"
#include "probes/elf/elf_file.h"

namespace aspis::cpython {

/// What the frame walker needs of it. Offsets in bytes, each checked to be a possible one.
struct DebugOffsets {
  int minor = 0;  ///< of CPython 3
  bool free_threaded = false;
  std::uint16_t thread_current_frame = 0, thread_id = 0;
  std::uint16_t frame_previous = 0, frame_executable = 0, frame_instr_ptr = 0, frame_owner = 0;
  std::uint16_t frame_tlbc_index = 0;  ///< 0: bytecode is not copied for each thread
  std::uint16_t code_filename = 0, code_qualname = 0, code_linetable = 0, code_firstlineno = 0;
  std::uint16_t code_adaptive = 0, code_tlbc = 0;
  std::uint16_t object_type = 0, type_name = 0, type_flags = 0;
  std::uint16_t tuple_items = 0, tuple_size = 0, list_items = 0, float_value = 0;
  std::uint16_t long_tag = 0, long_digits = 0, bytes_size = 0, bytes_data = 0;
  std::uint16_t str_state = 0, str_length = 0, str_ascii_size = 0;
};

/// Reads the words of the struct; `word` gives the one with this index, nothing where there is
/// none. Nothing, and `reason` set, if these are not offsets of a known version.
std::optional<DebugOffsets> parse_debug_offsets(
    const std::function<std::optional<std::uint64_t>(std::size_t index)>& word,
    std::string& reason);

/// The same of the interpreter in a file.
std::optional<DebugOffsets> read_debug_offsets(const elf::ElfFile& file, std::string& reason);

/// Where CPython 3.`minor` in this file, 3.13 or later, says that it keeps its frames.
Result<aspis_python_frames> frames_in(const elf::ElfFile& file, int minor,
                                      const aspis_python_layout& objects);

/// Where an interpreter keeps its frames: what its file says, else the table's row. `objects`: the
/// layout of its objects. Fails with why its frames cannot be walked.
Result<aspis_python_frames> frames_of(const Interpreter& interpreter,
                                      const aspis_python_layout& objects);

}  // namespace aspis::cpython
