// SPDX-License-Identifier: Apache-2.0
// From text to syntax tree.
#pragma once

#include <string>
#include <vector>

#include "policy/language/diagnostic.h"
#include "policy/language/source.h"
#include "policy/language/syntax.h"

namespace aspis::policy {

struct ParseOptions {
  std::vector<std::string> include_directories;  ///< searched first, for <name>
  std::string base_directory;                    ///< searched last, for <name>; may be empty
  std::string working_directory;  ///< where "relative" includes start; empty: the current one
  bool read_files = true;         ///< false: what is to be included does not exist
};

/// Parses a file of `sources`, and reads into `sources` what it includes. It compiles exactly if
/// `diagnostics` has no errors; the tree holds what could be understood in any case. Variables are
/// checked, not expanded. The language: apparmor.d(5).
Policy parse(Sources& sources, FileId file, const ParseOptions& options, Diagnostics& diagnostics);

}  // namespace aspis::policy
