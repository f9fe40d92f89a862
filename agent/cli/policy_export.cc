// SPDX-License-Identifier: Apache-2.0
// aspis policy export: a compiled profile in a file, for the hook inside of Python (probes/hook).

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "agent/signed/whole_file.h"
#include "base/log.h"
#include "policy/tables/evaluate.h"
#include "probes/hook/image.h"

namespace aspis {
namespace {

struct ExportOptions {
  PolicyOptions policy;
  std::string profile, to;
  bool complain = false;
};

Result<> export_profile(const ExportOptions& options) {
  const auto [file, name] = split_profile(options.profile);
  policy::CompiledPolicy compiled = TRY(load_policy({file}, options.policy));
  if (options.complain) set_complain(compiled);
  const std::size_t index = TRY(find_profile(compiled, file, name));
  const policy::Image image = TRY(policy::lay_out(compiled));
  if (image.bytes.size() > ASPIS_IMAGE_MAX) return fail(file + ": too large for the hook");
  const auto& profile = policy::profile_of(image, static_cast<std::uint16_t>(index + 1));
  aspis_image_head head{};
  std::memcpy(head.magic, ASPIS_IMAGE_MAGIC, sizeof(head.magic));
  head.version = ASPIS_IMAGE_VERSION;
  head.flags =
      (compiled.profiles[index].flags & ASPIS_PROFILE_SIGNED) != 0 ? ASPIS_IMAGE_SIGNED : 0;
  head.bytes = static_cast<__u32>(image.bytes.size());
  head.profile =
      static_cast<__u32>(reinterpret_cast<const std::byte*>(&profile) - image.bytes.data());
  head.profile_size = sizeof(aspis_profile);
  std::string text(reinterpret_cast<const char*>(&head), sizeof(head));
  text.append(reinterpret_cast<const char*>(image.bytes.data()), image.bytes.size());
  return write_whole_file(options.to, text);
}

}  // namespace

void add_policy_export(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<ExportOptions>();
  options->policy.quiet = true;
  CLI::App* command = policy.add_subcommand(
      "export", "Write a compiled profile to a file, for the hook inside of Python");
  add_policy_options(*command, options->policy);
  command
      ->add_option("--profile", options->profile,
                   "The profile NAME of FILE; without NAME, the only one in it")
      ->required()
      ->type_name("FILE[:NAME]");
  command->add_flag("--complain", options->complain,
                    "Deny only what a rule denies, whatever the profile's mode");
  command->add_option("-o,--output", options->to, "Where to; - is standard output")
      ->required()
      ->type_name("FILE");
  command->callback([options, &exit_code] {
    const auto exported = export_profile(*options);
    if (!exported) log::error("{}", exported.error().text());
    exit_code = exported ? kExitOk : kExitFailed;
  });
}

}  // namespace aspis
