// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/site_directory.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace aspis::cpython {
namespace {

constexpr std::size_t kEntriesMax = 8192;
constexpr std::size_t kSmallFile = 64UL << 10;
constexpr std::size_t kRecordMax = 8UL << 20;
constexpr std::size_t kLookedThroughMax = 64UL << 20;  // of all RECORDs together

bool is_metadata(std::string_view name) {
  return name.ends_with(".dist-info") || name.ends_with(".egg-info");
}

bool tells_of_editable(std::string_view name) {
  return name.ends_with(".dist-info") || name.ends_with(".egg-link") ||
         (name.starts_with("__editable__.") && name.ends_with(".pth"));
}

bool is_egg_info(std::string_view name) {
  return name.ends_with(".egg-info");
}

// Names are equal when they differ in case and in - _ . only (PEP 503).
std::string normalized(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool mark = c == '-' || c == '_' || c == '.';
    if (mark && out.ends_with('_')) continue;
    out += mark ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())))
    text.remove_prefix(1);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())))
    text.remove_suffix(1);
  return text;
}

std::string joined(const std::string& directory, const std::string& name) {
  std::string path = directory;
  path.append("/").append(name);
  return path;
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    visit(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

bool has_line(std::string_view text, std::string_view wanted) {
  bool found = false;
  each_line(text, [&](std::string_view line) { found |= line == wanted; });
  return found;
}

// Whether a line of RECORD is about this file: "path,hash,size", the path in quotes if it must be.
bool records(std::string_view record, std::string_view relative) {
  for (std::size_t at = record.find(relative); at != std::string_view::npos;
       at = record.find(relative, at + 1)) {
    const std::size_t end = at + relative.size();
    const bool quoted = at > 0 && record[at - 1] == '"';
    const std::size_t line = quoted ? at - 1 : at;
    const char after = end < record.size() ? record[end] : '\0';
    if ((line == 0 || record[line - 1] == '\n') && after == (quoted ? '"' : ',')) return true;
  }
  return false;
}

// "Name:" and "Version:" of METADATA or PKG-INFO; what is missing, of the name of the directory.
Distribution described(const FileTree& tree, const std::string& metadata) {
  Distribution result;
  const bool egg = is_egg_info(metadata);
  auto text = tree.read(metadata + (egg ? "/PKG-INFO" : "/METADATA"), kSmallFile);
  if (!text && egg) text = tree.read(metadata, kSmallFile);  // Debian's and distutils' are files
  bool body = false;
  each_line(text.value_or(""), [&](std::string_view line) {
    body |= line.empty();
    if (body) return;
    if (result.name.empty() && line.starts_with("Name:")) result.name = trimmed(line.substr(5));
    if (result.version.empty() && line.starts_with("Version:"))
      result.version = trimmed(line.substr(8));
  });
  const Distribution named = distribution_from_name(metadata.substr(metadata.rfind('/') + 1));
  if (result.name.empty()) result.name = named.name;
  if (result.version.empty()) result.version = named.version;
  return result;
}

enum class Owns { kYes, kNo, kMaybe };

// By the list of installed files: kMaybe if there is none.
Owns owns(const FileTree& tree, const std::string& metadata, std::string_view relative,
          std::size_t& looked_through) {
  const bool egg = is_egg_info(metadata);
  const auto list = tree.read(metadata + (egg ? "/installed-files.txt" : "/RECORD"), kRecordMax);
  if (!list) return Owns::kMaybe;
  looked_through += list->size();
  const bool listed =
      egg ? has_line(*list, "../" + std::string(relative)) : records(*list, relative);
  return listed ? Owns::kYes : Owns::kNo;
}

// Whether the distribution says that it has this top-level name, or is called so.
bool has_top_level(const FileTree& tree, const std::string& metadata, std::string_view top,
                   const std::string& entry) {
  if (const auto text = tree.read(metadata + "/top_level.txt", kSmallFile))
    return has_line(*text, top);
  return normalized(distribution_from_name(entry).name) == normalized(top);
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() &&
        std::isxdigit(static_cast<unsigned char>(text[i + 1])) &&
        std::isxdigit(static_cast<unsigned char>(text[i + 2]))) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The directory of a direct_url.json that says "editable"; empty: it doesn't.
std::string editable_directory(std::string json) {
  std::erase_if(json, [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; });
  constexpr std::string_view kUrl = "\"url\":\"file://";
  const std::size_t url = json.find(kUrl);
  if (url == std::string::npos || json.find("\"editable\":true") == std::string::npos) return {};
  const std::size_t from = url + kUrl.size(), end = json.find('"', from);
  if (end == std::string::npos) return {};
  return percent_decoded(std::string_view(json).substr(from, end - from));
}

void add_project(std::vector<EditableProject>& projects, std::string directory,
                 Distribution distribution) {
  while (directory.size() > 1 && directory.ends_with('/')) directory.pop_back();
  if (directory.size() > 1 && directory.front() == '/')
    projects.push_back({std::move(directory), std::move(distribution)});
}

}  // namespace

Distribution distribution_from_name(std::string_view file_name) {
  for (const std::string_view ending : {".dist-info", ".egg-info", ".egg-link", ".whl", ".egg"}) {
    if (!file_name.ends_with(ending)) continue;
    file_name.remove_suffix(ending.size());
    const std::size_t dash = file_name.find('-');
    if (dash == std::string_view::npos) return {std::string(file_name), ""};
    const std::string_view rest = file_name.substr(dash + 1);
    return {std::string(file_name.substr(0, dash)), std::string(rest.substr(0, rest.find('-')))};
  }
  return {};
}

Distribution find_in_site(const FileTree& tree, const std::string& site,
                          std::string_view relative) {
  std::string_view top = relative.substr(0, relative.find('/'));
  if (top.ends_with(".egg")) return distribution_from_name(top);
  if (top.ends_with(".py")) top.remove_suffix(3);
  const std::string wanted = normalized(top);
  auto entries = tree.list(site, is_metadata, kEntriesMax);
  std::sort(entries.begin(), entries.end());
  // The one that is called like the package is mostly the one.
  std::stable_partition(entries.begin(), entries.end(), [&](const std::string& entry) {
    return normalized(distribution_from_name(entry).name) == wanted;
  });
  std::size_t looked_through = 0;
  const std::string* likely = nullptr;
  for (const std::string& entry : entries) {
    const std::string metadata = joined(site, entry);
    const Owns answer = owns(tree, metadata, relative, looked_through);
    if (answer == Owns::kYes) return described(tree, metadata);
    if (answer == Owns::kMaybe && likely == nullptr && has_top_level(tree, metadata, top, entry))
      likely = &entry;
    if (looked_through > kLookedThroughMax) break;
  }
  return likely == nullptr ? Distribution{} : described(tree, joined(site, *likely));
}

std::vector<EditableProject> editable_projects(const FileTree& tree, const std::string& site) {
  std::vector<EditableProject> projects;
  for (const std::string& entry : tree.list(site, tells_of_editable, kEntriesMax)) {
    const std::string path = joined(site, entry);
    if (entry.ends_with(".dist-info")) {
      if (const auto json = tree.read(path + "/direct_url.json", kSmallFile))
        if (std::string directory = editable_directory(*json); !directory.empty())
          add_project(projects, std::move(directory), described(tree, path));
      continue;
    }
    const std::string text = tree.read(path, kSmallFile).value_or("");
    std::string first;
    each_line(text, [&](std::string_view line) {
      if (first.empty()) first = line;
    });
    if (entry.ends_with(".egg-link")) {
      for (const std::string& egg : tree.list(first, is_egg_info, 1))
        add_project(projects, first, described(tree, joined(first, egg)));
    } else {  // __editable__.NAME-VERSION.pth
      std::string name = entry.substr(entry.find('.') + 1);
      name.replace(name.rfind('.'), std::string::npos, ".dist-info");
      add_project(projects, first, distribution_from_name(name));
    }
  }
  return projects;
}

}  // namespace aspis::cpython
