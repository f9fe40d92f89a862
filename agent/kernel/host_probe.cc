// SPDX-License-Identifier: Apache-2.0
#include "agent/kernel/host_probe.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "agent/kernel/backend.h"
#include "agent/kernel/capability.h"
#include "agent/kernel/observer.h"

namespace aspis {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Finding readable(std::string what, const char* path, std::string why_wanted) {
  if (::access(path, R_OK) == 0) return {std::move(what), "yes", path};
  return {std::move(what), "no", std::string(path) + " is not there: " + std::move(why_wanted)};
}

Finding of_trial(std::string what, const Trial& trial) {
  return {std::move(what), trial.works ? "yes" : "no", trial.why_not};
}

void add_backends(std::vector<Finding>& findings) {
  bool chosen = false;
  for (const Backend backend : kBackends) {
    Finding finding =
        of_trial("hooks: " + std::string(backend_name(backend)), try_backend(backend));
    if (finding.state == "yes" && !chosen) {
      finding.state = "in use";
      chosen = true;
    }
    findings.push_back(std::move(finding));
  }
}

/// How a profile is enforced: it takes a hook to refuse.
Finding enforcement(Backend backend) {
  if (backend == Backend::kTracepoint)
    return {"profiles", "kill", "what is denied ends the process before it sees the result"};
  return {"profiles", "refuse", "what is denied fails with the error that AppArmor gives"};
}

/// What becomes of a thread that raises an audit event that its profile denies.
Finding python_rules() {
  const Trial registers = try_register_write();
  if (registers.works)
    return {"rules on audit events", "raise",
            "what is denied is a PermissionError at the line that asked; while the interpreter "
            "starts up, the process ends"};
  return {"rules on audit events", "kill",
          "who raises what is denied has ended before the operation begins; with "
          "libaspis-hook.so in the process it gets a PermissionError. From the kernel it takes "
          "6.18 without lockdown (" +
              registers.why_not + ")"};
}

/// Who refuses code that is not signed.
Finding signed_code() {
  const Trial trial = try_signed_code();
  if (trial.works)
    return {"signed code at open", "yes", "by fs-verity, where the file system has it"};
  return {"signed code at open", "no", trial.why_not + "; the hook inside of Python asks, too"};
}

void add_missing_hooks(std::vector<Finding>& findings) {
  const auto observer = Observer::create({}, [](std::span<const std::byte>) {});
  if (!observer) {
    findings.push_back({"observation", "no", observer.error().text()});
    return;
  }
  findings.push_back({"observation", "yes", "all programs load and attach"});
  findings.push_back(enforcement((*observer)->backend()));
  findings.push_back(python_rules());
  for (const auto& missing : (*observer)->missing())
    findings.push_back({"hook " + std::string(missing.hook()), "no", missing.reason});
}

}  // namespace

std::vector<Finding> probe_host() {
  std::vector<Finding> findings;
  utsname system{};
  ::uname(&system);
  findings.push_back({"kernel", system.release, system.machine});
  findings.push_back(readable("type information (BTF)", "/sys/kernel/btf/vmlinux",
                              "a kernel with CONFIG_DEBUG_INFO_BTF is needed"));
  findings.push_back({"security modules",
                      first_line("/sys/kernel/security/lsm").empty() ? "not known" : "listed",
                      first_line("/sys/kernel/security/lsm").empty()
                          ? "securityfs is not mounted; not needed, hooks are tried instead"
                          : first_line("/sys/kernel/security/lsm")});
  findings.push_back({"lockdown",
                      first_line("/sys/kernel/security/lockdown").empty() ? "not known" : "listed",
                      first_line("/sys/kernel/security/lockdown")});
  std::string lacking;
  for (const auto& name : missing_capabilities()) lacking += (lacking.empty() ? "" : ", ") + name;
  findings.push_back({"capabilities", lacking.empty() ? "yes" : "no",
                      lacking.empty() ? "" : "missing: " + lacking});
  add_backends(findings);
  findings.push_back(of_trial("task iterator", try_task_iterator()));
  findings.push_back(of_trial("user probes (USDT)", try_uprobe()));
  findings.push_back(signed_code());
  add_missing_hooks(findings);
  return findings;
}

}  // namespace aspis
