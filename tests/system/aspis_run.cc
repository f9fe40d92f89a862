// SPDX-License-Identifier: Apache-2.0
#include "tests/system/aspis_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace aspis::test {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void become(std::vector<std::string> command, const std::string& out,
                         const std::string& err,
                         const std::map<std::string, std::string>& environment) {
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(out_fd, STDOUT_FILENO);
  ::dup2(err_fd, STDERR_FILENO);
  ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
  for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
  ::execvp(command.front().c_str(), pointers(command).data());
  ::_exit(127);
}

}  // namespace

int Outcome::code() const {
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
int Outcome::signal() const {
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

Outcome run(const std::vector<std::string>& command, int seconds,
            const std::map<std::string, std::string>& environment) {
  const TemporaryDirectory directory;
  const std::string out = directory.path("out"), err = directory.path("err");
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("fork");
  if (pid == 0) become(command, out, err, environment);
  Outcome outcome;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (::waitpid(pid, &outcome.status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > deadline) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &outcome.status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  outcome.out = read_file(out);
  outcome.err = read_file(err);
  return outcome;
}

Observation observe(const std::string& backend, const std::vector<std::string>& command,
                    const std::vector<std::string>& options) {
  const TemporaryDirectory directory;
  const std::string file = directory.path("events.json");
  std::vector<std::string> all = {aspis_binary(), "run", "-o",      "json",
                                  "--to",         file,  "--hooks", backend};
  // Stacks are another test's: with them every program of the kernel side takes half as long again
  // to load, which is most of the time in a guest.
  if (std::ranges::count(options, "--stacks") == 0) all.insert(all.end(), {"--stacks", "none"});
  all.insert(all.end(), options.begin(), options.end());
  all.emplace_back("--");
  all.insert(all.end(), command.begin(), command.end());
  Observation observation;
  observation.outcome = run(all, 300);
  std::istringstream lines(read_file(file));
  for (std::string line; std::getline(lines, line);)
    observation.events.push_back(nlohmann::json::parse(line));
  return observation;
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = "/tmp/aspis-test-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  // Paths longer than PATH_MAX are among what tests make: only rm walks them step by step.
  [[maybe_unused]] const int status = std::system(("rm -rf " + path_).c_str());
}

namespace {

/// What `aspis probe` prints. A guest does not change while its tests run: there the programs share
/// one answer, which costs an emulated processor half a minute.
std::string probed() {
  const bool in_guest = std::getenv("ASPIS_VM_BACKEND") != nullptr;
  const std::string kept = "/run/aspis-tests-probe";
  if (in_guest && std::filesystem::exists(kept)) return read_file(kept);
  std::string out = run({aspis_binary(), "probe"}).out;
  if (in_guest) std::ofstream(kept) << out;
  return out;
}

}  // namespace

const std::map<std::string, std::string>& backends() {
  static const std::map<std::string, std::string> found = [] {
    std::map<std::string, std::string> result;
    std::istringstream lines(probed());
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string hooks, name, state, rest;
      words >> hooks >> name >> state;
      std::getline(words, rest);
      if (hooks == "hooks:") result[name] = state == "no" ? "refused here:" + rest : "";
    }
    // Tracepoints are the same in both boots: once is enough.
    const char* guest = std::getenv("ASPIS_VM_BACKEND");
    if (guest != nullptr && std::string(guest) == "nolsm")
      result["tracepoint"] = "tracepoint is for the guests that boot with \"bpf\"";
    return result;
  }();
  return found;
}

std::string why_not_confine(const std::string& backend) {
  const auto found = backends().find(backend);
  if (found == backends().end()) return "aspis probe says nothing of " + backend;
  if (!found->second.empty()) return backend + " " + found->second;
  const char* guest = std::getenv("ASPIS_VM_BACKEND");
  if (guest == nullptr) return "confines processes: in guests only";
  if (backend == "fmod_ret" && std::string(guest) == "lsm")
    return "fmod_ret is for the guests that boot without \"bpf\"";
  return "";
}

std::string why_not_decide(const std::string& backend, Tracepoint tracepoint) {
  if (backend != "tracepoint") return why_not_confine(backend);
  const bool in_guest = std::getenv("ASPIS_VM_BACKEND") != nullptr;
  if (in_guest && tracepoint == Tracepoint::kNatively && std::getenv("ASPIS_TEST_ALL") == nullptr)
    return "tracepoint is for the build machine";
  return backends().at(backend);
}

Results results_of(const std::string& out) {
  Results results;
  std::istringstream lines(out);
  std::string name;
  while (lines >> name) {
    lines.get();
    std::getline(lines, results[name]);
  }
  return results;
}

std::string field(const nlohmann::json& event, const std::string& path) {
  const nlohmann::json* at = &event;
  std::istringstream names(path);
  for (std::string name; std::getline(names, name, '.');) {
    if (!at->is_object() || !at->contains(name)) return {};
    at = &(*at)[name];
  }
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::vector<nlohmann::json> matching(
    const std::vector<nlohmann::json>& events,
    const std::vector<std::pair<std::string, std::string>>& fields) {
  std::vector<nlohmann::json> found;
  for (const auto& event : events) {
    bool all = true;
    for (const auto& [key, value] : fields) all = all && field(event, key) == value;
    if (all) found.push_back(event);
  }
  return found;
}

const std::string& system_python() {
  static const std::string found = [] {
    std::error_code error;
    return std::filesystem::canonical("/usr/bin/python3", error).string();
  }();
  return found;
}

std::string aspis_binary() {
  return ASPIS_BINARY;
}
std::string hook_library() {
  return HOOK_LIBRARY;
}
std::string attempts_binary() {
  return ATTEMPTS_BINARY;
}
std::string trigger_binary() {
  return TRIGGER_BINARY;
}
std::string rights_binary() {
  return RIGHTS_BINARY;
}
std::string domain_binary() {
  return DOMAIN_BINARY;
}
std::string flood_binary() {
  return FLOOD_BINARY;
}

}  // namespace aspis::test
