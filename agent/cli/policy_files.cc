// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/policy_files.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>

#include "agent/config/profile_yaml.h"
#include "agent/watch/package_imports.h"
#include "policy/language/directory.h"
#include "policy/language/parser.h"
#include "policy/tables/evaluate.h"
#include "policy/tools/launch_of.h"
#include "probes/cpython/audit_events.h"

namespace aspis {
namespace {

/// "1 error", "2 errors".
std::string counted(std::size_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

void print(const policy::Diagnostics& diagnostics, const policy::Sources& sources,
           const PolicyOptions& options) {
  std::ostream& out = options.diagnostics == nullptr ? std::cerr : *options.diagnostics;
  for (const policy::Diagnostic& diagnostic : diagnostics.all()) {
    if (options.quiet && diagnostic.severity == policy::Severity::Warning) continue;
    const std::string text = policy::render(diagnostic, sources);
    if (options.said == nullptr || options.said->insert(text).second) out << text << "\n";
  }
}

std::string resolved(const std::string& path) {
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real == nullptr ? path : real.get();
}

}  // namespace

std::span<const policy::PythonEvent> python_events() {
  static const std::vector<policy::PythonEvent> events = [] {
    std::vector<policy::PythonEvent> all;
    for (const cpython::AuditEvent& event : cpython::audit_events()) {
      all.push_back({event.name, event.arguments});
    }
    return all;
  }();
  return events;
}

void add_policy_options(CLI::App& app, PolicyOptions& options) {
  app.add_option("-I,--include", options.include_directories,
                 "Search this directory for included files, before the base directory")
      ->type_name("DIR")
      ->allow_extra_args(false);
  app.add_option("-b,--base", options.base, "Base directory of included files")
      ->type_name("DIR")
      ->capture_default_str();
}

void add_strict_option(CLI::App& app, bool& strict) {
  app.add_flag("--strict", strict,
               "Refuse a policy of which a rule cannot be enforced as it is written, instead of "
               "warning of it");
}

void add_hook_config_option(CLI::App& app, std::string& file) {
  app.add_option("--hook-config", file,
                 "File that names manifest and key of the code that profiles require to be signed "
                 "(default: /etc/aspis/hook.conf)")
      ->type_name("FILE");
}

Result<std::vector<std::string>> policy_files(const std::vector<std::string>& arguments,
                                              bool empty) {
  std::vector<std::string> files;
  for (const auto& argument : arguments) {
    std::error_code failure;
    if (!std::filesystem::is_directory(argument, failure)) {
      files.push_back(argument);
      continue;
    }
    const auto inside = TRY(policy::policy_files_in(argument));
    if (inside.empty() && !empty) return fail(argument + " has no policy files right in it");
    files.insert(files.end(), inside.begin(), inside.end());
  }
  return files;
}

namespace {

void set_mode(policy::CompiledPolicy& policy, aspis_mode mode) {
  for (auto& profile : policy.profiles)
    if (profile.mode != ASPIS_MODE_UNCONFINED) profile.mode = mode;
}

/// One text: its profiles are added to those of the file.
void compile_text(LoadedFile& loaded, policy::FileId file, const PolicyOptions& options,
                  policy::Diagnostics& diagnostics, std::optional<aspis_mode> mode = {}) {
  policy::Sources& sources = loaded.sources;
  const policy::ParseOptions parse_options{options.include_directories, options.base, {}};
  const policy::Policy tree = policy::parse(sources, file, parse_options, diagnostics);
  if (diagnostics.errors() != 0) return;
  auto compiled =
      policy::compile(tree, diagnostics,
                      {options.explain ? &loaded.explanations : nullptr,
                       options.judge && !options.quiet ? &sources : nullptr, python_events()});
  if (mode) set_mode(compiled, *mode);
  for (auto& profile : compiled.profiles) {
    const auto same =
        std::ranges::find(loaded.compiled.profiles, profile.name, &policy::CompiledProfile::name);
    if (same != loaded.compiled.profiles.end())
      diagnostics.error(profile.at, "The profile " + profile.name + " is there already.",
                        {{same->at, "It is here."}});
    loaded.compiled.profiles.push_back(std::move(profile));
  }
}

}  // namespace

std::optional<aspis_mode> settable_mode(std::string_view name) {
  constexpr std::pair<std::string_view, aspis_mode> kModes[] = {{"enforce", ASPIS_MODE_ENFORCE},
                                                                {"complain", ASPIS_MODE_COMPLAIN},
                                                                {"kill", ASPIS_MODE_KILL}};
  for (const auto& [word, mode] : kModes)
    if (word == name) return mode;
  return std::nullopt;
}

Result<std::unique_ptr<LoadedFile>> load_policy_file(const std::string& path,
                                                     const PolicyOptions& options) {
  auto loaded = std::make_unique<LoadedFile>();
  policy::Sources& sources = loaded->sources;
  auto file = path == "-" ? sources.read("standard input", std::cin) : sources.read(path);
  if (!file) return tl::unexpected(file.error());
  policy::Diagnostics diagnostics(options.strict);
  if (is_profile_yaml(path)) {
    // A text is compiled by itself: what one says of variables is not for the next.
    for (auto& document : TRY(read_profile_yaml(sources.text(*file), path)))
      compile_text(*loaded, sources.add(path, std::move(document.text)), options, diagnostics,
                   document.mode ? settable_mode(*document.mode) : std::nullopt);
  } else {
    compile_text(*loaded, *file, options, diagnostics);
  }
  print(diagnostics, sources, options);
  if (diagnostics.errors() == 0) return loaded;
  return fail(sources.name(*file) + ": " + counted(diagnostics.errors(), "error") +
              (diagnostics.full() ? " or more" : "") + ": nothing of it can be used");
}

Result<policy::CompiledPolicy> load_policy(const std::vector<std::string>& paths,
                                           const PolicyOptions& options) {
  policy::CompiledPolicy all;
  std::map<std::string, std::string> from;
  std::set<std::string, std::less<>> said;
  PolicyOptions once = options;
  once.said = &said;
  for (const auto& path : paths) {
    auto loaded = TRY(load_policy_file(path, once));
    for (auto& profile : loaded->compiled.profiles) {
      const auto [first, added] = from.emplace(profile.name, path);
      if (!added)
        return fail("profile " + profile.name + " is in " + path + " and in " + first->second);
      all.profiles.push_back(std::move(profile));
    }
  }
  add_imports(all);
  return all;
}

void set_complain(policy::CompiledPolicy& policy) {
  set_mode(policy, ASPIS_MODE_COMPLAIN);
}

Result<std::size_t> find_profile(const policy::CompiledPolicy& policy, const std::string& file,
                                 const std::string& name) {
  const auto& profiles = policy.profiles;
  if (profiles.empty()) return fail(file + " has no profile");
  if (name.empty() && profiles.size() == 1) return std::size_t{0};
  std::string known;
  for (std::size_t i = 0; i < profiles.size(); i++) {
    if (!name.empty() && profiles[i].name == name) return i;
    known += "\n  " + profiles[i].name;
  }
  return fail(file +
              (name.empty() ? " has several profiles: name one of them"
                            : " has no profile " + name + "; it has") +
              ":" + known);
}

ProfileArgument split_profile(const std::string& argument) {
  const auto colon = argument.find(':');
  if (colon == std::string::npos || std::filesystem::exists(argument)) return {argument, ""};
  return {argument.substr(0, colon), argument.substr(colon + 1)};
}

Result<std::string> choose_profile(const policy::CompiledPolicy& policy, const std::string& file,
                                   const std::string& name, const std::string& program,
                                   std::span<const std::string> command) {
  if (!name.empty()) return policy.profiles[TRY(find_profile(policy, file, name))].name;
  std::string known;
  const policy::CompiledProfile* top = nullptr;
  std::size_t tops = 0;
  for (const auto& profile : policy.profiles) {
    known += "\n  " + profile.name;
    if (!profile.parent.empty()) continue;
    top = &profile;
    ++tops;
  }
  if (tops == 0) return fail(file + " has no profile");
  if (tops == 1) return top->name;
  const policy::Image image = TRY(policy::lay_out(policy));
  std::error_code unknown;
  const std::string directory = std::filesystem::current_path(unknown).string();
  const std::uint16_t id = policy::attached_anywhere(image, {}, resolved(program),
                                                     policy::launch_of(command, directory));
  if (id != 0) return image.names[id];
  return fail(file + " has several profiles, and none of them attaches to " + program +
              ": name one as --profile " + file + ":NAME; it has:" + known);
}

}  // namespace aspis
