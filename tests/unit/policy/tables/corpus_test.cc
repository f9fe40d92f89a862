// SPDX-License-Identifier: Apache-2.0
// AppArmor's own simple_tests, read where they lie: does a file compile exactly when it should?
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy/language/parser.h"
#include "policy/tables/compile.h"

namespace aspis::policy {
namespace {

namespace fs = std::filesystem;

/// Raise it when more agree; fewer is a regression. The one that does not is refused for its size
/// (profile/exploding_profile.sd).
constexpr std::size_t kAgreeing = 1425;
constexpr std::size_t kShownNames = 15;

struct Expectation {
  bool pass = true;
  bool skipped = false;
  std::string text;  // without the header lines
};

Expectation read_test(const fs::path& path) {
  Expectation expectation;
  std::ifstream stream(path, std::ios::binary);
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("#=")) {
      std::istringstream header(line.substr(2));
      std::string key, value;
      header >> key >> value;
      if (key == "EXRESULT") expectation.pass = value == "PASS";
      if (key == "TODO" || key == "DISABLED") expectation.skipped = true;
      continue;
    }
    expectation.text += line;
    if (!stream.eof()) expectation.text += '\n';
  }
  return expectation;
}

struct Tally {
  std::size_t run = 0, agree = 0, skipped = 0;
  std::vector<std::string> disagree;
};

/// A directory "tst" that holds simple_tests, as the tests want to be started from one.
class WorkingDirectory {
 public:
  explicit WorkingDirectory(const fs::path& corpus) {
    char name[] = "/tmp/aspis-corpus-XXXXXX";
    root_ = mkdtemp(name);
    fs::create_directory(path());
    fs::create_directory_symlink(fs::canonical(corpus / "simple_tests"), path() / "simple_tests");
  }
  ~WorkingDirectory() { fs::remove_all(root_); }
  [[nodiscard]] fs::path path() const { return root_ / "tst"; }

 private:
  fs::path root_;
};

TEST(Corpus, SimpleTests) {
  const char* variable = std::getenv("ASPIS_CORPUS");
  const fs::path corpus =
      variable != nullptr ? variable : ASPIS_SOURCE_DIR "/../shared/corpus/apparmor";
  if (!fs::is_directory(corpus / "simple_tests")) {
    GTEST_SKIP() << "no corpus at " << corpus << "; ASPIS_CORPUS can name its directory";
  }
  const WorkingDirectory directory(corpus);
  ParseOptions options;
  options.working_directory = directory.path();
  options.include_directories = {directory.path() / "simple_tests"};

  const char* shown = std::getenv("ASPIS_CORPUS_SHOW");  // print diagnostics of this one
  std::map<std::string, Tally> tallies;
  for (const auto& entry : fs::recursive_directory_iterator(corpus / "simple_tests")) {
    if (entry.path().extension() != ".sd") continue;
    const std::string name = entry.path().lexically_relative(corpus / "simple_tests").string();
    Tally& tally = tallies[name.substr(0, name.find('/'))];
    const Expectation expectation = read_test(entry.path());
    if (expectation.skipped) {
      tally.skipped++;
      continue;
    }
    Sources sources;
    Diagnostics diagnostics;
    const Policy tree = parse(sources, sources.add(name, expectation.text), options, diagnostics);
    if (diagnostics.errors() == 0) compile(tree, diagnostics);
    tally.run++;
    if ((diagnostics.errors() == 0) == expectation.pass) {
      tally.agree++;
    } else {
      tally.disagree.push_back(name + (expectation.pass ? " (must compile)" : " (must not)"));
    }
    if (shown != nullptr && name == shown) {
      for (const Diagnostic& d : diagnostics.all()) std::cout << render(d, sources);
    }
  }

  Tally total;
  for (auto& [name, tally] : tallies) {
    std::cout << name << ": " << tally.agree << " of " << tally.run << " agree, " << tally.skipped
              << " skipped\n";
    std::sort(tally.disagree.begin(), tally.disagree.end());
    for (std::size_t i = 0; i < std::min(kShownNames, tally.disagree.size()); i++) {
      std::cout << "    " << tally.disagree[i] << "\n";
    }
    total.run += tally.run;
    total.agree += tally.agree;
    total.skipped += tally.skipped;
  }
  std::cout << "total: " << total.agree << " of " << total.run << " agree, " << total.skipped
            << " skipped\n";
  EXPECT_GE(total.agree, kAgreeing);
}

}  // namespace
}  // namespace aspis::policy
