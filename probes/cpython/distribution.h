// SPDX-License-Identifier: Apache-2.0
// Which distribution a file of Python code belongs to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probes/cpython/file_tree.h"
#include "probes/cpython/site_directory.h"

namespace aspis::cpython {

/// What the standard library and the program itself are called.
inline constexpr std::string_view kStandardLibrary = "python";
inline constexpr std::string_view kMainProgram = "__main__";

/// A process that runs Python, as far as it matters where its packages are.
struct PythonProcess {
  int minor = 0;                      ///< of CPython 3
  std::string cwd;                    ///< empty: not known
  std::vector<std::string> prefixes;  ///< directories with bin/python and lib/python3.N, best first
  std::string script;  ///< the program, as the command line has it; empty: -c, -m, or not known
};

/// The script of a command line of Python, argv[0] included; empty: there is none (-c, -m, stdin).
std::string script_of(const std::vector<std::string>& argv);

/// The distribution of `file`, a co_filename. Without a name: not known. Reads files, some of them
/// large: keep the answer.
Distribution find_distribution(const FileTree& tree, std::string_view file,
                               const PythonProcess& process);

}  // namespace aspis::cpython
