// SPDX-License-Identifier: Apache-2.0
// aspis policy format: policy files in canonical layout.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "agent/cli/exit_code.h"
#include "agent/cli/policy_commands.h"
#include "agent/cli/policy_files.h"
#include "agent/config/profile_yaml.h"
#include "base/fd.h"
#include "base/log.h"
#include "policy/language/format.h"

namespace aspis {
namespace {

struct FormatOptions {
  std::vector<std::string> files;
  bool write = false, check = false;
};

/// A file that takes the place of another, or is removed.
class Replacement {
 public:
  /// Beside `path`, so that rename() can put it there; hidden, so that nobody takes it for policy.
  explicit Replacement(const std::filesystem::path& path)
      : path_(path),
        name_(path.parent_path() / ("." + path.filename().string() + ".XXXXXX")),
        fd_(::mkostemp(name_.data(), O_CLOEXEC)) {}
  ~Replacement() {
    if (fd_.valid() && !done_) ::unlink(name_.c_str());
  }
  Replacement(const Replacement&) = delete;
  Replacement& operator=(const Replacement&) = delete;

  Result<> fill(std::string_view text) {
    if (!fd_.valid()) return fail_errno("cannot write " + name_);
    struct stat old{}, own{};
    if (::stat(path_.c_str(), &old) != 0) return fail_errno("cannot read " + path_);
    if (::fstat(fd_.get(), &own) != 0) return fail_errno("cannot write " + name_);
    while (!text.empty()) {
      const ssize_t written = ::write(fd_.get(), text.data(), text.size());
      if (written < 0) return fail_errno("cannot write " + name_);
      text.remove_prefix(static_cast<std::size_t>(written));
    }
    const bool same_owner = old.st_uid == own.st_uid && old.st_gid == own.st_gid;
    if (!same_owner && ::fchown(fd_.get(), old.st_uid, old.st_gid) != 0)
      return fail_errno("cannot keep the owner of " + path_);
    if (::fchmod(fd_.get(), old.st_mode & 07777) != 0 || ::fsync(fd_.get()) != 0)
      return fail_errno("cannot write " + name_);
    return {};
  }

  Result<> put_in_place() {
    if (::rename(name_.c_str(), path_.c_str()) != 0) return fail_errno("cannot replace " + path_);
    done_ = true;
    return {};
  }

 private:
  std::string path_, name_;
  Fd fd_;
  bool done_ = false;
};

Result<> replace(const std::string& path, std::string_view text) {
  // A symbolic link stays one.
  std::error_code failure;
  const auto real = std::filesystem::canonical(path, failure);
  if (failure) return fail_errno("cannot write " + path, failure.value());
  Replacement replacement(real);
  TRYV(replacement.fill(text));
  return replacement.put_in_place();
}

/// Whether all is well: with --check, whether it was formatted.
Result<bool> format(const std::string& path, const FormatOptions& options) {
  if (is_profile_yaml(path)) return fail(path + ": the layout of YAML is its author's");
  policy::Sources sources;
  const auto file =
      path == "-" ? TRY(sources.read("standard input", std::cin)) : TRY(sources.read(path));
  const std::string formatted = TRY(policy::format(sources, file));
  if (!options.write && !options.check) {
    std::cout << formatted;
    return true;
  }
  if (formatted == sources.text(file)) return true;
  if (options.check) std::cout << sources.name(file) << "\n";
  if (options.write) TRYV(replace(path, formatted));
  return !options.check;
}

int run(const FormatOptions& options) {
  const auto files = policy_files(options.files);
  if (!files) {
    log::error("{}", files.error().text());
    return kExitFailed;
  }
  int code = kExitOk;
  for (const auto& file : *files) {
    if (options.write && file == "-") {
      log::error("standard input cannot be replaced: leave --write out");
      return kExitUsage;
    }
    const auto formatted = format(file, options);
    if (!formatted) log::error("{}", formatted.error().text());
    if (!formatted || !*formatted) code = kExitFailed;
  }
  return code;
}

}  // namespace

void add_policy_format(CLI::App& policy, int& exit_code) {
  auto options = std::make_shared<FormatOptions>();
  CLI::App* command = policy.add_subcommand("format", "Print policy files in the canonical layout");
  auto* write = command->add_flag("-w,--write", options->write,
                                  "Replace the files instead, those that differ");
  command
      ->add_flag("--check", options->check,
                 "Print only the names of files that are not formatted; exit with 1 if any is not")
      ->excludes(write);
  command
      ->add_option("FILE", options->files,
                   "Policy files; - is standard input, a directory all policy files right in it")
      ->required()
      ->type_name("");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace aspis
