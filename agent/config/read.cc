// SPDX-License-Identifier: Apache-2.0
// yaml-cpp throws: nothing gets out of here (profile_yaml.cc is the other file that knows of it).
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <sstream>

#include "agent/config/config.h"
#include "agent/config/keys.h"

namespace aspis {
namespace {

bool has_word(std::string_view words, std::string_view word) {
  std::istringstream list{std::string(words)};
  for (std::string one; list >> one;)
    if (one == word) return true;
  return false;
}

/// How many letters have to be changed, put in or left out.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t before = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = before + (a[i - 1] == b[j - 1] ? 0 : 1);
      before = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

/// Reads one file; what is wrong is collected, each with its place.
class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  /// Each member of a map is a key of T, the begin of keys ("socket"), or what `other` knows.
  template <class T, class Other>
  void map(const YAML::Node& node, std::span<const ConfigKey<T>> keys, const std::string& prefix,
           T& to, const Other& other) {
    if (node.IsNull()) return;
    if (!node.IsMap()) return wrong(node, "a map of keys and values is expected here");
    std::set<std::string> seen;
    for (const auto& pair : node) {
      if (!pair.first.IsScalar()) {
        wrong(pair.first, "a key is a word");
        continue;
      }
      const std::string key = prefix + pair.first.Scalar();
      if (!seen.insert(key).second) wrong(pair.first, "'" + key + "' is there twice");
      const auto row = std::ranges::find(keys, key, &ConfigKey<T>::name);
      if (row != keys.end())
        value(pair.second, *row, to);
      else if (std::ranges::any_of(
                   keys, [&](const auto& one) { return one.name.starts_with(key + "."); }))
        map(pair.second, keys, key + ".", to, other);
      else if (!other(key, pair.second))
        unknown(pair.first, key, keys);
    }
  }

  void wrong(const YAML::Node& node, const std::string& what) { at(node.Mark(), what); }
  void at(const YAML::Mark& mark, const std::string& what) {
    if (!wrongs_.empty()) wrongs_ += "\n";
    wrongs_ += name_;
    if (!mark.is_null())
      wrongs_ += ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
    wrongs_ += ": " + what;
  }
  [[nodiscard]] const std::string& wrongs() const { return wrongs_; }

 private:
  template <class T>
  void unknown(const YAML::Node& node, const std::string& key, std::span<const ConfigKey<T>> keys) {
    std::string_view nearest;
    std::size_t least = 4;  // further ones are other words
    for (const auto& row : keys)
      if (const std::size_t far = distance(key, row.name); far < least) {
        least = far;
        nearest = row.name;
      }
    wrong(node, "unknown key '" + key + "'" +
                    (nearest.empty() ? "" : "; did you mean '" + std::string(nearest) + "'?"));
  }

  template <class T>
  void value(const YAML::Node& node, const ConfigKey<T>& key, T& to) {
    const std::string name(key.name);
    if (const auto* flag = std::get_if<bool T::*>(&key.member)) {
      if (!node.IsScalar() || !YAML::convert<bool>::decode(node, to.*(*flag)))
        wrong(node, name + ": true or false is expected");
    } else if (const auto* number = std::get_if<unsigned T::*>(&key.member)) {
      unsigned value = 0;
      if (!node.IsScalar() || node.Scalar().starts_with('-') ||
          !YAML::convert<unsigned>::decode(node, value) || value < key.least || value > key.most)
        return wrong(node, name + ": a number from " + std::to_string(key.least) + " to " +
                               std::to_string(key.most) + " is expected");
      if (key.power_of_two && !std::has_single_bit(value))
        return wrong(node, name + ": not a power of two");
      to.*(*number) = value;
    } else if (const auto* text = std::get_if<std::string T::*>(&key.member)) {
      if (!node.IsScalar()) return wrong(node, name + ": one word is expected");
      if (chosen(node, key)) to.*(*text) = node.Scalar();
    } else {
      list(node, key, to.*std::get<std::vector<std::string> T::*>(key.member));
    }
  }

  template <class T>
  bool chosen(const YAML::Node& node, const ConfigKey<T>& key) {
    if (key.choices.empty() || has_word(key.choices, node.Scalar())) return true;
    wrong(node, std::string(key.name) + ": '" + node.Scalar() + "' is none of " +
                    std::string(key.choices));
    return false;
  }

