// SPDX-License-Identifier: Apache-2.0
// Random profiles, and operations on files to try under each: for aspis_attempts.
#pragma once

#include <string>
#include <vector>

#include "tests/naive/random_rules.h"

namespace aspis::test {

struct FileCase {
  std::string operation, path, other;
};

struct FileProfile {
  naive::Rules rules;
  std::vector<FileCase> cases;
};

class FileCases {
 public:
  /// With a tree of files in `directory`.
  FileCases(std::string directory, std::uint64_t seed, std::size_t profiles, std::size_t cases);

  /// Writes what aspis_attempts reads, and the profiles; `program` is what it is to be.
  void write(const std::string& program) const;
  /// The profiles' file, and the one to start in: it may do all, and as.N is under profile N.
  [[nodiscard]] std::string policy_file() const { return directory_ + "/profiles"; }
  [[nodiscard]] static std::string first_profile() { return "aspis_files"; }

  /// What came of the cases of profile `n`, as errno or "gone"; shorter where they have not all
  /// been tried. Forgets them.
  [[nodiscard]] std::vector<std::string> take_answers(std::size_t n) const;

  [[nodiscard]] const std::vector<FileProfile>& profiles() const { return profiles_; }
  /// May it be done, by a naive reading of the profile's rules?
  [[nodiscard]] bool allowed(const FileProfile& profile, const FileCase& tried) const;
  /// Is it a case in which AppArmor is known not to do what apparmor.d(5) says?
  [[nodiscard]] bool apparmor_strays(const FileProfile& profile, const FileCase& tried) const;

 private:
  struct Entry {
    std::string path;  ///< a directory's without "/"
    bool directory = false, there = true, owned = false;
  };
  void plant();
  void add(const std::string& path, bool directory, bool there);
  FileCase random_case(naive::Random& random) const;
  const Entry& some(naive::Random& random, bool there, bool directory) const;
  [[nodiscard]] const Entry& entry(const std::string& path) const;
  [[nodiscard]] std::string policy() const;

  std::string directory_;
  std::vector<Entry> entries_;
  std::vector<FileProfile> profiles_;
};

}  // namespace aspis::test
