// SPDX-License-Identifier: Apache-2.0
// receiver.py as a process of our own, on loopback.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace aspis {

class Receiver {
 public:
  explicit Receiver(std::vector<std::string> options = {}) : options_(std::move(options)) {
    char name[] = "/tmp/aspis-receiver-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~Receiver() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  /// Begins to listen: at the same port as before, if it has listened.
  void start() {
    std::vector<std::string> words{"python3", ASPIS_RECEIVER, directory_};
    words.insert(words.end(), options_.begin(), options_.end());
    if (!port_.empty()) words.insert(words.end(), {"--port", port_});
    std::filesystem::remove(directory_ + "/port");
    std::vector<char*> raw;
    for (auto& word : words) raw.push_back(word.data());
    raw.push_back(nullptr);
    ASSERT_EQ(::posix_spawnp(&pid_, "python3", nullptr, nullptr, raw.data(), environ), 0);
    ASSERT_TRUE(soon([&] { return std::filesystem::exists(directory_ + "/port"); }));
    std::ifstream(directory_ + "/port") >> port_;
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  void answers(const std::string& lines) { std::ofstream(directory_ + "/answers") << lines; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + port_ + "/hook?key=1"; }
  [[nodiscard]] const std::string& port() const { return port_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }

  [[nodiscard]] std::vector<nlohmann::json> requests() const {
    std::vector<nlohmann::json> all;
    std::ifstream file(directory_ + "/requests");
    for (std::string line; std::getline(file, line);)
      if (!file.eof()) all.push_back(nlohmann::json::parse(line));
    return all;
  }
  /// Waits until there are that many, and shows their texts.
  [[nodiscard]] std::vector<std::string> texts(std::size_t count) const {
    soon([&] { return requests().size() >= count; });
    std::vector<std::string> texts;
    for (const auto& request : requests())
      texts.push_back(nlohmann::json::parse(request["body"].get<std::string>())["text"]);
    return texts;
  }

  template <class Condition>
  static bool soon(const Condition& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

 private:
  std::vector<std::string> options_;
  std::string directory_, port_;
  pid_t pid_ = -1;
};

}  // namespace aspis
