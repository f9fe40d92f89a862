// SPDX-License-Identifier: Apache-2.0
#include "agent/output/policy_names.h"

#include <array>

#include "bpf/abi/policy.h"

namespace aspis {
namespace {

struct PermissionName {
  std::uint16_t bit;
  std::string_view name;
};
// The order of security/apparmor/file.c: aa_file_perm_chrs.
constexpr PermissionName kFile[] = {
    {ASPIS_MAY_EXEC, "x"},   {ASPIS_MAY_WRITE, "w"},  {ASPIS_MAY_READ, "r"},
    {ASPIS_MAY_APPEND, "a"}, {ASPIS_MAY_CREATE, "c"}, {ASPIS_MAY_DELETE, "d"},
    {ASPIS_MAY_LOCK, "k"},   {ASPIS_MAY_MAP, "m"},    {ASPIS_MAY_LINK, "l"},
};

// security/apparmor/path.c, domain.c, file.c
constexpr std::array<std::string_view, ASPIS_INFO_COUNT> kInfos = {
    "",
    "Failed name lookup - disconnected path",
    "Failed name lookup - deleted entry",
    "Failed name lookup - name too long",
    "Failed name lookup - file has no name",
    "profile transition not found",
    "conflicting profile attachments",
    "link not subset of target",
    "too many stacked profiles",
    "out of memory",
};

}  // namespace

std::string permission_names(aspis_kind /*kind*/, std::uint16_t permissions) {
  std::string names;
  for (const PermissionName& entry : kFile) {
    if ((permissions & entry.bit) != 0) names += entry.name;
  }
  return names;
}

std::string_view info_text(std::uint8_t info) {
  return info < kInfos.size() ? kInfos[info] : "unknown reason";
}

}  // namespace aspis
