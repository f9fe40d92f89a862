// SPDX-License-Identifier: Apache-2.0
// The files of a tree that Python may load code from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace aspis {

/// Something in a tree that is not as it should be, or is left out.
struct Finding {
  std::string path;
  std::string what;
};

struct CodeFiles {
  std::vector<std::string> trees;  ///< absolute, without symbolic links; sorted, each once
  std::vector<std::string> files;  ///< regular files; sorted, each once
  std::vector<Finding> left_out;   ///< symbolic links, which are not followed
  std::vector<Finding> problems;   ///< what could not be looked at, what is no regular file
};

/// Is this the name of code: .py, .pyc, .pth, .so, .so.1?
bool is_code_name(std::string_view name);

/// The code below `trees`: in directories by name, of files the file itself, whatever its name.
/// Fails if one of them is not there.
Result<CodeFiles> find_code(const std::vector<std::string>& trees);

}  // namespace aspis
