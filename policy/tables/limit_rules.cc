// SPDX-License-Identifier: Apache-2.0
// Resource limits: an array.
#include <sys/resource.h>

#include "policy/tables/class_rules.h"

namespace aspis::policy {
namespace {

struct LimitNumber {
  std::string_view name;
  unsigned number;
};
constexpr LimitNumber kLimits[] = {
    {"cpu", RLIMIT_CPU},
    {"fsize", RLIMIT_FSIZE},
    {"data", RLIMIT_DATA},
    {"stack", RLIMIT_STACK},
    {"core", RLIMIT_CORE},
    {"rss", RLIMIT_RSS},
    {"nofile", RLIMIT_NOFILE},
    {"ofile", RLIMIT_NOFILE},
    {"as", RLIMIT_AS},
    {"nproc", RLIMIT_NPROC},
    {"memlock", RLIMIT_MEMLOCK},
    {"locks", RLIMIT_LOCKS},
    {"sigpending", RLIMIT_SIGPENDING},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
};
static_assert(RLIM_NLIMITS == ASPIS_RLIMITS);

}  // namespace

void lower(const Rule& /*rule*/, const RlimitRule& body, const ClassContext& context) {
  for (const LimitNumber& limit : kLimits) {
    if (limit.name != body.name.text) continue;
    context.compiled.rlimits[limit.number] = body.value ? *body.value : RLIM_INFINITY;
  }
}

}  // namespace aspis::policy
