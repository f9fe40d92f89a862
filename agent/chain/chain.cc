// SPDX-License-Identifier: Apache-2.0
#include "agent/chain/chain.h"

#include <sodium.h>

#include <charconv>

namespace aspis {
namespace {

static_assert(sizeof(ChainHash) == crypto_hash_sha256_BYTES);
static_assert(sizeof(ChainHash) == crypto_auth_hmacsha256_KEYBYTES);

constexpr std::string_view kRecord = ",\"record\":";
constexpr std::string_view kChain = ",\"chain\":\"";
constexpr std::string_view kEnd = "\"}";
constexpr std::size_t kHexLength = 2 * sizeof(ChainHash);
constexpr std::string_view kNextKey = "aspis seal key";

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

const unsigned char* bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string hex_of(const ChainHash& hash) {
  std::string text(kHexLength + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  text.pop_back();
  return text;
}

std::optional<ChainHash> hash_from_hex(std::string_view text) {
  ChainHash hash;
  std::size_t length = 0;
  if (text.size() != kHexLength ||
      sodium_hex2bin(hash.data(), hash.size(), text.data(), text.size(), nullptr, &length,
                     nullptr) != 0 ||
      length != hash.size() || hex_of(hash) != text)  // "A" is not what was written as "a"
    return std::nullopt;
  return hash;
}

ChainHash chain_hash(const ChainHash& before, std::string_view covered) {
  ChainHash hash;
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  crypto_hash_sha256_update(&state, before.data(), before.size());
  crypto_hash_sha256_update(&state, bytes(covered), covered.size());
  crypto_hash_sha256_final(&state, hash.data());
  return hash;
}

void append_record(ChainEnd& end, std::string_view line, std::string& out) {
  line.remove_suffix(1);  // "}"
  const std::size_t start = out.size();
  out += line;
  if (line == "{")
    out.append(kRecord.substr(1));
  else
    out += kRecord;
  out += std::to_string(++end.record);
  out += '}';
  end.hash = chain_hash(end.hash, std::string_view(out).substr(start));
  out.pop_back();
  out += kChain;
  out += hex_of(end.hash);
  out += kEnd;
  out += '\n';
}

std::optional<ChainedLine> read_record(std::string_view line) {
  constexpr std::size_t kTail = kChain.size() + kHexLength + kEnd.size();
  if (line.size() < kTail || !line.starts_with('{') || !line.ends_with(kEnd)) return std::nullopt;
  const std::string_view tail = line.substr(line.size() - kTail);
  const auto hash = hash_from_hex(tail.substr(kChain.size(), kHexLength));
  if (!tail.starts_with(kChain) || !hash) return std::nullopt;
  const std::string_view covered = line.substr(0, line.size() - kTail);
  const std::size_t at = covered.rfind(kRecord.substr(1));
  if (at == std::string_view::npos) return std::nullopt;
  const auto record = number(covered.substr(at + kRecord.size() - 1));
  if (!record) return std::nullopt;
  return ChainedLine{*record, *hash, std::string(covered) + "}"};
}

ChainHash SealKey::seal(const ChainEnd& end) const {
  const std::string text =
      std::to_string(epoch) + " " + std::to_string(end.record) + " " + hex_of(end.hash);
  ChainHash mac;
  crypto_auth_hmacsha256(mac.data(), bytes(text), text.size(), key.data());
  return mac;
}

void SealKey::advance() {
  const ChainHash before = key;
  crypto_auth_hmacsha256(key.data(), bytes(kNextKey), kNextKey.size(), before.data());
  ++epoch;
}

std::string text_of(const SealKey& key) {
  return std::to_string(key.epoch) + " " + hex_of(key.key);
}

std::optional<SealKey> seal_key_from_text(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto epoch = number(text.substr(0, space));
  const auto key = hash_from_hex(text.substr(space + 1));
  if (!epoch || !key) return std::nullopt;
  return SealKey{*epoch, *key};
}

}  // namespace aspis
