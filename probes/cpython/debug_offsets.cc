// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/debug_offsets.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "base/fd.h"
#include "probes/cpython/frames.h"

namespace aspis::cpython {
namespace {

constexpr std::uint64_t kCookie = 0x79706775'62656478;  // "xdebugpy"
constexpr std::uint64_t kOffsetMax = 4096;              // no struct that is asked for is larger
constexpr int kFirstMinor = 13;
constexpr std::uint16_t kFirstVersionTagged = 14;  // frames hold references with tags from here on
constexpr std::uint8_t kTagBits = 3;
constexpr std::uint8_t kOwnedByInterpreter = 3;  // enum _frameowner: from here on, no Python code
constexpr std::uint32_t kTlsBytes = 512;  // the thread-local blocks of what a program begins with

// Takes members one after the other.
class Members {
 public:
  using Word = std::function<std::optional<std::uint64_t>(std::size_t)>;

  Members(const Word& word, std::size_t first) : word_(word), at_(first) {}
  void skip(std::size_t count) { at_ += count; }
  void take(std::uint16_t& to) {
    const auto value = word_(at_++);
    if (value && *value < kOffsetMax)
      to = static_cast<std::uint16_t>(*value);
    else
      good_ = false;
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  const Word& word_;
  std::size_t at_;
  bool good_ = true;
};

bool take_all(Members& members, DebugOffsets& to) {
  switch (to.minor) {
#define SKIP(count) members.skip(count);
#define TAKE(name) members.take(to.name);
#define VERSION(number, ...) \
  case number:               \
    __VA_ARGS__              \
    return members.good();
#include "probes/cpython/debug_offsets.def"
#undef VERSION
#undef TAKE
#undef SKIP
    default:
      return false;
  }
}

// Every word that the walker reads of a frame or a code object lies in what it has read.
bool fits(const aspis_python_frames& row) {
  const auto in_frame = [](unsigned at) { return at % 8 == 0 && at + 8 <= ASPIS_FRAME_HEAD; };
  const auto in_code = [&](unsigned at, unsigned size) {
    return at >= row.code_head && at % size == 0 && at - row.code_head + size <= ASPIS_CODE_HEAD;
  };
  return in_frame(row.frame_code) && in_frame(row.frame_back) && in_frame(row.frame_lasti) &&
         in_frame(row.frame_tlbc) && row.frame_size < ASPIS_FRAME_HEAD &&
         row.frame_owner < row.frame_size && in_code(row.code_filename, 8) &&
         in_code(row.code_name, 8) && in_code(row.code_lines, 8) &&
         in_code(row.code_first_line, 4) && row.code_head % 8 == 0;
}

aspis_python_frames row_from(const DebugOffsets& from, const aspis_python_layout& objects) {
  aspis_python_frames row{};
  row.objects = objects;
  row.thread_id = from.thread_id;
  row.thread_frame = from.thread_current_frame;
  row.form = ASPIS_FRAMES_DIRECT;
  row.lasti_form = ASPIS_LASTI_POINTER;
  row.frame_code = from.frame_executable;
  row.frame_back = from.frame_previous;
  row.frame_lasti = from.frame_instr_ptr;
  row.frame_owner = from.frame_owner;
  row.owner_skip = kOwnedByInterpreter;
  row.code_tag = from.minor >= kFirstVersionTagged ? kTagBits : 0;
  const auto last = std::max({from.frame_executable, from.frame_previous, from.frame_instr_ptr,
                              from.frame_owner, from.frame_tlbc_index});
  row.frame_size = static_cast<std::uint16_t>(last / 8 * 8 + 8);
  row.frame_tlbc = from.frame_tlbc_index;
  row.code_head = from.tuple_size;  // where every object of variable size has its ob_size
  row.code_filename = from.code_filename;
  row.code_name = from.code_qualname;
  row.code_first_line = from.code_firstlineno;
  row.code_lines = from.code_linetable;
  row.code_instructions = from.code_adaptive;
  row.code_tlbc = from.code_tlbc;
  const unsigned words = (from.code_linetable - row.code_head) / 8U + 1;
  row.code_mask = static_cast<std::uint16_t>(words >= 16 ? 0xffff : (1U << words) - 1);
  row.tls_size = from.minor >= kFirstVersionTagged ? kTlsBytes : 0;
  return row;
}

}  // namespace

std::optional<DebugOffsets> parse_debug_offsets(
    const std::function<std::optional<std::uint64_t>(std::size_t)>& word, std::string& reason) {
  const auto cookie = word(0), version = word(1), free_threaded = word(2);
  if (!cookie || *cookie != kCookie || !version || !free_threaded) {
    reason = "no debug offsets in it";
    return std::nullopt;
  }
  DebugOffsets result;
  result.free_threaded = *free_threaded != 0;
  result.minor = static_cast<int>(*version >> 16 & 0xff);
  Members members(word, 3);
  if (*version >> 24 != 3 || !take_all(members, result)) {
    reason = "its debug offsets are not those of a known version";
    return std::nullopt;
  }
  return result;
}

std::optional<DebugOffsets> read_debug_offsets(const elf::ElfFile& file, std::string& reason) {
  const auto symbol = file.exports({"_PyRuntime"})[0];
  if (!symbol) {
    reason = "_PyRuntime is not exported";
    return std::nullopt;
  }
  return parse_debug_offsets(
      [&](std::size_t index) { return file.word_at(symbol->st_value + 8 * index); }, reason);
}

Result<aspis_python_frames> frames_in(const elf::ElfFile& file, int minor,
                                      const aspis_python_layout& objects) {
  std::string reason;
  const auto offsets = read_debug_offsets(file, reason);
  if (!offsets) return fail(reason);
  if (offsets->minor != minor)
    return fail("its debug offsets are those of 3." + std::to_string(offsets->minor));
  const aspis_python_frames row = row_from(*offsets, objects);
  if (!fits(row)) return fail("its debug offsets are out of bounds");
  return row;
}

Result<aspis_python_frames> frames_of(const Interpreter& interpreter,
                                      const aspis_python_layout& objects) {
  if (interpreter.minor < kFirstMinor) {
    const aspis_python_frames* row =
        interpreter.free_threaded ? nullptr : frames_for(interpreter.major, interpreter.minor);
    if (row == nullptr) return fail("no table of this version's frames");
    return *row;
  }
  const Fd fd(::open(interpreter.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0)
    return fail_errno("cannot read " + interpreter.path);
  std::string reason;
  const auto file = elf::ElfFile::open(
      elf::ByteSource(fd.get(), static_cast<std::uint64_t>(status.st_size)), reason);
  if (!file) return fail(reason);
  return frames_in(*file, interpreter.minor, objects);
}

}  // namespace aspis::cpython
