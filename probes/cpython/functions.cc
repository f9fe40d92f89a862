// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/functions.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "probes/cpython/code_search.h"

namespace aspis::cpython {
namespace {

using elf::ElfFile;
using elf::Extent;
using elf::Piece;
using elf::UnwindTable;

// CPython has 300 thousand; a file made to waste our memory has more. The same of what is seldom
// run of one function: some hundred bytes, and jumps to it.
constexpr std::size_t kBranchesMax = std::size_t{1} << 21;
constexpr std::uint64_t kColdMax = std::uint64_t{1} << 16;
constexpr std::size_t kColdBranchesMax = 4096;

/// Length of the call or jump with a distance of 4 bytes that may begin here; 0: there is none.
std::size_t branch_length(std::string_view bytes, std::size_t at) {
  const char first = bytes[at];
  if (first == '\xe8' || first == '\xe9') return kCallLength;
  if (first == '\x0f' && at + 1 < bytes.size() && (bytes[at + 1] & '\xf0') == '\x80') return 6;
  return 0;
}

/// `movl $value, place`, the place being relative to rsp or rbp.
struct Store {
  bool by_rsp = false;
  std::int64_t place = 0;
  std::uint32_t value = 0;
};

std::optional<Store> store_at(std::string_view bytes, std::size_t at) {
  // c7, how the place is given, the place in 0, 1 or 4 bytes, the value (Intel SDM, volume 2, 2.1)
  const auto starts = [&](std::string_view with) { return bytes.substr(at).starts_with(with); };
  const auto made = [&](bool by_rsp, std::size_t length,
                        std::int64_t place) -> std::optional<Store> {
    if (bytes.size() - at < length + sizeof(std::uint32_t)) return std::nullopt;
    return Store{by_rsp, place, load<std::uint32_t>(bytes, at + length)};
  };
  if (starts(std::string_view("\xc7\x04\x24", 3))) return made(true, 3, 0);
  if (starts("\xc7\x44\x24")) return made(true, 4, load<std::int8_t>(bytes, at + 3));
  if (starts("\xc7\x84\x24")) return made(true, 7, load<std::int32_t>(bytes, at + 3));
  if (starts("\xc7\x45")) return made(false, 3, load<std::int8_t>(bytes, at + 2));
  if (starts("\xc7\x85")) return made(false, 6, load<std::int32_t>(bytes, at + 2));
  return std::nullopt;
}

}  // namespace

std::optional<Functions> Functions::of(const ElfFile& file, std::span<const Piece> code,
                                       std::uint64_t entry) {
  auto table = UnwindTable::read(file);
  if (!table) return std::nullopt;
  Functions functions(std::move(*table), code, file.constants());
  functions.entry_ = entry;
  if (!functions.collect()) return std::nullopt;
  return functions;
}

/// The call or jump with a distance of 4 bytes that may begin here. Not all that looks so is one,
/// as instructions are not told apart; but none is left out.
std::optional<Functions::Branch> Functions::branch_at(const Piece& piece, std::size_t at) {
  const std::size_t length = branch_length(piece.bytes, at);
  if (length == 0 || piece.bytes.size() - at < length) return std::nullopt;
  const std::uint64_t source = piece.address + at;
  const auto distance = std::int64_t{load<std::int32_t>(piece.bytes, at + length - 4)};
  return Branch{source, source + length + static_cast<std::uint64_t>(distance),
                piece.bytes[at] == '\xe8'};
}

bool Functions::collect() {
  for (const Piece& piece : code_) {
    for (std::size_t at = 0; at < piece.bytes.size(); ++at) {
      const auto branch = branch_at(piece, at);
      if (!branch || piece_of(code_, branch->target) == nullptr) continue;
      if (branches_.size() == kBranchesMax) return false;
      branches_.push_back(*branch);
    }
  }
  std::sort(branches_.begin(), branches_.end(), [](const Branch& one, const Branch& other) {
    return std::pair(one.target, one.source) < std::pair(other.target, other.source);
  });
  return true;
}

std::span<const Functions::Branch> Functions::branches_to(std::uint64_t begin,
                                                          std::uint64_t end) const {
  const auto before = [](const Branch& one, std::uint64_t target) { return one.target < target; };
  const auto first = std::lower_bound(branches_.begin(), branches_.end(), begin, before);
  return {first, std::lower_bound(first, branches_.end(), end, before)};
}

std::optional<Extent> Functions::owner_of_cold(const Extent& cold) const {
  const Piece* piece = piece_of(code_, cold.begin);
  const auto jumps = branches_to(cold.begin, cold.end);
  if (piece == nullptr || !piece->contains(cold.end - 1) || cold.end - cold.begin > kColdMax ||
      jumps.size() > kColdBranchesMax)
    return std::nullopt;
  std::set<std::uint64_t> from, back;  // beginnings of what jumps there, and of where it jumps to
  for (const Branch& one : jumps) {
    if (one.call || cold.contains(one.source)) continue;
    if (const auto other = table_.find(one.source)) from.insert(other->begin);
  }
  for (std::uint64_t address = cold.begin; address < cold.end; ++address) {
    const auto one = branch_at(*piece, static_cast<std::size_t>(address - piece->address));
    if (!one || one->call || cold.contains(one->target)) continue;
    if (const auto other = table_.find(one->target)) back.insert(other->begin);
  }
  std::vector<std::uint64_t> both;
  std::set_intersection(from.begin(), from.end(), back.begin(), back.end(),
                        std::back_inserter(both));
  return both.size() == 1 ? function_at(both.front()) : std::nullopt;
}

std::optional<Extent> Functions::function_at(std::uint64_t address) const {
  const auto extent = table_.find(address);
  if (!extent || extent->begin != address) return std::nullopt;
  return extent;
}

std::optional<Extent> Functions::function_of(std::uint64_t address) const {
  const auto extent = table_.find(address);
  if (!extent || extent->begin == entry_) return extent;
  const auto entering = branches_to(extent->begin, extent->begin + 1);
  const bool called =
      std::any_of(entering.begin(), entering.end(), [](const Branch& one) { return one.call; });
  return called ? extent : owner_of_cold(*extent);
}

std::vector<std::uint64_t> Functions::callers(const Extent& function) const {
  std::vector<std::uint64_t> found;
  for (const Branch& one : branches_to(function.begin, function.begin + 1))
    if (!function.contains(one.source)) found.push_back(one.source);
  return found;
}

bool Functions::is_variadic_after_three(const Extent& function) const {
  constexpr std::size_t kPrologueMax = 256;
  constexpr std::uint32_t kThreeOfSix = 3 * 8, kAllOfSix = 6 * 8;  // gp_offset, fp_offset
  const std::string_view bytes =
      bytes_from(code_, function.begin)
          .substr(0, std::min<std::uint64_t>(function.end - function.begin, kPrologueMax));
  const std::size_t asks = bytes.find("\x84\xc0");  // test %al,%al
  if (asks == std::string_view::npos) return false;
  std::vector<Store> first, second;
  for (std::size_t at = asks; at < bytes.size(); ++at) {
    const auto store = store_at(bytes, at);
    if (store && store->value == kThreeOfSix) first.push_back(*store);
    if (store && store->value == kAllOfSix) second.push_back(*store);
  }
  // both at once: the two words of a constant of 8 bytes
  if (bytes.substr(asks).find(std::string_view("\x18\0\0\0\x30\0\0\0", 8)) !=
      std::string_view::npos)
    return true;
  return first.size() == 1 && second.size() == 1 && first[0].by_rsp == second[0].by_rsp &&
         first[0].place + 4 == second[0].place;
}

bool Functions::passes_third(std::uint64_t call, bool (*accepts)(std::string_view)) const {
  constexpr std::size_t kBefore = 128;
  const Piece* piece = piece_of(code_, call);
  const auto caller = table_.find(call);
  if (piece == nullptr || !caller || !piece->contains(caller->begin)) return false;
  const auto begin = static_cast<std::size_t>(caller->begin - piece->address);
  const auto end = static_cast<std::size_t>(call - piece->address);
  const auto is_text = [&](std::uint64_t address) {
    const std::string_view rest = bytes_from(constants_, address);
    const std::size_t length = rest.find('\0');
    return length != std::string_view::npos && accepts(rest.substr(0, length));
  };
  for (std::size_t at = end - begin < kBefore ? begin : end - kBefore; at < end; ++at) {
    const std::string_view bytes = std::string_view(piece->bytes).substr(at, end - at);
    if (bytes.starts_with("\x31\xd2")) return true;        // xor %edx,%edx
    if (bytes.starts_with("\xba") && bytes.size() >= 5 &&  // mov $text,%edx
        is_text(load<std::uint32_t>(bytes, 1)))
      return true;
    if (bytes.starts_with("\x48\x8d\x15") && bytes.size() >= 7 &&  // lea text(%rip),%rdx
        is_text(piece->address + at + 7 +
                static_cast<std::uint64_t>(std::int64_t{load<std::int32_t>(bytes, 3)})))
      return true;
  }
  return false;
}

}  // namespace aspis::cpython