  template <class T>
  void list(const YAML::Node& node, const ConfigKey<T>& key, std::vector<std::string>& to) {
    std::vector<std::string> words;
    if (node.IsScalar()) {
      if (chosen(node, key)) words.push_back(node.Scalar());
    } else if (node.IsSequence()) {
      for (const auto& one : node) {
        if (!one.IsScalar())
          wrong(one, std::string(key.name) + ": a list of words is expected");
        else if (chosen(one, key))
          words.push_back(one.Scalar());
      }
    } else if (!node.IsNull()) {
      return wrong(node, std::string(key.name) + ": a list of words is expected");
    }
    to = std::move(words);
  }

  std::string name_, wrongs_;
};

/// Calls `wrong` for the words at `node`, and says what it says.
template <class Wrong>
void check_words(Reader& reader, const YAML::Node& node, const Wrong& wrong) {
  if (node.IsScalar()) {
    if (const std::string what = wrong(node.Scalar()); !what.empty()) reader.wrong(node, what);
  } else if (node.IsSequence()) {
    for (const auto& one : node) check_words(reader, one, wrong);
  }
}

void check_output(Reader& reader, const YAML::Node& node, const OutputConfig& output,
                  const ConfigChecks& checks) {
  for (const auto& check : checks.outputs) {
    const auto wrong = [&](const std::string& word) { return check.wrong(output, word); };
    if (const YAML::Node value = node[check.key]; value.IsDefined() && !value.IsNull()) {
      check_words(reader, value, wrong);
      continue;
    }
    const auto* row = std::ranges::find(kOutputKeys, check.key, &ConfigKey<OutputConfig>::name);
    const auto* text = std::get_if<std::string OutputConfig::*>(&row->member);
    if (text == nullptr) continue;
    if (const std::string what = wrong(output.*(*text)); !what.empty()) reader.wrong(node, what);
  }
}

void check_agent(Reader& reader, const YAML::Node& root, const ConfigChecks& checks) {
  for (const auto& check : checks.agent)
    if (const YAML::Node value = root[check.key]; value.IsDefined())
      check_words(reader, value, check.wrong);
}

void read_outputs(Reader& reader, const YAML::Node& node, AgentConfig& config,
                  const ConfigChecks& checks) {
  if (!node.IsSequence() && !node.IsNull())
    return reader.wrong(node, "outputs: a list of outputs is expected");
  config.outputs.clear();
  for (const auto& one : node) {
    OutputConfig output;
    const std::size_t good = reader.wrongs().size();
    reader.map(one, std::span<const ConfigKey<OutputConfig>>(kOutputKeys), "", output,
               [](const std::string&, const YAML::Node&) { return false; });
    if ((output.type == "file" || output.type == "log") && !output.path.starts_with('/'))
      reader.wrong(one, "an output of type " + output.type + " has a `path`, an absolute one");
    if (output.type == "log" && output.format != "json")
      reader.wrong(one, "a log has the format json");
    if (one.IsMap() && good == reader.wrongs().size()) check_output(reader, one, output, checks);
    config.outputs.push_back(std::move(output));
  }
}

}  // namespace

Result<> read_config_text(const std::string& text, const std::string& name, AgentConfig& config,
                          const ConfigChecks& checks) {
  Reader reader(name);
  try {
    const YAML::Node root = YAML::Load(text);
    reader.map(root, std::span<const ConfigKey<AgentConfig>>(kAgentKeys), "", config,
               [&](const std::string& key, const YAML::Node& node) {
                 if (key != "outputs") return false;
                 read_outputs(reader, node, config, checks);
                 return true;
               });
    if (root.IsMap()) check_agent(reader, root, checks);
  } catch (const YAML::Exception& error) {
    reader.at(error.mark, error.msg);
  }
  if (reader.wrongs().empty()) return {};
  return fail(reader.wrongs());
}

std::string drop_ins_of(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".d").string();
}

Result<std::vector<std::string>> config_files(const std::string& path) {
  std::vector<std::string> files{path};
  const std::string directory = drop_ins_of(path);
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failure))
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  if (failure && failure.value() != ENOENT && failure.value() != ENOTDIR)
    return fail_errno(directory, failure.value());
  std::ranges::sort(files.begin() + 1, files.end());
  return files;
}

Result<AgentConfig> read_config(const std::string& path, const ConfigChecks& checks) {
  AgentConfig config;
  std::string wrongs;
  for (const auto& name : TRY(config_files(path))) {
    std::ifstream file(name);
    std::stringstream text;
    if (!file || !(text << file.rdbuf() || file.peek() == EOF)) return fail_errno(name);
    if (const auto read = read_config_text(text.str(), name, config, checks); !read)
      wrongs += (wrongs.empty() ? "" : "\n") + read.error().text();
  }
  if (!wrongs.empty()) return fail(wrongs);
  return config;
}

}  // namespace aspis
