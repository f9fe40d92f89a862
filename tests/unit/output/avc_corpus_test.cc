// SPDX-License-Identifier: Apache-2.0
// AppArmor's own log lines, read where they lie: a record of the same content must give the same
// line, from apparmor= on.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <optional>
#include <regex>

#include "agent/event/kinds.h"
#include "agent/output/names.h"
#include "agent/output/policy_names.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;

/// Raise it when more are alike; fewer is a regression.
constexpr std::size_t kAlike = 33;

using Members = std::map<std::string, std::string>;

std::string unhex(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    out += static_cast<char>(std::stoi(text.substr(at, 2), nullptr, 16));
  return out;
}

/// Of one line; untrusted text decoded.
Members members_of(const std::string& line) {
  static const std::regex kMember(R"re((\w+)=("[^"]*"|[^ ]*))re");
  Members out;
  for (std::sregex_iterator it(line.begin(), line.end(), kMember), end; it != end; ++it) {
    const std::string key = (*it)[1].str();
    std::string value = (*it)[2].str();
    const bool untrusted = key == "name" || key == "profile" || key == "comm" || key == "peer";
    if (value.starts_with('"'))
      value = value.substr(1, value.size() - 2);
    else if (untrusted)
      value = unhex(value);
    out[key] = value;
  }
  return out;
}

/// Why a line cannot be made of a record.
struct Unlike {
  std::string why;
};

struct KindOf {
  std::string_view operation;
  aspis_kind kind;
};

constexpr KindOf kKindOf[] = {
    {"open", ASPIS_FILE_OPEN},
    {"exec", ASPIS_FILE_EXEC},
    {"chown", ASPIS_FILE_CHOWN},
    {"mkdir", ASPIS_FILE_MKDIR},
    {"symlink", ASPIS_FILE_SYMLINK},
    {"link", ASPIS_FILE_LINK},
    {"unlink", ASPIS_FILE_UNLINK},
    {"truncate", ASPIS_FILE_TRUNCATE},
    {"capable", ASPIS_PRIV_CAPABLE},
    {"signal", ASPIS_PRIV_KILL},
    {"ptrace", ASPIS_PRIV_PTRACE},
    {"accept", ASPIS_NET_ACCEPT},
    {"bind", ASPIS_NET_BIND},
    {"connect", ASPIS_NET_CONNECT},
    {"sendmsg", ASPIS_NET_SENDMSG},
    {"mount", ASPIS_PRIV_MOUNT},
    {"umount", ASPIS_PRIV_UMOUNT},
    {"userns_create", ASPIS_PRIV_USERNS},
    {"mqueue open", ASPIS_FILE_MQUEUE_OPEN},
    {"mqueue create", ASPIS_FILE_MQUEUE_CREATE},
};

class FromMembers {
 public:
  explicit FromMembers(const Members& members) : members_(members) {}

  /// The line that we write for the same.
  std::string line() {
    const bool queue = at("class") == "posix_mqueue";
    const std::string operation = (queue ? "mqueue " : "") + at("operation");
    const auto* row = std::ranges::find(kKindOf, operation, &KindOf::operation);
    if (row == std::end(kKindOf)) throw Unlike{"operation " + operation};
    if (at("class") == "net" && members_.contains("requested"))
      throw Unlike{"Ubuntu's own form of network lines"};
    if (row->kind == ASPIS_PRIV_PTRACE && members_.contains("target"))
      throw Unlike{"garbage of an old kernel"};
    sample::Sample sample("", wire(row->kind));
    sample.record.profile = at("profile");
    if (row->kind == ASPIS_FILE_EXEC) sample.record.target = at("target");
    sample.record.peer = at("peer");
    FormatContext context;
    context.audit_class = members_.contains("class");
    std::string out;
    find_formatter("avc")->make(context)->format(sample.record, out);
    return out.substr(0, out.size() - 1);
  }

 private:
  std::string at(const std::string& key) const {
    const auto found = members_.find(key);
    return found == members_.end() ? "" : found->second;
  }
  std::uint64_t number(const std::string& key) const {
    return members_.contains(key) ? std::stoull(at(key)) : 0;
  }

  /// Bits whose names are in `text`, in letters or words.
  static std::uint16_t bits(aspis_kind kind, const std::string& text) {
    std::uint16_t out = 0;
    for (unsigned bit = 1; bit < 0x10000; bit <<= 1U) {
      const std::string name = permission_names(kind, static_cast<std::uint16_t>(bit));
      if (!name.empty() && text.find(name) != std::string::npos) out |= bit;
    }
    if (permission_names(kind, out) != text) throw Unlike{"permissions " + text};
    return out;
  }

  static std::uint16_t number_of(Names set, const std::string& name) {
    for (std::uint16_t number = 0; number < 64; ++number) {
      if (name_of(set, number) == name) return number;
    }
    throw Unlike{name};
  }

  std::uint8_t info() const {
    for (unsigned info = 0; info < 256; ++info) {
      if (info_text(static_cast<std::uint8_t>(info), {}) == at("info"))
        return static_cast<std::uint8_t>(info);
    }
    throw Unlike{"info " + at("info")};
  }

