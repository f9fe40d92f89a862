// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/frames.h"

#include <cstdint>
#include <vector>

#include "probes/cpython/layouts.h"

namespace aspis::cpython {
namespace {

constexpr std::uint16_t kCodeHead = 16;  // behind PyObject_HEAD

// The table's rows with the layouts of the objects that they lead to.
std::vector<aspis_python_frames> make_rows() {
  std::vector<aspis_python_frames> rows;
#define ASPIS_FRAMES(major_, minor_, id_, thread_frame_, form_, cframe_, size_, code_, back_,   \
                     lasti_, lasti_form_, owner_, skip_, tag_, filename_, name_, line_, lines_, \
                     instructions_, mask_)                                                      \
  if (const aspis_python_layout* objects = layout_for(major_, minor_); objects != nullptr) {    \
    aspis_python_frames row{};                                                                  \
    row.objects = *objects;                                                                     \
    row.thread_id = id_, row.thread_frame = thread_frame_, row.cframe_frame = cframe_;          \
    row.form = form_, row.lasti_form = lasti_form_;                                             \
    row.frame_size = size_, row.frame_code = code_, row.frame_back = back_;                     \
    row.frame_lasti = lasti_, row.frame_owner = owner_;                                         \
    row.owner_skip = skip_, row.code_tag = tag_;                                                \
    row.code_head = kCodeHead, row.code_mask = mask_;                                           \
    row.code_filename = filename_, row.code_name = name_, row.code_first_line = line_;          \
    row.code_lines = lines_, row.code_instructions = instructions_;                             \
    rows.push_back(row);                                                                        \
  }
#include "probes/cpython/frames.def"
#undef ASPIS_FRAMES
  return rows;
}

}  // namespace

std::span<const aspis_python_frames> frames() {
  static const std::vector<aspis_python_frames> rows = make_rows();
  return rows;
}

const aspis_python_frames* frames_for(int major, int minor) {
  for (const aspis_python_frames& row : frames()) {
    if (row.objects.major == major && row.objects.minor == minor) return &row;
  }
  return nullptr;
}

}  // namespace aspis::cpython
