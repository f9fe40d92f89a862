// SPDX-License-Identifier: Apache-2.0
#include "agent/cli/policy_watch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace aspis {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSecond = 1'000'000'000;

class ConfigMapMount : public testing::Test {
 protected:
  ConfigMapMount() {
    std::string name = testing::TempDir() + "aspis-configmap-XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~ConfigMapMount() override { fs::remove_all(directory_); }

  /// As kubelet's AtomicWriter: a new directory with a time in its name, a link to it that takes
  /// the place of `..data` by a rename, and then the old one goes.
  void publish(const std::string& version, const std::string& text) {
    const fs::path made = directory_ / (".." + version);
    fs::create_directory(made);
    std::ofstream(made / "app.yaml") << text;
    std::error_code none;
    const fs::path old = fs::read_symlink(directory_ / "..data", none);
    fs::create_symlink(".." + version, directory_ / "..data_tmp");
    fs::rename(directory_ / "..data_tmp", directory_ / "..data");
    if (old.empty())
      fs::create_symlink("..data/app.yaml", directory_ / "app.yaml");
    else
      fs::remove_all(directory_ / old);
  }

  fs::path directory_;
};

TEST_F(ConfigMapMount, ItsReplacementIsNoticedOnce) {
  publish("2026_01", "a");
  auto loop = EventLoop::create();
  ASSERT_TRUE(loop);
  auto watch = PolicyWatch::create(*loop, {directory_.string()});
  ASSERT_TRUE(watch);
  EXPECT_FALSE(watch->changed(1 * kSecond));
  EXPECT_FALSE(watch->changed(2 * kSecond)) << "nothing has happened";
  publish("2026_02", "b");
  EXPECT_FALSE(watch->changed(3 * kSecond)) << "there may be more to come";
  EXPECT_TRUE(watch->changed(4 * kSecond));
  EXPECT_FALSE(watch->changed(5 * kSecond));
}

}  // namespace
}  // namespace aspis
