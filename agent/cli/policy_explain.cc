// SPDX-License-Identifier: Apache-2.0
// aspis policy explain: may a profile do this, and which rules say so.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "base/log.h"
#include "bpf/lib/context.h"
#include "policy/language/package_name.h"
#include "policy/tools/explain_text.h"
#include "policy/tools/words.h"
#include "probes/cpython/audit_events.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;

struct ExplainOptions {
  PolicyOptions policy;
  std::string file, profile, permissions;
  std::vector<std::string> path;  ///< two of a link
  bool owner = false, other = false, announced = false;
  std::vector<std::string> context;  ///< KEY=VALUE
  std::vector<std::string> packages;
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

std::vector<std::string> packages_of(const ExplainOptions& options) {
  std::vector<std::string> packages;
  for (const auto& name : options.packages)
    packages.push_back(policy::normalised_package_name(name));
  return packages;
}

/// What a thread would have to set by sys.audit("aspis.context", KEY, VALUE).
Result<> set_context(const std::vector<std::string>& pairs, policy::Question& question) {
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail("--context takes KEY=VALUE, not \"" + pair + "\"");
    const std::string value = pair.substr(equals + 1);
    if (context_value_ok(reinterpret_cast<const __u8*>(value.data()),
                         static_cast<__u32>(value.size())) == 0) {
      return fail("\"" + value + "\" is no value that a thread could set: it has 1 to " +
                  std::to_string(ASPIS_CONTEXT_VALUE_MAX) +
                  " bytes, and is no path, no glob and no quote");
    }
    question.context[pair.substr(0, equals)] = value;
  }
  return {};
}

Result<policy::Question> question(const ExplainOptions& options) {
  policy::Question question;
  question.owner = options.owner;
  question.announced = options.announced;
  question.packages = packages_of(options);
  TRYV(set_context(options.context, question));
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

/// "EVENT [VALUE | NAME=VALUE]…": values in their order, or by documented names.
Result<policy::EventQuestion> event_question(const std::vector<std::string>& words) {
  policy::EventQuestion question{words.front(), {}};
  const auto names = cpython::documented_argument_names(question.name);
  for (std::size_t i = 1; i < words.size(); i++) {
    const auto equals = words[i].find('=');
    const auto known = std::ranges::find(names, std::string_view(words[i]).substr(0, equals));
    if (equals == std::string::npos || known == names.end()) {
      question.arguments.push_back(words[i]);
      continue;
    }
    const auto at = static_cast<std::size_t>(known - names.begin());
    if (at >= question.arguments.size()) question.arguments.resize(at + 1);
    question.arguments[at] = words[i].substr(equals + 1);
  }
  return question;
}

/// Prints the answer on a question about a file or an event.
template <class Ask>
Result<int> answer(const ExplainOptions& options, const Ask& ask) {
  const auto loaded = TRY(load_policy_file(options.file, options.policy));
  const policy::CompiledPolicy& policy = loaded->compiled;
  const std::size_t index = TRY(find_profile(policy, options.file, options.profile));
  const auto id = static_cast<std::uint16_t>(index + 1);
  const policy::Image image = TRY(policy::lay_out(policy));
  const policy::Explained explained{policy, image, loaded->explanations};
  const std::uint8_t verdict = ask(explained, id, loaded->sources);
  return verdict == ASPIS_VERDICT_ALLOWED ? kExitOk : kExitFailed;
}

Result<int> explain_event(const ExplainOptions& options) {
  const policy::EventQuestion asked = TRY(event_question(options.path));
  return answer(options, [&](const auto& explained, auto id, const auto& sources) {
    const auto answer = policy::explain(explained, id, asked, packages_of(options));
    std::cout << policy::explain_text(answer, asked, explained, id, sources);
    return answer.verdict;
  });
}

Result<int> explain(const ExplainOptions& options) {
  if (options.permissions == "python") return explain_event(options);
  const policy::Question asked = TRY(question(options));
  return answer(options, [&](const auto& explained, auto id, const auto& sources) {
    const auto answer = policy::explain(explained, id, asked);
    std::cout << policy::explain_text(answer, asked, explained, id, sources);
    note_other_name(asked.path, asked.request);
    return answer.verdict;
  });
}

void run(const ExplainOptions& options, const CLI::App& command, int& exit_code) {
  // "->" between two names looks like an option to some versions of the library.
  for (const auto& extra : command.remaining()) {
    if (extra != "->") throw CLI::ExtrasError(command.get_name(), command.remaining());
  }
  const auto code = explain(options);
  if (!code) log::error("{}", code.error().text());
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
  command->add_flag("--announced", options->announced, "A Python audit event announced the access");
  command
      ->add_option("--context", options->context,
                   "The thread has set this: what @{ctx.KEY} stands for")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command
      ->add_option("--package", options->packages,
                   "Code of this Python package is on the call stack")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_option("FILE", options->file, "Policy file; - is standard input")
      ->required()
      ->type_name("");
  command->add_option("PROFILE", options->profile, "Name of a profile in it")
      ->required()
      ->type_name("");
  command
      ->add_option("PERM", options->permissions,
                   "Letters of r w a c d l k m x; exec is the same as x; python: an audit event is "
                   "asked about")
      ->required()
      ->type_name("");
  command
      ->add_option("PATH", options->path,
                   "The file as the kernel names it: no symbolic link on the way, a directory ends "
                   "in \"/\"; for l: LINK TARGET, or LINK -> TARGET; for python: EVENT, and its "
                   "arguments as "
                   "VALUE or NAME=VALUE")
      ->required()
      ->type_name("");
  command->allow_extras();
  command->callback([options, command, &exit_code] { run(*options, *command, exit_code); });
}

}  // namespace aspis
