// SPDX-License-Identifier: Apache-2.0
// Policy from files, with what is wrong with it told on standard error.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/language/source.h"
#include "policy/language/syntax.h"
#include "policy/tables/compile.h"

namespace CLI {
class App;
}

namespace aspis {

struct PolicyOptions {
  std::vector<std::string> include_directories;
  std::string base = "/etc/apparmor.d";
  bool quiet = false;                   ///< no warnings
  bool strict = false;                  ///< what is not enforced as it is written is an error
  bool explain = false;                 ///< with explanations, which take time and memory
  bool judge = false;                   ///< warn of rules that decide nothing
  std::ostream* diagnostics = nullptr;  ///< where they go; null: standard error
  /// What was said and is not to be said again; null: all is.
  std::set<std::string, std::less<>>* said = nullptr;
};

/// CPython's audit events, for rules on them.
std::span<const policy::PythonEvent> python_events();

/// Adds -I and --base.
void add_policy_options(CLI::App& app, PolicyOptions& options);

/// Adds --strict.
void add_strict_option(CLI::App& app, bool& strict);

/// Adds --hook-config.
void add_hook_config_option(CLI::App& app, std::string& file);

/// One policy file, read to its end.
struct LoadedFile {
  policy::Sources sources;
  policy::CompiledPolicy compiled;
  std::vector<policy::ProfileExplanation> explanations;  ///< if they were asked for
};

/// The files that arguments mean: of a directory those right in it that are policy. Fails if it has
/// none, unless it may be `empty`.
Result<std::vector<std::string>> policy_files(const std::vector<std::string>& arguments,
                                              bool empty = false);

/// Reads and compiles one file ("-": standard input); what is wrong with it is told. One that is
/// called *.yaml or *.yml has objects of the kind Profile (agent/config/profile_yaml.h). Fails if
/// there were errors among them.
Result<std::unique_ptr<LoadedFile>> load_policy_file(const std::string& path,
                                                     const PolicyOptions& options);

/// The profiles of several files together. What there is to be said of a file that many of them
/// include is said once.
Result<policy::CompiledPolicy> load_policy(const std::vector<std::string>& paths,
                                           const PolicyOptions& options);

/// Of a name that a person may set: enforce, complain or kill.
std::optional<aspis_mode> settable_mode(std::string_view name);

/// Puts every profile into complain mode, but those of mode unconfined.
void set_complain(policy::CompiledPolicy& policy);

/// Index of the profile called `name`, or of the only one; else the error lists those there are.
Result<std::size_t> find_profile(const policy::CompiledPolicy& policy, const std::string& file,
                                 const std::string& name);

/// FILE or FILE:NAME, as options name a profile; a file that is there may have a ":" in its name.
struct ProfileArgument {
  std::string file, name;
};
ProfileArgument split_profile(const std::string& argument);

/// The profile called `name`; without a name the one that attaches to `program`, executed by
/// `command`, or the only one.
Result<std::string> choose_profile(const policy::CompiledPolicy& policy, const std::string& file,
                                   const std::string& name, const std::string& program,
                                   std::span<const std::string> command);

}  // namespace aspis
