// SPDX-License-Identifier: Apache-2.0
#include "policy/tools/words.h"

#include <array>

namespace aspis::policy {
namespace {

struct Letter {
  std::uint16_t bit;
  char letter;
};
// The order of security/apparmor/file.c: aa_file_perm_chrs.
constexpr Letter kLetters[] = {
    {ASPIS_MAY_EXEC, 'x'},   {ASPIS_MAY_WRITE, 'w'},  {ASPIS_MAY_READ, 'r'},
    {ASPIS_MAY_APPEND, 'a'}, {ASPIS_MAY_CREATE, 'c'}, {ASPIS_MAY_DELETE, 'd'},
    {ASPIS_MAY_LOCK, 'k'},   {ASPIS_MAY_MAP, 'm'},    {ASPIS_MAY_LINK, 'l'},
};

constexpr std::array<std::string_view, 4> kModes = {"enforce", "complain", "kill", "unconfined"};
static_assert(kModes.size() == ASPIS_MODE_UNCONFINED + 1);

struct FlagWord {
  std::uint16_t bit;
  std::string_view word;
};
constexpr FlagWord kFlags[] = {
    {ASPIS_PROFILE_AUDIT, "audit"},
    {ASPIS_PROFILE_ATTACH_DISCONNECTED, "attach_disconnected"},
    {ASPIS_PROFILE_MEDIATE_DELETED, "mediate_deleted"},
    {ASPIS_PROFILE_CHROOT_RELATIVE, "chroot_relative"},
    {ASPIS_PROFILE_HAT, "hat"},
};

// By aspis_exec_mode.
constexpr std::string_view kExecLetters = "iupc";

}  // namespace

std::string file_letters(std::uint16_t permissions) {
  std::string letters;
  for (const Letter& entry : kLetters) {
    if ((permissions & entry.bit) != 0) letters += entry.letter;
  }
  return letters;
}

Result<std::uint16_t> file_permissions_of(std::string_view letters) {
  if (letters == "exec") return std::uint16_t{ASPIS_MAY_EXEC};
  std::uint16_t permissions = 0;
  for (const char letter : letters) {
    std::uint16_t bit = 0;
    for (const Letter& entry : kLetters) {
      if (entry.letter == letter) bit = entry.bit;
    }
    if (bit == 0) {
      return fail("\"" + std::string(letters) +
                  "\" are no permissions: they are some of the letters r (read), w (write), a "
                  "(append), c (create), d (delete), l (link), k (lock), m (map executable) and x "
                  "(execute, in whatever way)");
    }
    permissions |= bit;
  }
  if (permissions == 0) return fail("no permissions are asked about: give letters such as rw");
  return permissions;
}

std::string_view mode_name(aspis_mode mode) {
  return kModes[mode];
}

std::vector<std::string> flag_words(const CompiledProfile& profile) {
  std::vector<std::string> words;
  for (const FlagWord& flag : kFlags) {
    if ((profile.flags & flag.bit) != 0) words.emplace_back(flag.word);
  }
  if (profile.mode == ASPIS_MODE_KILL) {
    words.push_back("kill.signal=" + std::to_string(profile.kill_signal));
  }
  if (profile.error != 0) words.push_back("error=" + std::to_string(profile.error));
  return words;
}

std::string exec_words(const CompiledExec& exec) {
  std::string words(1, kExecLetters[exec.mode]);
  if ((exec.flags & ASPIS_EXEC_ELSE_INHERIT) != 0) words += 'i';
  if ((exec.flags & ASPIS_EXEC_ELSE_UNCONFINED) != 0) words += 'u';
  if ((exec.flags & ASPIS_EXEC_SCRUB) != 0) {
    // The fallback is in capitals only where it is one to no confinement: Pix, but PUx.
    for (char& letter : words) {
      if (letter != 'i') letter = static_cast<char>(letter - 'a' + 'A');
    }
  }
  words += 'x';
  const char* before = (exec.flags & ASPIS_EXEC_STACK) != 0 ? " -> &" : " -> ";
  for (const std::string& target : exec.targets) {
    words += before + target;
    before = "//&";
  }
  return words;
}

std::string launch_words(const CompiledLaunch& launch) {
  switch (launch.kind) {
    case ASPIS_LAUNCH_SCRIPT:
      return "script=" + launch.glob;
    case ASPIS_LAUNCH_MODULE:
      return "module=" + launch.glob;
    case ASPIS_LAUNCH_COMMAND:
      return "command";
    case ASPIS_LAUNCH_STDIN:
      return "stdin";
    case ASPIS_LAUNCH_UNKNOWN:
      break;
  }
  return {};
}

std::string listed(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : ", ") + word;
  return list.empty() ? "none" : list;
}

}  // namespace aspis::policy
