// SPDX-License-Identifier: Apache-2.0
// What is told of an interpreter when tracked processes are first seen to run it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aspis {

/// How far the arguments of its audit events can be read.
enum class Offsets : std::uint8_t {
  kNone,      ///< its version is not known: only names of events are told
  kRefused,   ///< the table of its version contradicts the file, or what was read with it: as kNone
  kAssumed,   ///< the table of its version agrees with the file
  kVerified,  ///< and a value that is known beforehand was read with it
};

/// "none", "refused", "assumed", "verified".
constexpr std::string_view offsets_name(Offsets offsets) {
  constexpr std::string_view kNames[] = {"none", "refused", "assumed", "verified"};
  return kNames[static_cast<std::size_t>(offsets)];
}

/// An interpreter and its coverage. What aspis.interpreter carries.
struct InterpreterNotice {
  std::string path;      ///< as the process sees it
  std::string version;   ///< "3.11.2", "3.13t", "?"
  std::string build_id;  ///< hexadecimal; empty: none
  std::string probe;     ///< cpython::probe_name
  Offsets offsets = Offsets::kNone;
  std::vector<std::string> missed;  ///< what is not seen of what it says
  std::uint64_t events = 0;         ///< audit events seen, told or not; in Summary only
  std::uint32_t pid = 0;            ///< the process that ran it
  bool late = false;                ///< that process ran before the probe was there
};

/// A probe that a process has undone in its own memory. What aspis.tamper carries.
struct TamperNotice {
  enum class What : std::uint8_t {
    kSemaphore,  ///< it is zero: the interpreter believes that nobody listens
    kSite,       ///< the breakpoint is not there any more
  };
  std::string path;  ///< of the interpreter, as the process sees it
  What what = What::kSemaphore;
  std::uint64_t address = 0;
  std::uint8_t found = 0;  ///< the byte there: of kSite
};

/// "semaphore", "site".
constexpr std::string_view tamper_name(TamperNotice::What what) {
  return what == TamperNotice::What::kSemaphore ? "semaphore" : "site";
}

}  // namespace aspis
