// SPDX-License-Identifier: Apache-2.0
#include "tests/system/file_cases.h"

#include <filesystem>
#include <fstream>
#include <map>

namespace aspis::test {
namespace {

/// What an operation on a path needs (security/apparmor/lsm.c).
struct Needs {
  const char* operation;
  const char* path;   ///< of what is there
  const char* made;   ///< of a name that is not; its owner is who makes it
  const char* other;  ///< of the second path
};
constexpr Needs kNeeds[] = {
    {"read", "r", "", ""},
    {"write", "w", "", ""},
    {"update", "rw", "", ""},
    {"append", "a", "", ""},
    {"cut", "w", "", ""},
    {"append_cut", "aw", "", ""},
    {"read_create", "rc", "rc", ""},
    {"create", "wc", "wc", ""},
    {"create_new", "", "wc", ""},
    {"list", "r", "", ""},
    {"truncate", "w", "", ""},
    {"chmod", "w", "", ""},
    {"chown", "w", "", ""},
    {"stat", "", "", ""},
    {"unlink", "d", "", ""},
    {"rmdir", "d", "", ""},
    {"mkdir", "", "c", ""},
    {"mkfifo", "", "c", ""},
    {"symlink", "", "c", ""},
    {"link", "", "", ""},  // of its own kind
    {"rename", "rwd", "", "wc"},
    {"exchange", "rwdc", "", "rwdc"},
    {"lock", "rk", "", ""},
    {"lock_alone", "rwk", "", ""},
    {"map", "rm", "", ""},
    {"exec", "x", "", ""},
};

const Needs& needs_of(const std::string& operation) {
  for (const Needs& needs : kNeeds) {
    if (needs.operation == operation) return needs;
  }
  return kNeeds[0];
}

constexpr const char* kBase = R"(
  capability,
  /{usr,lib,lib64}/** mr,
  /etc/ld.so.* r,
  /proc/** r,
  /dev/** rw,
)";

}  // namespace

FileCases::FileCases(std::string directory, std::uint64_t seed, std::size_t profiles,
                     std::size_t cases)
    : directory_(std::move(directory)) {
  plant();
  naive::Random random(seed, {.priorities = false, .exec_modes = false});
  std::vector<std::string> paths;
  for (const Entry& entry : entries_) paths.push_back(entry.path + (entry.directory ? "/" : ""));
  while (profiles_.size() < profiles) {
    FileProfile profile{
        naive::Rules(random.rules(10 + random.below(20), paths, directory_ + "/t/")), {}};
    while (profile.cases.size() < cases) profile.cases.push_back(random_case(random));
    profiles_.push_back(std::move(profile));
  }
}

void FileCases::plant() {
  const std::string top = directory_ + "/t";
  for (const char* in : {"", "/d", "/dd", "/d/c.d"}) {
    add(top + in, true, true);
    for (const char* file : {"a", "b", "ab", "bb.c", "a.c"})
      add(top + in + "/" + file, false, true);
    for (const char* directory : {"e", "ae"}) add(top + in + "/" + directory, true, true);
    for (const char* file : {"n", "abc", "c.c"}) add(top + in + "/" + file, false, false);
    add(top + in + "/bc", true, false);
  }
}

void FileCases::add(const std::string& path, bool directory, bool there) {
  // Root's, and so the one's who tries, is every other.
  entries_.push_back({path, directory, there, !there || entries_.size() % 2 == 0});
}

const FileCases::Entry& FileCases::some(naive::Random& random, bool there, bool directory) const {
  while (true) {
    const Entry& entry = entries_[random.below(entries_.size())];
    const bool full =
        entry.directory && entry.path.find("e", directory_.size()) == std::string::npos;
    if (entry.there == there && entry.directory == directory && !(there && full)) return entry;
  }
}

FileCase FileCases::random_case(naive::Random& random) const {
  const Needs& needs = kNeeds[random.below(std::size(kNeeds))];
  FileCase made{needs.operation, "", ""};
  const bool on_file = made.operation == "exec" || made.operation == "map";
  const bool on_name =
      made.operation == "link" || (*needs.made != 0 && (*needs.path == 0 || random.one_in(2)));
  const bool directory = made.operation == "mkdir" || made.operation == "rmdir" ||
                         made.operation == "list" || (!on_file && random.one_in(8));
  made.path = some(random, !on_name, directory).path;
  if (made.operation == "link") made.other = some(random, true, false).path;
  // Names that are taken, too, but no directory below itself.
  if (made.operation == "rename") made.other = some(random, random.one_in(2), directory).path;
  if (made.operation == "exchange") made.other = some(random, true, random.one_in(8)).path;
  return made;
}

const FileCases::Entry& FileCases::entry(const std::string& path) const {
  for (const Entry& entry : entries_) {
    if (entry.path == path) return entry;
  }
  return entries_[0];
}

bool FileCases::allowed(const FileProfile& profile, const FileCase& tried) const {
  const Entry& on = entry(tried.path);
  const Needs& needs = needs_of(tried.operation);
  const auto name = [](const Entry& entry, bool directory) {
    return entry.path + (directory ? "/" : "");
  };
  if (tried.operation == "link")  // its names have no "/" at the end, not even a directory's
    return profile.rules.allow_link(tried.path, tried.other, entry(tried.other).owned);
  if (!on.there) {
    return profile.rules.allow(needs.made, name(on, tried.operation == "mkdir"), true);
  }
  if (!profile.rules.allow(needs.path, name(on, on.directory), on.owned)) return false;
  if (tried.other.empty()) return true;
  // The other name is taken for what is moved to it; in an exchange each is moved to the other.
  const Entry& other = entry(tried.other);
  if (tried.operation == "rename")
    return profile.rules.allow(needs.other, name(other, on.directory), on.owned);
  const naive::Rules& rules = profile.rules;
  return rules.allow("rwd", name(other, other.directory), other.owned) &&
         rules.allow("wc", name(on, other.directory), other.owned) &&
         rules.allow("wc", name(other, on.directory), on.owned);
}

bool FileCases::apparmor_strays(const FileProfile& profile, const FileCase& tried) const {
  const Entry& on = entry(tried.path);
  // The compiler marks a link for the subset test only for owners (AA_LINK_SUBSET_TEST).
  if (tried.operation == "link") {
    const bool owner = entry(tried.other).owned;
    return !owner && profile.rules.say('l', tried.path, owner, tried.other).allowed &&
           profile.rules.say('s', tried.path, owner, tried.other).allowed;
  }
  // Of an open directory the kernel looks up the name without "/" (__file_path_perm).
  if (tried.operation.starts_with("lock")) return on.directory;
  // Both files of an exchange are taken for the first one's owner's (apparmor_path_rename).
  return tried.operation == "exchange" && on.owned != entry(tried.other).owned;
}

std::string FileCases::policy() const {
  const std::string programs = directory_ + "/as.";
  // By attachment, because AppArmor takes no more than 12 names.
  std::string text = "profile " + first_profile() + " {\n  capability,\n  /{**,} rwlkm,\n  " +
                     programs + "* px,\n}\n";
  for (std::size_t n = 0; n < profiles_.size(); ++n) {
    const std::string number = std::to_string(n);
    text += "profile " + first_profile() + "_" + number + " " + programs + number + " {" + kBase +
            "  " + programs + number + " mr,\n" + profiles_[n].rules.text() + "}\n";
  }
  return text;
}

void FileCases::write(const std::string& program) const {
  std::ofstream tree(directory_ + "/tree");
  for (const Entry& entry : entries_) {
    if (!entry.there) continue;
    tree << (entry.directory ? 'd' : 'f') << ' ' << (entry.owned ? 0 : 1000) << ' ' << entry.path
         << '\n';
  }
  for (std::size_t n = 0; n < profiles_.size(); ++n) {
    const std::string number = std::to_string(n);
    const std::string copy = directory_ + "/as." + number;
    if (n == 0)
      std::filesystem::copy_file(program, copy);
    else
      std::filesystem::create_hard_link(directory_ + "/as.0", copy);
    std::ofstream cases(directory_ + "/cases." + number);
    for (const FileCase& tried : profiles_[n].cases)
      cases << tried.operation << '\t' << tried.path << '\t' << tried.other << '\n';
  }
  std::ofstream(policy_file()) << policy();
}

std::vector<std::string> FileCases::take_answers(std::size_t n) const {
  const std::string path = directory_ + "/answers." + std::to_string(n);
  std::ifstream lines(path);
  std::vector<std::string> answers;
  for (std::string line; std::getline(lines, line);) answers.push_back(line);
  std::filesystem::remove(path);
  return answers;
}

}  // namespace aspis::test
