// SPDX-License-Identifier: Apache-2.0
// A directory for one test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace aspis::test {

class Scratch : public testing::Test {
 protected:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "aspis-signed.XXXXXX").string();
    directory_ = std::filesystem::canonical(::mkdtemp(name.data())).string();
  }
  ~Scratch() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

  std::string file(const std::string& name, std::string_view text = "") const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }

  std::string directory_;
};

}  // namespace aspis::test
