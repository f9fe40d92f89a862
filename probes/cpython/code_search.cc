// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/code_search.h"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace aspis::cpython {
namespace {

using elf::ElfFile;
using elf::Piece;

constexpr std::size_t kCallsMax = 8;  // PySys_Audit and _PySys_Audit have one each
constexpr std::uint64_t kFunctionMax = 4096;
// What no build comes near, and a file made to waste our time exceeds.
constexpr std::size_t kTextsMax = 256;
constexpr std::size_t kMethodsMax = 256;

/// Target of the `call rel32` at `at` in the piece; 0 if there is none.
std::uint64_t call_target(const Piece& piece, std::size_t at) {
  if (piece.bytes[at] != '\xe8' || piece.bytes.size() - at < kCallLength) return 0;
  const auto relative = load<std::int32_t>(piece.bytes, at + 1);
  return piece.address + at + kCallLength + static_cast<std::uint64_t>(std::int64_t{relative});
}

/// Whether the instructions before a call set up a va_list: its first member is 16 or 24 (the
/// registers that the named arguments took), its second 48 (System V ABI, section 3.5.7).
bool makes_va_list(const Piece& piece, std::size_t call) {
  constexpr std::size_t kBefore = 256;
  const std::size_t from = call < kBefore ? 0 : call - kBefore;
  const std::string_view before = std::string_view(piece.bytes).substr(from, call - from);
  const auto has = [&](char number) {
    const char word[] = {number, 0, 0, 0};
    return before.find(std::string_view(word, sizeof(word))) != std::string_view::npos;
  };
  return (has(16) || has(24)) && has(48);
}

/// Addresses at which the text "audit" ends a string of constants; none if there are too many.
std::vector<std::uint64_t> audit_texts(const ElfFile& file) {
  constexpr std::string_view kText("audit\0", 6);
  std::vector<std::uint64_t> found;
  for (const Piece& piece : file.constants()) {
    for (std::size_t at = piece.bytes.find(kText); at != std::string::npos;
         at = piece.bytes.find(kText, at + 1)) {
      if (found.size() == kTextsMax) return {};
      found.push_back(piece.address + at);
    }
  }
  return found;
}

}  // namespace

const Piece* piece_of(std::span<const Piece> pieces, std::uint64_t address) {
  for (const Piece& piece : pieces)
    if (piece.contains(address)) return &piece;
  return nullptr;
}

std::string_view bytes_from(std::span<const Piece> pieces, std::uint64_t address) {
  const Piece* piece = piece_of(pieces, address);
  return piece == nullptr ? std::string_view()
                          : std::string_view(piece->bytes)
                                .substr(static_cast<std::size_t>(address - piece->address));
}

std::uint64_t find_tstate_function(std::span<const Piece> code, const Elf64_Sym& symbol) {
  const Piece* piece = piece_of(code, symbol.st_value);
  if (piece == nullptr || symbol.st_size > kFunctionMax) return 0;
  const auto begin = static_cast<std::size_t>(symbol.st_value - piece->address);
  const std::size_t end =
      std::min(begin + static_cast<std::size_t>(symbol.st_size), piece->bytes.size());
  std::uint64_t found = 0;
  for (std::size_t at = begin; at + kCallLength <= end; ++at) {
    const std::uint64_t target = call_target(*piece, at);
    if (target != 0 && piece_of(code, target) != nullptr && makes_va_list(*piece, at))
      found = target;
  }
  return found;
}

std::vector<std::uint64_t> find_calls(std::span<const Piece> code, std::uint64_t function) {
  std::vector<std::uint64_t> calls;
  for (const Piece& piece : code) {
    for (std::size_t at = piece.bytes.find('\xe8'); at != std::string::npos;
         at = piece.bytes.find('\xe8', at + 1)) {
      if (call_target(piece, at) != function) continue;
      if (!makes_va_list(piece, at) || calls.size() == kCallsMax) return {};
      calls.push_back(piece.address + at);
    }
  }
  return calls;
}

std::uint64_t find_sys_audit(const ElfFile& file, std::span<const Piece> code) {
  constexpr std::uint32_t kFastCall = 0x80;  // METH_FASTCALL (Include/methodobject.h)
  const auto texts = audit_texts(file);
  if (texts.empty()) return 0;
  std::unordered_map<std::uint64_t, std::uint64_t> relative;  // place → value
  for (const auto& one : file.relatives()) relative.emplace(one.place, one.value);
  std::uint64_t found = 0;
  std::size_t looked_at = 0;
  for (const Piece& piece : file.data()) {
    const auto word = [&](std::size_t at) {
      const auto relocated = relative.find(piece.address + at);
      return relocated != relative.end() ? relocated->second : load<std::uint64_t>(piece.bytes, at);
    };
    for (std::size_t at = (8 - piece.address % 8) % 8; at + 24 <= piece.bytes.size(); at += 8) {
      if (std::find(texts.begin(), texts.end(), word(at)) == texts.end()) continue;
      if (++looked_at > kMethodsMax) return 0;
      const std::uint64_t function = word(at + 8);
      if (piece_of(code, function) == nullptr ||
          load<std::uint32_t>(piece.bytes, at + 16) != kFastCall)
        continue;
      if (found != 0 && found != function) return 0;
      found = function;
    }
  }
  return found;
}

bool is_loaded(const ElfFile& file, std::span<const Piece> code, std::uint64_t address) {
  constexpr std::size_t kCompared = 8;
  const std::string_view bytes = bytes_from(code, address).substr(0, kCompared);
  return !bytes.empty() && file.bytes_at(address, bytes.size()) == bytes;
}

}  // namespace aspis::cpython
