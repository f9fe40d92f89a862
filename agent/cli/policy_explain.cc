// SPDX-License-Identifier: Apache-2.0
// aspis policy explain: may a profile do this, and which rules say so.
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "policy/tools/explain_text.h"
#include "policy/tools/words.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;

struct ExplainOptions {
  PolicyOptions policy;
  std::string file, profile, permissions;
  std::vector<std::string> path;  ///< two of a link
  bool owner = false, other = false;
};

/// "LINK -> TARGET" in one argument is two.
std::vector<std::string> names_of(const std::vector<std::string>& arguments) {
  constexpr std::string_view kArrow = " -> ";
  std::vector<std::string> names;
  for (const auto& argument : arguments) {
    const auto arrow = argument.find(kArrow);
    if (argument == "->") continue;
    names.push_back(argument.substr(0, arrow));
    if (arrow != std::string::npos) names.push_back(argument.substr(arrow + kArrow.size()));
  }
  return names;
}

Result<policy::Question> question(const ExplainOptions& options) {
  policy::Question question;
  question.owner = options.owner;
  question.request = TRY(policy::file_permissions_of(options.permissions));
  const std::vector<std::string> names = names_of(options.path);
  for (const auto& name : names) {
    if (!name.starts_with('/')) {
      return fail("\"" + name +
                  "\" does not begin with \"/\": give the path as the kernel names it");
    }
  }
  const bool link = (question.request & ASPIS_MAY_LINK) != 0;
  if (link && question.request != ASPIS_MAY_LINK) {
    return fail("l speaks of two names, other permissions of one: ask about l by itself");
  }
  if (names.size() != (link ? 2 : 1)) {
    return fail(link ? "l needs the link and what it leads to: l LINK TARGET"
                     : "one path is needed after the permissions (two, LINK and TARGET, only for "
                       "l)");
  }
  question.path = names.front();
  if (link) question.target = names.back();
  return question;
}

/// The policy is asked about a string; whether it is the kernel's name can only be guessed. Of what
/// is made, removed or linked, a symbolic link itself may be meant.
void note_other_name(const std::string& path, std::uint16_t request) {
  if ((request & (ASPIS_MAY_CREATE | ASPIS_MAY_DELETE | ASPIS_MAY_LINK)) != 0) return;
  std::error_code failure;
  const fs::path real = fs::canonical(path, failure);
  if (failure) return;
  std::string name = real.string();
  if (fs::is_directory(real, failure) && !name.ends_with('/')) name += '/';
  if (name != path)
    std::cout << "note: on this machine, the kernel's name of " << path << " is " << name << "\n";
}

Result<int> explain(const ExplainOptions& options) {
  const policy::Question asked = TRY(question(options));
  const auto loaded = TRY(load_policy_file(options.file, options.policy));
  const policy::CompiledPolicy& policy = loaded->compiled;
  const std::size_t index = TRY(find_profile(policy, options.file, options.profile));
  const auto id = static_cast<std::uint16_t>(index + 1);
  const policy::Image image = TRY(policy::lay_out(policy));
  const policy::Explained explained{policy, image, loaded->explanations};
  const policy::Answer answer = policy::explain(explained, id, asked);
  std::cout << policy::explain_text(answer, asked, explained, id, loaded->sources);
  note_other_name(asked.path, asked.request);
  return answer.verdict == ASPIS_VERDICT_ALLOWED ? kExitOk : kExitFailed;
}

void run(const ExplainOptions& options, const CLI::App& command, int& exit_code) {
  // "->" between two names looks like an option to some versions of the library.
  for (const auto& extra : command.remaining()) {
    if (extra != "->") throw CLI::ExtrasError(command.get_name(), command.remaining());
  }
  const auto code = explain(options);
  if (!code) spdlog::error("{}", code.error().text());
  exit_code = code ? *code : kExitUsage;
}

}  // namespace

void add_policy_explain(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<ExplainOptions>();
  options->policy.quiet = true;
  options->policy.explain = true;
  CLI::App* command = policy.add_subcommand(
      "explain",
      "Say whether a profile allows an access to a file, and which rules decide; exits with 0 if "
      "it is allowed, 1 if it is, or in complain mode would be, denied, 2 if it cannot be told");
  add_policy_options(*command, options->policy);
  auto* owner = command->add_flag("--owner", options->owner, "The file belongs to the process");
  command->add_flag("--other", options->other, "The file belongs to somebody else (the default)")
      ->excludes(owner);
  command->add_option("FILE", options->file, "Policy file; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("PROFILE", options->profile, "Name of a profile in it")
      ->required()
      ->type_name("");
  command
      ->add_option("PERM", options->permissions,
                   "Letters of r w a c d l k m x; exec is the same as x")
      ->required()
      ->type_name("");
  command
      ->add_option("PATH", options->path,
                   "The file as the kernel names it: no symbolic link on the way, a directory ends "
                   "in \"/\"; for l: LINK TARGET, or LINK -> TARGET")
      ->required()
      ->type_name("");
  command->allow_extras();
  command->callback([options, command, &exit_code] { run(*options, *command, exit_code); });
}

}  // namespace aspis
