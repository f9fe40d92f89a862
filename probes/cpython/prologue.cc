// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/prologue.h"

#include <cstring>

namespace aspis::cpython {
namespace {

constexpr std::size_t kSearched = 96;  // bytes

/// What one instruction does, as far as it matters here.
struct Step {
  std::size_t length = 0;    ///< 0: not understood
  std::uint32_t pushed = 0;  ///< bytes of stack
  unsigned changed = 0;      ///< ArgumentRegister
  bool emulated = false;
};

/// By the number of a register in an instruction: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9 …
unsigned argument_register(unsigned number) {
  switch (number) {
    case 1:
      return kRcx;
    case 2:
      return kRdx;
    case 6:
      return kRsi;
    case 7:
      return kRdi;
    case 8:
      return kR8;
    case 9:
      return kR9;
    default:
      return 0;
  }
}

class Reader {
 public:
  explicit Reader(std::string_view code) : code_(code) {}

  [[nodiscard]] unsigned at(std::size_t index) const {
    return index < code_.size() ? static_cast<unsigned char>(code_[index]) : 0x06;  // no opcode
  }
  [[nodiscard]] std::uint32_t word(std::size_t index) const {
    std::uint32_t value = 0;
    if (index + sizeof(value) <= code_.size())
      std::memcpy(&value, code_.data() + index, sizeof(value));
    return value;
  }
  [[nodiscard]] bool begins(std::string_view bytes) const { return code_.starts_with(bytes); }

 private:
  std::string_view code_;
};

/// Bytes of a ModRM operand, the byte itself, a SIB byte and the displacement included.
std::size_t operand_length(const Reader& code, std::size_t index) {
  const unsigned mod = code.at(index) >> 6, rm = code.at(index) & 7;
  if (mod == 3) return 1;
  const std::size_t sib = rm == 4 ? 1 : 0;
  if (mod == 1) return 2 + sib;
  if (mod == 2) return 5 + sib;
  if (rm == 5 || (sib == 1 && (code.at(index + 1) & 7) == 5)) return 5 + sib;
  return 1 + sib;
}

/// With one operand in a ModRM byte at `index`, behind a REX prefix or none (rex 0).
Step step_modrm(const Reader& code, std::size_t index, unsigned rex) {
  const unsigned opcode = code.at(index), modrm = code.at(index + 1);
  const unsigned reg = (modrm >> 3 & 7) | (rex & 4) << 1, rm = (modrm & 7) | (rex & 1) << 3;
  const bool direct = modrm >> 6 == 3;
  Step step;
  const std::size_t length = index + 1 + operand_length(code, index + 1);
  switch (opcode) {
    case 0x89:  // mov reg → r/m
      step.changed = direct ? argument_register(rm) : 0;
      step.length = length;
      break;
    case 0x8b:  // mov r/m → reg
    case 0x8d:  // lea
      step.changed = argument_register(reg);
      step.length = length;
      break;
    case 0x31:  // xor reg → r/m
    case 0x33:
      if (direct) {
        step.changed = argument_register(rm) | argument_register(reg);
        step.length = length;
      }
      break;
    case 0x84:  // test
    case 0x85:
    case 0x38:  // cmp
    case 0x39:
    case 0x3b:
      step.length = length;
      break;
    case 0x80:  // group 1 with an immediate byte
    case 0x83:
      if ((modrm >> 3 & 7) == 7) step.length = length + 1;  // cmp
      if (modrm == 0xec && opcode == 0x83) {                // sub imm8, %rsp
        step.length = length + 1;
        step.pushed = code.at(length);
      }
      break;
    case 0x81:
      if ((modrm >> 3 & 7) == 7) step.length = length + 4;
      if (modrm == 0xec) {
        step.length = length + 4;
        step.pushed = code.word(length);
      }
      break;
    case 0xc7:  // mov imm32 → r/m
      if (!direct) step.length = length + 4;
      break;
    default:
      break;
  }
  return step;
}

Step step_at(std::string_view bytes) {
  const Reader code(bytes);
  Step step;
  if (code.begins("\xf3\x0f\x1e\xfa")) {  // endbr64
    step.length = 4;
    return step;
  }
  if (code.begins(std::string_view("\x64\x48\x8b\x04\x25\x28\0\0\0", 9))) {  // mov %fs:0x28, %rax
    step.length = 9;
    return step;
  }
  const unsigned first = code.at(0);
  const unsigned rex = (first & 0xf0) == 0x40 ? first : 0;
  const std::size_t index = rex != 0 ? 1 : 0;
  const unsigned opcode = code.at(index);
  if ((opcode & 0xf8) == 0x50) return {index + 1, 8, 0, true};  // push
  const bool jump = (opcode & 0xf0) == 0x70 || opcode == 0xeb || opcode == 0xe8 || opcode == 0xe9;
  const bool far_jump = opcode == 0x0f && (code.at(index + 1) & 0xf0) == 0x80;
  if (rex == 0 && (jump || far_jump || opcode == 0x90)) return {1, 0, 0, true};
  return step_modrm(code, index, rex);
}

}  // namespace

PrologueSite find_prologue_site(std::string_view code, unsigned needed) {
  PrologueSite site;
  site.stack = 8;  // the return address
  std::string_view rest = code.substr(0, kSearched);
  while (!rest.empty()) {
    const Step step = step_at(rest);
    if (step.emulated) return site;
    if (step.length == 0 || step.length > rest.size() || (step.changed & needed) != 0) break;
    site.offset += static_cast<std::uint32_t>(step.length);
    site.stack += step.pushed;
    rest.remove_prefix(step.length);
  }
  return {0, 8, false};
}

}  // namespace aspis::cpython