  aspis_event head(aspis_kind kind) const {
    aspis_event head = sample::head(kind);
    const std::string mode = at("apparmor");
    head.flags = ASPIS_F_REPORTED;
    head.verdict = mode == "DENIED"    ? ASPIS_VERDICT_DENIED
                   : mode == "ALLOWED" ? ASPIS_VERDICT_COMPLAIN
                                       : ASPIS_VERDICT_ALLOWED;
    head.pid = static_cast<std::uint32_t>(number("pid"));
    head.profile = 1;
    const bool newer = members_.contains("requested");
    head.requested = bits(kind, at(newer ? "requested" : "requested_mask"));
    head.denied = bits(kind, at(newer ? "denied" : "denied_mask"));
    head.info = info();
    const std::string comm = at("comm");
    std::memcpy(head.comm, comm.data(), std::min(comm.size(), sizeof(head.comm)));
    return head;
  }

  sample::Wire wire(aspis_kind kind) const {
    const std::string family = std::string(kKinds[kind].payload);
    return family == "file" ? file(kind) : family == "net" ? net(kind) : privilege(kind);
  }

  sample::Wire file(aspis_kind kind) const {
    aspis_file_event raw{};
    raw.e = head(kind);
    raw.fsuid = static_cast<std::uint32_t>(number("fsuid"));
    raw.ouid = static_cast<std::uint32_t>(number("ouid"));
    std::string path = at("name"), other;
    if (path.ends_with('/')) {
      raw.directory = 1;
      path.pop_back();
    }
    if (kind == ASPIS_FILE_LINK) {
      other = path;
      path = at("target");
    }
    raw.path = sample::path(path);
    raw.other = sample::path(other);
    return sample::Wire(raw).tail(path).tail(other);
  }

  sample::Wire net(aspis_kind kind) const {
    aspis_net_event raw{};
    raw.e = head(kind);
    raw.family = number_of(Names::kFamily, at("family"));
    raw.type = number_of(Names::kSocketType, at("sock_type"));
    raw.protocol = static_cast<std::uint16_t>(number("protocol"));
    const bool bind = kind == ASPIS_NET_BIND;
    inet_pton(raw.family, at("laddr").c_str(), bind ? raw.address : raw.local);
    (bind ? raw.port : raw.local_port) = static_cast<std::uint16_t>(number("lport"));
    if (!bind) {
      inet_pton(raw.family, at("faddr").c_str(), raw.address);
      raw.port = static_cast<std::uint16_t>(number("fport"));
    }
    std::string name = at(bind ? "addr" : "peer_addr");
    if (name.starts_with('@')) name[0] = '\0';
    raw.unix_len = static_cast<std::uint16_t>(name.size());
    return sample::Wire(raw).tail(name);
  }

  sample::Wire privilege(aspis_kind kind) const {
    aspis_privilege_event raw{};
    raw.e = head(kind);
    if (kind == ASPIS_PRIV_CAPABLE) raw.number = static_cast<std::uint32_t>(number("capability"));
    if (kind == ASPIS_PRIV_KILL) {
      std::string name = "SIG" + at("signal");
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
      raw.number = number_of(Names::kSignal, name);
    }
    std::string path = at("name");
    if (path.ends_with('/')) path.pop_back();
    raw.path = sample::path(path);
    return sample::Wire(raw).tail(path);
  }

  const Members& members_;
};

/// Without what today's kernel does not print, and what auditd adds.
std::string cleaned(const std::string& line) {
  static const std::regex kOthers(R"re( parent=\d+| ?(FS|O)UID="[^"]*")re");
  std::string text = std::regex_replace(line, kOthers, "");
  while (text.ends_with(' ') || text.ends_with('\n')) text.pop_back();
  return text;
}

/// The bodies of new-style lines about what a profile said, by file.
std::map<std::string, std::string> corpus_lines(const fs::path& directory) {
  static const std::regex kBody(R"re(apparmor="(DENIED|ALLOWED|AUDIT)" operation="[^d].*)re");
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() != ".in") continue;
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);) {
      std::smatch match;
      if (std::regex_search(line, match, kBody)) out[entry.path().stem()] = cleaned(match.str());
    }
  }
  return out;
}

TEST(AvcCorpus, SameContentSameLine) {
  const char* place = std::getenv("ASPIS_CORPUS");
  const fs::path corpus =
      place != nullptr ? fs::path(place) : fs::path(ASPIS_SOURCE_DIR) / "../shared/corpus/apparmor";
  const fs::path directory = corpus / "test_multi";
  if (!fs::exists(directory)) GTEST_SKIP() << "no AppArmor log lines at " << directory;
  std::size_t alike = 0;
  for (const auto& [name, body] : corpus_lines(directory)) {
    const Members members = members_of(body);
    try {
      const std::string line = FromMembers(members).line();
      EXPECT_EQ(line.substr(line.find("apparmor=")), body) << name;
      ++alike;
    } catch (const Unlike& unlike) {
      std::cout << "not made here: " << name << ": " << unlike.why << '\n';
    }
  }
  std::cout << alike << " lines are alike\n";
  EXPECT_GE(alike, kAlike);
}

}  // namespace
}  // namespace aspis
