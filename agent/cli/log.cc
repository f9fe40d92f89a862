// SPDX-License-Identifier: Apache-2.0
// aspis log: what can be asked of a log whose records are chained.
#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "agent/chain/log_parts.h"
#include "agent/chain/verify.h"
#include "agent/cli/commands.h"
#include "agent/cli/exit_code.h"
#include "agent/cli/log_state.h"
#include "base/log.h"

namespace aspis {
namespace {

struct LogArguments {
  std::string path, key, state = "/var/lib/aspis";
};

int failed(const Error& error) {
  log::error("{}", error.text());
  return kExitFailed;
}

/// "EPOCH HEX" itself, or the file that has it.
Result<SealKey> read_key(const std::string& argument) {
  if (const auto key = seal_key_from_text(argument)) return *key;
  std::ifstream file(argument);
  std::stringstream text;
  if (!file || !(text << file.rdbuf())) return fail_errno(argument);
  const auto key = seal_key_from_text(text.str());
  if (!key) return fail(argument + ": not a key for seals (aspis log key makes one)");
  return *key;
}

int verify(const LogArguments& arguments) {
  std::error_code failure;
  VerifyOptions options;
  options.path = std::filesystem::absolute(arguments.path, failure);
  if (!arguments.key.empty()) {
    auto key = read_key(arguments.key);
    if (!key) return failed(key.error());
    options.key = *key;
  }
  const std::string state = log_state_file(arguments.state, options.path);
  if (std::filesystem::exists(state, failure)) options.state = state;
  const auto verified =
      verify_log(options, [](const std::string& what) { std::printf("%s\n", what.c_str()); });
  if (!verified) return failed(verified.error());
  if (verified->files == 0) return failed({options.path + ": there is no such log", 0});
  std::printf("%llu records, %llu to %llu, in %llu files: ",
              static_cast<unsigned long long>(verified->records),
              static_cast<unsigned long long>(verified->first),
              static_cast<unsigned long long>(verified->last),
              static_cast<unsigned long long>(verified->files));
  if (verified->problems == 0)
    std::printf("the chain is whole\n");
  else
    std::printf("%llu problems\n", static_cast<unsigned long long>(verified->problems));
  if (verified->removed != 0)
    std::printf("%llu records before them are in no file any more (older files are not kept)\n",
                static_cast<unsigned long long>(verified->removed));
  if (options.key)
    std::printf("good seals vouch for what is up to record %llu\n",
                static_cast<unsigned long long>(verified->sealed));
  if (verified->open) std::printf("the log is open: an agent writes it, or was ended by force\n");
  if (options.state.empty())
    std::printf("whether its end was cut off is not known: there is no state in %s\n",
                arguments.state.c_str());
  return verified->problems == 0 ? kExitOk : kExitFailed;
}

int make_key(const LogArguments& arguments) {
  if (::sodium_init() < 0) return failed({"no random numbers", 0});
  if (std::filesystem::exists(arguments.path))
    return failed({arguments.path + " is there already: seals made with it could not be checked "
                                    "any more",
                   0});
  SealKey key;
  ::randombytes_buf(key.key.data(), key.key.size());
  if (const auto written = replace_text(arguments.path, text_of(key) + "\n"); !written)
    return failed(written.error());
  std::printf("%s\n", text_of(key).c_str());
  std::fprintf(stderr,
               "This is the key to verify with (aspis log verify --key): keep it where nobody who "
               "could change the log can read it, and only there. The key in %s is replaced by the "
               "next one with each seal.\n",
               arguments.path.c_str());
  return kExitOk;
}

}  // namespace

std::string log_state_file(const std::string& directory, const std::string& path) {
  std::string name = path;
  std::ranges::replace(name, '/', '_');
  return directory + "/log" + name;
}

void add_log(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<LogArguments>();
  CLI::App* log = app.add_subcommand("log", "Logs whose records are chained (docs/log.md)");
  log->require_subcommand(1);
  CLI::App* command = log->add_subcommand(
      "verify",
      "Say whether a log, with the files before it, is as it was written. Exit code 1: "
      "it is not");
  command->add_option("FILE", arguments->path, "The file that the agent writes to")
      ->required()
      ->type_name("");
  command
      ->add_option("--key", arguments->key,
                   "Key that `aspis log key` has printed, or a file with it: checks the seals")
      ->type_name("KEY");
  command->add_option("--state", arguments->state, "Directory `state` of the agent")
      ->type_name("DIR")
      ->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = verify(*arguments); });
  command = log->add_subcommand(
      "key", "Make the key for seals, in a new file, and print the one to verify with");
  command->add_option("FILE", arguments->path, "`seal_key` of the log's configuration")
      ->required()
      ->type_name("");
  command->callback([arguments, &exit_code] { exit_code = make_key(*arguments); });
}

}  // namespace aspis
