// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/layouts.h"

namespace aspis::cpython {
namespace {

// What is the same in every version: digits of 30 bits (Include/cpython/longintrepr.h), and the
// tag's low bits, 0 positive, 1 zero, 2 negative (3.14 adds bit 2, which the mask leaves out).
constexpr unsigned kDigitBits = 30;
constexpr unsigned kTagShift = 3, kSignMask = 3, kSignZero = 1, kSignNegative = 2;

constexpr aspis_python_layout kLayouts[] = {
#define ASPIS_LAYOUT(major_, minor_, free_, ob_type_, ob_size_, name_, flags_, length_, state_, \
                     kind_, compact_bit_, ascii_bit_, ascii_, compact_, pointer_, form_,        \
                     int_size_, digits_, bytes_, float_, tuple_, list_)                         \
  {.ob_type = ob_type_,                                                                         \
   .ob_size = ob_size_,                                                                         \
   .type_name = name_,                                                                          \
   .type_flags = flags_,                                                                        \
   .str_length = length_,                                                                       \
   .str_state = state_,                                                                         \
   .str_ascii_data = ascii_,                                                                    \
   .str_compact_data = compact_,                                                                \
   .str_data_pointer = pointer_,                                                                \
   .pad0 = 0,                                                                                   \
   .str_compact_mask = 1U << (compact_bit_),                                                    \
   .str_ascii_mask = 1U << (ascii_bit_),                                                        \
   .str_kind_shift = kind_,                                                                     \
   .int_form = form_,                                                                           \
   .int_size = int_size_,                                                                       \
   .int_digits = digits_,                                                                       \
   .int_digit_bits = kDigitBits,                                                                \
   .int_tag_shift = kTagShift,                                                                  \
   .int_sign_mask = kSignMask,                                                                  \
   .int_sign_zero = kSignZero,                                                                  \
   .int_sign_negative = kSignNegative,                                                          \
   .pad = 0,                                                                                    \
   .bytes_data = bytes_,                                                                        \
   .float_value = float_,                                                                       \
   .tuple_items = tuple_,                                                                       \
   .list_items = list_,                                                                         \
   .major = major_,                                                                             \
   .minor = minor_,                                                                             \
   .free_threaded = free_,                                                                      \
   .pad2 = 0},
#include "probes/cpython/layouts.def"
#undef ASPIS_LAYOUT
};

}  // namespace

const aspis_python_layout* layout_for(int major, int minor, bool free_threaded) {
  for (const aspis_python_layout& layout : kLayouts) {
    if (layout.major == major && layout.minor == minor &&
        (layout.free_threaded != 0) == free_threaded)
      return &layout;
  }
  return nullptr;
}

std::span<const aspis_python_layout> layouts() {
  return kLayouts;
}

}  // namespace aspis::cpython
