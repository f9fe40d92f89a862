// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/config_checks.h"

#include <sys/un.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/chain/chain.h"
#include "agent/output/inet_address.h"
#include "agent/output/message_target.h"
#include "agent/redact/redact.h"
#include "agent/watch/filter.h"
#include "agent/webhook/http_post.h"
#include "agent/webhook/template.h"

namespace aspis {
namespace {

namespace fs = std::filesystem;

template <class T>
std::string error_of(const Result<T>& result) {
  return result ? "" : result.error().text();
}

std::string wrong_path(const OutputConfig& output, const std::string& path) {
  if (output.type != "file" && output.type != "log") return "";
  std::error_code none;
  if (fs::is_directory(path, none)) return path + " is a directory";
  // Directories that are missing are made, if what is there of the path is one.
  fs::path there = fs::path(path).parent_path();
  while (there.has_relative_path() && !fs::exists(there, none)) there = there.parent_path();
  if (!there.empty() && !fs::is_directory(there, none)) return there.string() + " is no directory";
  return "";
}

std::string wrong_to(const OutputConfig& output, const std::string& to) {
  if (output.type == "webhook")
    return to.empty() ? "a webhook has an URL, `to`" : error_of(read_url(to));
  if (to.empty()) return "";
  if (output.type == "syslog") return error_of(send_to(MessageKind::kSyslog, to));
  if (output.type == "journal") return error_of(send_to(MessageKind::kJournal, to));
  return "an output of type " + output.type + " goes to no address";
}

std::string wrong_event(const OutputConfig&, const std::string& glob) {
  return event_glob_can_match(glob)
             ? ""
             : glob + ": no event has such a name (docs/events.md lists them)";
}

std::string wrong_template(const OutputConfig&, const std::string& path) {
  return path.empty() ? "" : error_of(WebhookTemplate::read_file(path));
}

std::string wrong_ca(const OutputConfig&, const std::string& path) {
  return error_of(HttpPoster::create(*read_url("https://localhost/"), {}, path));
}

std::string wrong_header(const OutputConfig&, const std::string& header) {
  return error_of(HttpPoster::create(*read_url("https://localhost/"), {header}, ""));
}

std::string wrong_key(const OutputConfig&, const std::string& path) {
  if (path.empty()) return "";
  std::ifstream file(path);
  std::stringstream text;
  if (!file || !(text << file.rdbuf()))
    return path + ": no key for seals (aspis log key makes one)";
  return seal_key_from_text(text.str()) ? "" : path + ": not a key for seals (aspis log key)";
}

std::string wrong_expression(const std::string& text) {
  return error_of(Redactor::create({text}));
}

std::string wrong_metrics(const std::string& where) {
  if (where.empty() || read_inet_address(where)) return "";
  if (!where.starts_with('/'))
    return "'" + where + "': neither a path, nor an address and a port as 127.0.0.1:9464";
  return where.size() < sizeof(sockaddr_un{}.sun_path) ? "" : "the path is too long for a socket";
}

}  // namespace

ConfigChecks config_checks() {
  return {{{"redact", wrong_expression}, {"metrics", wrong_metrics}},
          {{"path", wrong_path},
           {"to", wrong_to},
           {"events", wrong_event},
           {"template", wrong_template},
           {"ca", wrong_ca},
           {"headers", wrong_header},
           {"seal_key", wrong_key}}};
}

}  // namespace aspis
