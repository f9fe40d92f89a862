// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/distribution.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/probes/pythons.h"

namespace aspis::cpython {
namespace {

/// A root directory of its own with files in it.
class DistributionTest : public ::testing::Test {
 protected:
  DistributionTest() {
    std::string name = "/tmp/aspis-test-XXXXXX";
    root_ = ::mkdtemp(name.data());
    process_.minor = 11;
    process_.cwd = "/srv/app";
    process_.prefixes = {"/srv/venv", "/usr"};
    process_.script = "app.py";
    put("/usr/lib/python3.11/os.py");
    put("/usr/lib/python3.11/json/decoder.py");
  }
  ~DistributionTest() override { std::filesystem::remove_all(root_); }

  void put(const std::string& path, const std::string& text = "") {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  void put_metadata(const std::string& name, const std::string& version,
                    const std::string& record) {
    const std::string base = kSite + ("/" + name + "-" + version + ".dist-info");
    put(base + "/METADATA",
        "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n\nName: no\n");
    put(base + "/RECORD", record);
  }
  std::string found(const std::string& file) const {
    const Distribution result = find_distribution(FileTree(root_), file, process_);
    return result.name + " " + result.version;
  }

  static constexpr const char* kSite = "/srv/venv/lib/python3.11/site-packages";
  std::string root_;
  PythonProcess process_;
};

TEST_F(DistributionTest, StandardLibrary) {
  EXPECT_EQ(found("/usr/lib/python3.11/json/decoder.py"), "python 3.11");
  EXPECT_EQ(found("<frozen importlib._bootstrap>"), "python 3.11");
  EXPECT_EQ(found("/usr/lib/python311.zip/json/decoder.py"), "python 3.11");
  EXPECT_EQ(found("/home/lib/python3.11/decoder.py"), " ") << "no os.py there";
  EXPECT_EQ(found("<string>"), " ");
}

TEST_F(DistributionTest, ByRecord) {
  put_metadata("requests", "2.31.0", "requests/api.py,sha256=x,1\nrequests/__init__.py,,\n");
  put_metadata("PyYAML", "6.0.1", "yaml/__init__.py,,\n\"yaml/a,b.py\",,\n");
  put_metadata("google-auth", "2.0", "google/auth/jwt.py,,\n");
  put_metadata("google-cloud-core", "1.5", "google/cloud/client.py,,\nnot/google/auth/jwt.py,,\n");
  put_metadata("six", "1.16.0", "six.py,,\n");
  const std::string site = kSite;
  EXPECT_EQ(found(site + "/requests/api.py"), "requests 2.31.0");
  EXPECT_EQ(found(site + "/yaml/__init__.py"), "PyYAML 6.0.1");
  EXPECT_EQ(found(site + "/yaml/a,b.py"), "PyYAML 6.0.1");
  EXPECT_EQ(found(site + "/google/auth/jwt.py"), "google-auth 2.0");
  EXPECT_EQ(found(site + "/google/cloud/client.py"), "google-cloud-core 1.5");
  EXPECT_EQ(found(site + "/six.py"), "six 1.16.0");
  EXPECT_EQ(found(site + "/requests/missing.py"), " ");
}

TEST_F(DistributionTest, WithoutRecordByTopLevelNames) {
  const std::string site = "/usr/lib/python3/dist-packages";
  put(site + "/PyYAML-6.0.egg-info/PKG-INFO", "Name: PyYAML\nVersion: 6.0\n");
  put(site + "/PyYAML-6.0.egg-info/top_level.txt", "_yaml\nyaml\n");
  put(site + "/python_magic-0.4.egg-info", "Name: python-magic\nVersion: 0.4\n");
  put(site + "/Flask-2.2.dist-info/METADATA", "Name: Flask\nVersion: 2.2\n");
  EXPECT_EQ(found(site + "/yaml/loader.py"), "PyYAML 6.0");
  EXPECT_EQ(found(site + "/flask/app.py"), "Flask 2.2");
  EXPECT_EQ(found(site + "/magic/__init__.py"), " ");
}

TEST_F(DistributionTest, EditableInstalls) {
  put_metadata("mine", "0.1", "__editable___mine_finder.py,,\n");
  put(std::string(kSite) + "/mine-0.1.dist-info/direct_url.json",
      R"({"dir_info": {"editable": true}, "url": "file:///home/u/my%20project"})");
  put_metadata("copied", "0.2", "copied.py,,\n");
  put(std::string(kSite) + "/copied-0.2.dist-info/direct_url.json",
      R"({"dir_info": {}, "url": "file:///home/u/copied"})");
  put(std::string(kSite) + "/__editable__.other-3.0.pth", "/home/u/other/src\n");
  put(std::string(kSite) + "/old.egg-link", "/home/u/old\n.");
  put("/home/u/old/old.egg-info/PKG-INFO", "Name: old\nVersion: 1.0\n");
  EXPECT_EQ(found("/home/u/my project/src/mine/a.py"), "mine 0.1");
  EXPECT_EQ(found("/home/u/copied/copied.py"), " ");
  EXPECT_EQ(found("/home/u/other/src/other.py"), "other 3.0");
  EXPECT_EQ(found("/home/u/old/old.py"), "old 1.0");
}

TEST_F(DistributionTest, TheProgram) {
  EXPECT_EQ(found("/srv/app/app.py"), "__main__ ");
  EXPECT_EQ(found("app.py"), "__main__ ");
  EXPECT_EQ(found("/srv/app/views/upload.py"), "__main__ ");
  EXPECT_EQ(found("/srv/apps/x.py"), " ");
  put("/opt/tool.pyz");
  process_.script = "/opt/tool.pyz";
  EXPECT_EQ(found("/opt/tool.pyz/tool/main.py"), "__main__ ");
}

TEST_F(DistributionTest, Archives) {
  put("/opt/wheels/six-1.16.0-py3-none-any.whl");
  EXPECT_EQ(found("/opt/wheels/six-1.16.0-py3-none-any.whl/six.py"), "six 1.16.0");
  EXPECT_EQ(found(std::string(kSite) + "/six-1.15-py3.9.egg/six.py"), "six 1.15");
}

// A link that leads out of the root leads nowhere.
TEST_F(DistributionTest, StaysInsideOfTheRoot) {
  const std::string base = kSite + std::string("/out-1.dist-info");
  put(base + "/RECORD", "out.py,,\n");
  put("/secret", "Name: leaked\n");
  std::filesystem::create_symlink(root_ + "/secret", root_ + base + "/METADATA");
  EXPECT_EQ(found(std::string(kSite) + "/out.py"), "out 1");
  std::filesystem::remove(root_ + base + "/METADATA");
  std::filesystem::create_symlink("/secret", root_ + base + "/METADATA");
  EXPECT_EQ(found(std::string(kSite) + "/out.py"), "leaked 1");
}

TEST(ScriptOf, CommandLines) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(script_of(Words{"python3", "app.py", "-c"}), "app.py");
  EXPECT_EQ(script_of(Words{"python3", "-I", "-W", "error", "-Xdev", "app.py"}), "app.py");
  EXPECT_EQ(script_of(Words{"python3", "-c", "app.py"}), "");
  EXPECT_EQ(script_of(Words{"python3", "-Im", "app"}), "");
  EXPECT_EQ(script_of(Words{"python3"}), "");
  EXPECT_EQ(script_of(Words{"python3", "-"}), "");
  EXPECT_EQ(script_of(Words{}), "");
}

// What is installed on this machine, as importlib.metadata sees it.
TEST(Distributions, AreThoseOfImportlibMetadata) {
  int compared = 0;
  for (const std::string& python : testing::all_pythons()) {
    const auto version = testing::version_of(python);
    if (version.minor < 10) continue;
    const testing::Output output = testing::run(
        "'" + python + "' -I '" ASPIS_SOURCE_DIR "/tests/unit/probes/distributions.py'");
    ASSERT_EQ(output.status, 0) << output.text;
    std::istringstream lines(output.text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string file, name, number;
      std::getline(words, file, '\t'), std::getline(words, name, '\t'), std::getline(words, number);
      PythonProcess process;
      process.minor = version.minor;
      const Distribution found = find_distribution(FileTree("/"), file, process);
      EXPECT_EQ(found.name + " " + found.version, name + " " + number) << file;
      ++compared;
    }
  }
  if (compared == 0) GTEST_SKIP() << "no distributions are installed here";
}

}  // namespace
}  // namespace aspis::cpython
