// SPDX-License-Identifier: Apache-2.0
// yaml-cpp throws: nothing gets out of here.
#include "agent/config/profile_yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <span>

namespace aspis {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view kApiVersion = "aspis.dev/v1", kKind = "Profile";
/// Kubernetes' limit of names (RFC 1123 subdomains).
constexpr std::size_t kNameMax = 253;
/// `status`: who copies an object out of a cluster has it, too.
constexpr std::array<std::string_view, 5> kMembers = {"apiVersion", "kind", "metadata", "spec",
                                                      "status"};
/// Of ObjectMeta, what users write and what a cluster adds; of all these `name` alone is read.
constexpr std::array<std::string_view, 14> kMetadata = {
    "name",          "generateName",    "namespace",         "labels",         "uid",
    "annotations",   "generation",      "creationTimestamp", "finalizers",     "deletionTimestamp",
    "managedFields", "ownerReferences", "selfLink",          "resourceVersion"};
constexpr std::array<std::string_view, 2> kSpec = {"mode", "text"};
constexpr std::array<std::string_view, 3> kModes = {"enforce", "complain", "kill"};

std::string joined(Words words) {
  std::string all;
  for (const auto word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return all;
}

/// RFC 1123: letters of lower case, digits, '-' and '.', with a letter or digit at both ends.
bool is_name(std::string_view name) {
  const auto inner = [](char c) {
    return std::islower(static_cast<unsigned char>(c)) != 0 ||
           std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.';
  };
  const auto outer = [&](char c) { return inner(c) && c != '-' && c != '.'; };
  return !name.empty() && name.size() <= kNameMax && std::ranges::all_of(name, inner) &&
         outer(name.front()) && outer(name.back());
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// The text of a block that begins in the line after `header`, in its place among the lines of its
/// file; nothing if `value` is not what stands there, line by line: then it is no literal block.
std::optional<std::string> in_place(const std::string& value,
                                    std::span<const std::string_view> file, std::size_t header) {
  std::string text(header + 1, '\n');
  std::size_t at = header + 1;
  for (const std::string_view line : lines_of(value)) {
    if (at >= file.size() || !file[at].ends_with(line)) return std::nullopt;
    const std::string_view indent = file[at].substr(0, file[at].size() - line.size());
    if (indent.find_first_not_of(' ') != std::string_view::npos) return std::nullopt;
    text.append(file[at++]).push_back('\n');
  }
  return text;
}

class Reader {
 public:
  Reader(std::string_view text, const std::string& name) : name_(name), lines_(lines_of(text)) {}

  void document(const YAML::Node& node) {
    if (node.IsNull()) return;
    if (!members(node, "", kMembers)) return;
    if (!is(node, "apiVersion", kApiVersion) || !is(node, "kind", kKind)) return;
    ProfileDocument found;
    read_name(node, found);
    read_spec(node, found);
    documents_.push_back(std::move(found));
  }

  void wrong(const YAML::Mark& mark, const std::string& what) {
    if (!wrongs_.empty()) wrongs_ += "\n";
    wrongs_ += name_;
    if (!mark.is_null())
      wrongs_ += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    wrongs_ += ": " + what;
  }

  Result<std::vector<ProfileDocument>> take() && {
    if (!wrongs_.empty()) return fail(wrongs_);
    return std::move(documents_);
  }

 private:
  /// Whether it is a map; each member that is none of the known ones is told.
  bool members(const YAML::Node& node, const std::string& of, Words known) {
    if (!node.IsMap()) {
      wrong(node.Mark(), of.empty() ? "an object of the kind Profile is expected here"
                                    : of + ": a map is expected");
      return false;
    }
    std::map<std::string, int> seen;
    for (const auto& pair : node) {
      const std::string key = pair.first.IsScalar() ? pair.first.Scalar() : "";
      if (std::ranges::find(known, key) == known.end())
        wrong(pair.first.Mark(), "unknown member '" + key + "'" + (of.empty() ? "" : " of " + of) +
                                     "; there are " + joined(known));
      else if (seen[key]++ > 0)
        wrong(pair.first.Mark(), "'" + key + "' is there twice");
    }
    return true;
  }

  /// Whether a member of the document says just this.
  bool is(const YAML::Node& node, const std::string& member, std::string_view expected) {
    const YAML::Node value = node[member];
    const std::string wanted = member + ": " + std::string(expected) + " is expected";
    if (!value)
      wrong(node.Mark(), wanted + ", and it is missing");
    else if (!value.IsScalar() || value.Scalar() != expected)
      wrong(value.Mark(),
            wanted + (value.IsScalar() ? ", not '" + value.Scalar() + "'" : std::string()));
    else
      return true;
    return false;
  }

  void read_name(const YAML::Node& node, ProfileDocument& to) {
    const YAML::Node metadata = node["metadata"];
    if (!metadata) return wrong(node.Mark(), "metadata: a name is needed there");
    if (!members(metadata, "metadata", kMetadata)) return;
    const YAML::Node name = metadata["name"];
    if (!name || !name.IsScalar() || !is_name(name.Scalar()))
      return wrong(name ? name.Mark() : metadata.Mark(),
                   "metadata.name: letters of lower case, digits, '-' and '.' are expected");
    to.name = name.Scalar();
    const auto [first, added] = names_.emplace(to.name, name.Mark().line + 1);
    if (!added)
      wrong(name.Mark(),
            "another Profile is called " + to.name + ", in line " + std::to_string(first->second));
  }

  void read_spec(const YAML::Node& node, ProfileDocument& to) {
    const YAML::Node spec = node["spec"];
    if (!spec) return wrong(node.Mark(), "spec: `text` is needed there");
    if (!members(spec, "spec", kSpec)) return;
    if (const YAML::Node mode = spec["mode"]) {
      if (!mode.IsScalar() || std::ranges::find(kModes, mode.Scalar()) == kModes.end())
        wrong(mode.Mark(), "spec.mode: one of " + joined(kModes) + " is expected");
      else
        to.mode = mode.Scalar();
    }
    const YAML::Node text = spec["text"];
    if (!text || !text.IsScalar()) {
      wrong(text ? text.Mark() : spec.Mark(), "spec.text: the text of profiles is expected");
      return;
    }
    const auto header = static_cast<std::size_t>(std::max(text.Mark().line, 0));
    auto placed = in_place(text.Scalar(), lines_, header);
    if (!placed)
      return wrong(text.Mark(), "spec.text: write it as a block of its own lines, after `text: |`");
    to.text = std::move(*placed);
  }

  std::string name_, wrongs_;
  std::vector<std::string_view> lines_;
  std::map<std::string, int> names_;  ///< and their lines
  std::vector<ProfileDocument> documents_;
};

}  // namespace

bool is_profile_yaml(std::string_view path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

Result<std::vector<ProfileDocument>> read_profile_yaml(std::string_view text,
                                                       const std::string& name) {
  Reader reader(text, name);
  try {
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) reader.document(node);
  } catch (const YAML::Exception& error) {
    reader.wrong(error.mark, error.msg);
  }
  return std::move(reader).take();
}

}  // namespace aspis
