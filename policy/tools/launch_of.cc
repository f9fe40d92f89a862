// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/launch_of.h"

#include <algorithm>

#include "bpf/lib/python_argv.h"

namespace aspis::policy {
namespace {

/// A path by its text alone: as the kernel side makes it, without a look at the file system.
std::string normal_path(std::string_view directory, std::string_view name) {
  std::string whole;
  if (!name.starts_with('/')) whole.append(directory).append("/");
  whole += name;
  std::string path;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = std::min(whole.find('/', at), whole.size());
    const std::string_view component = std::string_view(whole).substr(at, end - at);
    at = end + 1;
    if (component.empty() || component == ".") continue;
    if (component == "..") {
      path.resize(path.empty() ? 0 : path.rfind('/'));
    } else {
      path.append("/").append(component);
    }
  }
  if (path.empty() || name.ends_with('/')) path += '/';
  return path;
}

}  // namespace

std::string launch_of(std::span<const std::string> arguments, std::string_view directory) {
  std::string bytes;
  for (const std::string& argument : arguments) (bytes += argument) += '\0';
  python_argv argv{};
  for (const char byte : bytes) {
    if (python_argv_step(&argv, static_cast<__u8>(byte)) != 0) break;
  }
  python_argv_end(&argv);
  if (argv.launch == ASPIS_LAUNCH_UNKNOWN) return {};
  const std::string kind(1, static_cast<char>(argv.launch));
  const std::string_view name = bytes.c_str() + argv.text;
  if (argv.launch == ASPIS_LAUNCH_SCRIPT) return kind + normal_path(directory, name);
  if (argv.launch == ASPIS_LAUNCH_MODULE) return kind + std::string(name);
  return kind;
}

std::string launch_in_words(std::string_view launch) {
  const std::string name(launch.substr(std::min<std::size_t>(1, launch.size())));
  switch (launch.empty() ? ASPIS_LAUNCH_UNKNOWN : aspis_launch(launch.front())) {
    case ASPIS_LAUNCH_SCRIPT:
      return "the script " + name;
    case ASPIS_LAUNCH_MODULE:
      return "the module " + name;
    case ASPIS_LAUNCH_COMMAND:
      return "a command";
    case ASPIS_LAUNCH_STDIN:
      return "standard input";
    case ASPIS_LAUNCH_UNKNOWN:
      break;
  }
  return "nothing";
}

}  // namespace aspis::policy
