// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/agent_requests.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>

#include "agent/cli/agent_notices.h"
#include "agent/kernel/pidfd.h"
#include "base/log.h"

namespace aspis {
namespace {

using Json = nlohmann::json;

/// A member of the request that must be there, a string that is not empty.
Result<std::string> text(const Json& request, const char* key) {
  std::string value = request.value(key, "");
  if (value.empty()) return fail(std::string("the request has no \"") + key + "\"");
  return value;
}

Json list_profiles(const AgentPolicy& policy) {
  Json profiles = Json::object();
  for (const auto& row : policy.profiles())
    profiles[row.name] = {{"mode", mode_name(row.mode)}, {"by_hand", row.by_hand}};
  return profiles;
}

std::string exe_of(std::uint32_t pid) {
  std::error_code failure;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", failure).string();
}

struct ConfinedProcess {
  std::string exe;
  std::vector<std::string> profiles;  ///< one, or a stack of them
  std::string mode;                   ///< "enforce", …; "mixed" where those of a stack differ
};

/// By pid. Of a process with threads under several profiles, those of one of them.
Result<std::map<std::uint32_t, ConfinedProcess>> confined_processes(const Observer& observer,
                                                                    PolicyStore& store,
                                                                    const AgentPolicy& policy) {
  std::map<std::string, std::string_view> modes;
  for (const auto& row : policy.profiles()) modes[row.name] = mode_name(row.mode);
  std::map<std::uint32_t, ConfinedProcess> found;
  for (const auto& task : TRY(observer.confined_tasks())) {
    const auto [process, added] = found.try_emplace(task.pid);
    if (!added) continue;
    process->second.exe = exe_of(task.pid);
    for (const std::uint16_t id : task.profiles) {
      std::string name(store.name_of(id));
      const auto mode = modes.find(name);
      const std::string_view text = mode == modes.end() ? "unconfined" : mode->second;
      std::string& whole = process->second.mode;
      whole = whole.empty() || whole == text ? text : std::string_view("mixed");
      process->second.profiles.push_back(std::move(name));
    }
  }
  return found;
}

Result<Json> status(Session& session, const AgentPolicy& policy) {
  Json processes = Json::array();
  const auto confined =
      TRY(confined_processes(session.observer(), session.observer().policy(), policy));
  for (const auto& [pid, process] : confined)
    processes.push_back({{"pid", pid},
                         {"exe", process.exe},
                         {"profiles", process.profiles},
                         {"mode", process.mode}});
  Json unconfined = Json::array();
  for (const auto& process : policy.unconfined())
    if (!confined.contains(process.pid) && exe_of(process.pid) == process.exe)
      unconfined.push_back(
          {{"pid", process.pid}, {"exe", process.exe}, {"profile", process.profile}});
  return Json{{"version", ASPIS_VERSION},
              {"backend", backend_name(session.observer().backend())},
              {"profiles", list_profiles(policy)},
              {"processes", std::move(processes)},
              {"unconfined", std::move(unconfined)}};
}

/// What a profile confines could let itself out otherwise, in complain mode as well. Of threads the
/// first one counts, as it does for what else a process is.
Result<> require_unconfined(const Observer& observer, const Peer& peer) {
  const auto pidfd = open_pidfd(peer.pid);
  if (!pidfd)
    return fail_errno("who asks, process " + std::to_string(peer.pid) + ", is not to be found",
                      EPERM);
  if (!observer.is_confined(pidfd->get())) return {};
  log::warn("process {} of user {} is confined, and has asked for another policy: refused",
            peer.pid, peer.uid);
  return fail_errno("confined processes cannot change the policy", EPERM);
}

/// What is asked for.
struct Change {
  std::string request;  ///< in words
  std::function<Result<>()> apply;
};

}  // namespace

void answer_requests(Server& server, Session& session, AgentPolicy& policy, Activity& activity) {
  using Access = Server::Access;
  /// What `read` makes of a request is done, and told of, whatever came of it.
  const auto handle_change = [&](const char* name, auto read) {
    server.handle(
        name, Access::kChange,
        [&session, &policy, name, read](const Json& request, const Peer& peer) -> Result<Json> {
          const AgentNotice::Asker asker{peer.pid, peer.uid};
          if (const auto allowed = require_unconfined(session.observer(), peer); !allowed) {
            tell_policy(session, policy,
                        {std::string(std::string_view(name).substr(sizeof("policy.") - 1)), asker},
                        allowed);
            return tl::unexpected(allowed.error());
          }
          const Change change = TRY(read(request));
          log::info("policy {}: asked for by process {} of user {}", change.request, peer.pid,
                    peer.uid);
          const Result<> result = change.apply();
          tell_policy(session, policy, {change.request, asker}, result);
          if (!result) return tl::unexpected(result.error());
          return Json{{"profiles", policy.profiles().size()}};
        });
  };
  server.handle("status", Access::kRead,
                [&](const Json&, const Peer&) { return status(session, policy); });
  server.handle("activity", Access::kRead, [&](const Json& request, const Peer&) -> Result<Json> {
    constexpr std::size_t kProcesses = 512;
    return activity.snapshot(boot_time(), request.value("limit", kProcesses));
  });
  server.handle("recent", Access::kRead, [&](const Json& request, const Peer&) -> Result<Json> {
    return Json{{"lines", activity.recent(request.value("pid", 0U), request.value("profile", ""))}};
  });
  server.handle("policy.list", Access::kRead, [&](const Json&, const Peer&) -> Result<Json> {
    return Json{{"profiles", list_profiles(policy)}};
  });
  handle_change("policy.reload", [&](const Json&) -> Result<Change> {
    return Change{"reload", [&] { return policy.reload(session); }};
  });
  handle_change("policy.load", [&](const Json& request) -> Result<Change> {
    const std::string path = TRY(text(request, "path"));
    if (!path.starts_with('/')) return fail(path + ": not an absolute path");
    return Change{"load " + path, [&, path] { return policy.load(session, path); }};
  });
  handle_change("policy.remove", [&](const Json& request) -> Result<Change> {
    const std::string profile = TRY(text(request, "profile"));
    return Change{"remove " + profile, [&, profile] { return policy.remove(session, profile); }};
  });
  handle_change("policy.mode", [&](const Json& request) -> Result<Change> {
    const std::string profile = TRY(text(request, "profile"));
    const std::string mode = TRY(text(request, "mode"));
    const auto value = settable_mode(mode);
    if (!value && mode != "default")
      return fail("'" + mode + "' is no mode: complain, enforce, kill or default");
    return Change{"mode " + mode + " " + profile,
                  [&, profile, value] { return policy.set_mode(session, profile, value); }};
  });
}

}  // namespace aspis
