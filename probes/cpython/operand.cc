// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/operand.h"

#include <sys/user.h>

#include <charconv>
#include <cstddef>

namespace aspis::cpython {
namespace {

struct Register {
  std::string_view name;
  std::size_t offset;
};

// struct pt_regs of the kernel begins as user_regs_struct does (arch/x86/include/asm/ptrace.h).
constexpr Register kRegisters[] = {
    {"rax", offsetof(user_regs_struct, rax)}, {"rbx", offsetof(user_regs_struct, rbx)},
    {"rcx", offsetof(user_regs_struct, rcx)}, {"rdx", offsetof(user_regs_struct, rdx)},
    {"rsi", offsetof(user_regs_struct, rsi)}, {"rdi", offsetof(user_regs_struct, rdi)},
    {"rbp", offsetof(user_regs_struct, rbp)}, {"rsp", offsetof(user_regs_struct, rsp)},
    {"r8", offsetof(user_regs_struct, r8)},   {"r9", offsetof(user_regs_struct, r9)},
    {"r10", offsetof(user_regs_struct, r10)}, {"r11", offsetof(user_regs_struct, r11)},
    {"r12", offsetof(user_regs_struct, r12)}, {"r13", offsetof(user_regs_struct, r13)},
    {"r14", offsetof(user_regs_struct, r14)}, {"r15", offsetof(user_regs_struct, r15)},
};

// Takes a number off the front; 0 if there is none.
std::int64_t take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc()) text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool parse_register(std::string_view text, aspis_operand& to) {
  if (!text.starts_with('%')) return false;
  for (const Register& one : kRegisters) {
    if (one.name != text.substr(1)) continue;
    to.regs = static_cast<__u32>(one.offset);
    return true;
  }
  return false;
}

}  // namespace

std::optional<aspis_operand> parse_operand(std::string_view text) {
  aspis_operand operand{};
  if (text.starts_with('$')) {
    text.remove_prefix(1);
    const std::size_t before = text.size();
    operand.form = ASPIS_OPERAND_CONSTANT;
    operand.offset = take_number(text);
    return text.empty() && before != 0 ? std::optional(operand) : std::nullopt;
  }
  operand.form = ASPIS_OPERAND_REGISTER;
  if (parse_register(text, operand)) return operand;
  operand.form = ASPIS_OPERAND_MEMORY;
  operand.offset = take_number(text);
  if (!text.starts_with('(') || !text.ends_with(')')) return std::nullopt;
  if (!parse_register(text.substr(1, text.size() - 2), operand)) return std::nullopt;
  return operand;
}

std::optional<std::vector<aspis_operand>> parse_operands(std::string_view arguments) {
  std::vector<aspis_operand> operands;
  while (!arguments.empty()) {
    const std::string_view one = arguments.substr(0, arguments.find(' '));
    arguments.remove_prefix(std::min(arguments.size(), one.size() + 1));
    std::string_view rest = one;
    const std::int64_t size = take_number(rest);
    if ((size != 8 && size != -8) || !rest.starts_with('@')) return std::nullopt;
    const auto operand = parse_operand(rest.substr(1));
    if (!operand) return std::nullopt;
    operands.push_back(*operand);
  }
  return operands;
}

}  // namespace aspis::cpython
