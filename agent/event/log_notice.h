// SPDX-License-Identifier: Apache-2.0
// What happens to a log itself, told in the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace aspis {

/// What aspis.log carries.
struct LogNotice {
  enum class What : std::uint8_t {
    kOpened,   ///< a file begins here, or goes on
    kClosed,   ///< the agent ends
    kRotated,  ///< this file ends, and the next one goes on
    kRemoved,  ///< the oldest file was removed, as more are not kept
    kLost,     ///< the file that was written to, or its end, has been taken away by somebody else
    kSealed,   ///< what stands before this is vouched for by a key
  };
  What what = What::kOpened;
  std::string path;         ///< of the file
  std::uint64_t file = 0;   ///< its number, from 1 on
  std::string previous;     ///< opened: the chain up to here, hexadecimal; empty: it begins
  std::uint64_t torn = 0;   ///< opened: bytes of a line that was not written to its end
  std::uint64_t epoch = 0;  ///< sealed: number of the key
  std::string seal;         ///< sealed: HMAC-SHA-256 of the chain up to here, hexadecimal
};

constexpr std::string_view log_notice_name(LogNotice::What what) {
  switch (what) {
    case LogNotice::What::kOpened:
      return "opened";
    case LogNotice::What::kClosed:
      return "closed";
    case LogNotice::What::kRotated:
      return "rotated";
    case LogNotice::What::kRemoved:
      return "removed";
    case LogNotice::What::kLost:
      return "lost";
    case LogNotice::What::kSealed:
      return "sealed";
  }
  return "";
}

}  // namespace aspis
