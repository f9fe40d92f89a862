// SPDX-License-Identifier: Apache-2.0
#include "agent/watch/enforced.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"

namespace aspis {
namespace {

using policy::CompiledProfile;

constexpr const char* kAfterTheFact =
    "the backend tracepoint sees what is denied when it has been done: the process is killed "
    "before "
    "it sees the result. Names that are made or removed are decided as they are spelled. Not asked "
    "about are locks, files that come over exec or from another process, and of sockets all but "
    "create, bind, connect, listen, accept and messages with an address";

/// What of one profile's classes is not enforced: a line for each reason.
std::vector<std::string> not_here(const CompiledProfile& profile,
                                  const std::vector<Unenforced>& classes, Backend backend) {
  std::map<std::string, std::vector<std::string_view>> rules;  // by what they lack
  for (const Unenforced& entry : classes) {
    if ((profile.mediated >> entry.kind & 1) == 0) continue;
    auto& names = rules[entry.why];
    if (std::ranges::count(names, entry.rules) == 0) names.push_back(entry.rules);
  }
  std::vector<std::string> lines;
  for (const auto& [why, names] : rules)
    lines.push_back(fmt::format("profile {}: {} rules are not enforced here (backend {}, {})",
                                profile.name, fmt::join(names, ", "), backend_name(backend), why));
  return lines;
}

/// Only programs of the backend lsm may set a new image's AT_SECURE (bpf/exec.bpf.c).
bool scrubs_in_vain(const CompiledProfile& profile, Backend backend) {
  return backend != Backend::kLsm &&
         std::ranges::any_of(profile.execs, [](const policy::CompiledExec& exec) {
           return (exec.flags & ASPIS_EXEC_SCRUB) != 0;
         });
}

bool packages_speak_of_files(const CompiledProfile& profile) {
  return std::ranges::any_of(profile.packages, [](const CompiledProfile& package) {
    return (package.mediated >> ASPIS_CLASS_FILE & 1) != 0;
  });
}

std::vector<std::string> unenforced_here(const Observer& observer,
                                         const policy::CompiledPolicy& policy) {
  std::vector<std::string> found;
  const Backend backend = observer.backend();
  const auto classes = unenforced_classes(backend, observer.missing());
  if (backend == Backend::kTracepoint) found.emplace_back(kAfterTheFact);
  for (const CompiledProfile& profile : policy.profiles) {
    if (profile.mode == ASPIS_MODE_UNCONFINED) continue;
    if ((profile.flags & ASPIS_PROFILE_SIGNED) != 0 && observer.signed_code() &&
        !observer.signed_code()->works)
      found.push_back(
          "profile " + profile.name + ": require signed is not enforced by the kernel here (" +
          observer.signed_code()->why_not + "); Python itself does where it runs with the hook");
    std::ranges::move(not_here(profile, classes, backend), std::back_inserter(found));
    if (backend == Backend::kTracepoint && packages_speak_of_files(profile))
      found.push_back("profile " + profile.name +
                      ": packages do not decide here on what is executed (backend tracepoint: the "
                      "Python stack is gone by then)");
    if (scrubs_in_vain(profile, backend))
      found.push_back("profile " + profile.name +
                      ": the environment is not scrubbed here: Px, Cx and Ux act as px, cx and ux "
                      "(backend " +
                      std::string(backend_name(backend)) + ")");
  }
  return found;
}

}  // namespace

Result<> check_enforced(const Observer& observer, const policy::CompiledPolicy& policy,
                        bool strict) {
  const std::vector<std::string> found = unenforced_here(observer, policy);
  if (found.empty()) return {};
  std::string lines;
  for (const std::string& line : found) {
    if (!strict) log::warn("{}", line);
    lines += "\n  " + line;
  }
  if (!strict) return {};
  return fail("the policy cannot be enforced as it is written, and is refused (--strict)" + lines);
}

}  // namespace aspis
