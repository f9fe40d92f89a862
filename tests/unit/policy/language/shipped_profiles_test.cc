// SPDX-License-Identifier: Apache-2.0
// The policy that ships with Aspis is read without a single remark.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policy/language/parser.h"

namespace aspis::policy {
namespace {

namespace fs = std::filesystem;

const fs::path kProfiles = ASPIS_SOURCE_DIR "/policy/profiles";

std::vector<std::string> files_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file()) names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string remarks(const Diagnostics& diagnostics, const Sources& sources) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.all()) text += render(diagnostic, sources);
  return text;
}

ParseOptions options() {
  ParseOptions options;
  options.base_directory = kProfiles;
  options.working_directory = kProfiles;
  return options;
}

class ShippedProfile : public testing::TestWithParam<std::string> {};

TEST_P(ShippedProfile, IsReadWithoutRemarks) {
  Sources sources;
  Diagnostics diagnostics;
  const Result<FileId> file = sources.read(kProfiles / GetParam());
  ASSERT_TRUE(file) << file.error().text();
  const Policy policy = parse(sources, *file, options(), diagnostics);
  EXPECT_EQ(remarks(diagnostics, sources), "");
  ASSERT_EQ(policy.profiles.size(), 1U);
  EXPECT_EQ(policy.profiles.front().name.text, GetParam()) << "a profile is named as its file";
  EXPECT_TRUE(sources.text(*file).find("include if exists <local/" + GetParam() + ">") !=
              std::string_view::npos);
}

class ShippedAbstraction : public testing::TestWithParam<std::string> {};

TEST_P(ShippedAbstraction, StandsAlone) {
  Sources sources;
  Diagnostics diagnostics;
  const FileId file =
      sources.add("alone", "include <tunables/global>\nprofile alone {\n  include <abstractions/" +
                               GetParam() + ">\n}\n");
  const Policy policy = parse(sources, file, options(), diagnostics);
  EXPECT_EQ(remarks(diagnostics, sources), "");
  ASSERT_EQ(policy.profiles.size(), 1U);
  EXPECT_FALSE(policy.profiles.front().rules.empty());
}

TEST(DemosProfile, IsReadWithoutRemarks) {
  // What the demo makes: where the service is.
  const fs::path own = fs::path(testing::TempDir()) / "demos_profile";
  fs::create_directories(own / "tunables");
  std::ofstream(own / "tunables" / "upload") << "@{SERVICE} = /srv/upload\n";
  ParseOptions with_own = options();
  with_own.include_directories.push_back(own.string());

  Sources sources;
  Diagnostics diagnostics;
  const Result<FileId> file = sources.read(ASPIS_SOURCE_DIR "/tests/e2e/service/upload.profile");
  ASSERT_TRUE(file) << file.error().text();
  const Policy policy = parse(sources, *file, with_own, diagnostics);
  EXPECT_EQ(remarks(diagnostics, sources), "");
  ASSERT_EQ(policy.profiles.size(), 1U);
  EXPECT_EQ(policy.profiles.front().name.text, "upload");
  fs::remove_all(own);
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, ShippedProfile, testing::ValuesIn(files_in(kProfiles)), test_name);
INSTANTIATE_TEST_SUITE_P(All, ShippedAbstraction,
                         testing::ValuesIn(files_in(kProfiles / "abstractions")), test_name);

}  // namespace
}  // namespace aspis::policy
