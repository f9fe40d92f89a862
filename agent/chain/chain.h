// SPDX-License-Identifier: Apache-2.0
// Records of a log, chained: each has a number and a hash over itself and the hash before it, so
// that none can be changed, left out or put in without all after it being written anew. Seals, made
// with keys that are destroyed as time goes on, say that this has not been done.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aspis {

using ChainHash = std::array<std::uint8_t, 32>;  ///< SHA-256

/// How far a chain has come.
struct ChainEnd {
  std::uint64_t record = 0;  ///< number of the last one; 0: there is none
  ChainHash hash{};          ///< of the last one; zeros before the first
  friend bool operator==(const ChainEnd&, const ChainEnd&) = default;
};

/// Hexadecimal, lower case; and back: nothing if it is not that.
std::string hex_of(const ChainHash& hash);
std::optional<ChainHash> hash_from_hex(std::string_view text);

/// Appends `line`, a JSON object without a newline, to `out`, as the next record of the chain:
/// {…} becomes {…,"record":N,"chain":"HASH"} and a newline. HASH is SHA-256 of the hash before it
/// (32 bytes), followed by {…,"record":N}.
void append_record(ChainEnd& end, std::string_view line, std::string& out);

/// A line, without its newline, taken apart. Nothing if it is no record.
struct ChainedLine {
  std::uint64_t record = 0;
  ChainHash hash{};
  std::string covered;  ///< that the hash is over, besides the hash before it
};
std::optional<ChainedLine> read_record(std::string_view line);
ChainHash chain_hash(const ChainHash& before, std::string_view covered);

/// A key that vouches for one stretch of the log. The one after it is computed from it, the one
/// before it cannot be: who takes a key today cannot seal what was written yesterday.
struct SealKey {
  std::uint64_t epoch = 0;
  ChainHash key{};

  [[nodiscard]] ChainHash seal(const ChainEnd& end) const;  ///< HMAC-SHA-256
  void advance();                                           ///< to the next epoch
};

/// "EPOCH HEX": as key files have it.
std::string text_of(const SealKey& key);
std::optional<SealKey> seal_key_from_text(std::string_view text);

}  // namespace aspis
