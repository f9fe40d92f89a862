// SPDX-License-Identifier: Apache-2.0
// Changes its own profile, step by step: each argument is one, and each prints its result.
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "include/aspis.h"

namespace {

int held = -1;

std::string result(bool yes) {
  if (yes) return "0";
  const char* name = ::strerrorname_np(errno);
  return name == nullptr ? std::to_string(errno) : name;
}

std::string current() {
  char name[1024];
  return ::aspis_current(name, sizeof(name)) < 0 ? result(false) : "[" + std::string(name) + "]";
}

std::string open_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::string seen = result(fd >= 0);
  if (fd >= 0) ::close(fd);
  return seen;
}

std::string hold(const std::string& path) {
  held = ::open(path.c_str(), O_RDONLY);
  return result(held >= 0);
}

std::string read_held() {
  char byte = 0;
  return result(::pread(held, &byte, 1, 0) >= 0);
}

/// On a port of the loopback that is free.
std::string listen_tcp() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const std::string seen = result(::listen(fd, 1) == 0);
  ::close(fd);
  return seen;
}

std::string enter_hat(const std::string& argument) {
  const auto colon = argument.find(':');
  return result(::aspis_change_hat(argument.substr(0, colon).c_str(),
                                   std::strtoul(argument.c_str() + colon + 1, nullptr, 10)) != 0);
}

std::string in_thread(const std::string& profile) {
  std::string seen;
  std::thread([&] {
    seen = result(::aspis_change_profile(profile.c_str()) != 0);
    seen += current();
  }).join();
  return seen;
}

/// Until its input ends, opens one file that it may open, and one that it may not. How often that
/// went wrong, and how often it asked.
std::string ask(const std::string& files) {
  const auto colon = files.find(':');
  const std::string allowed = files.substr(0, colon), denied = files.substr(colon + 1);
  ::fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  long wrong = 0, asked = 0;
  for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) != 0; asked += 2) {
    if (open_file(allowed) != "0") ++wrong;
    errno = 0;
    if (open_file(denied) != "EACCES") ++wrong;
  }
  return std::to_string(wrong) + " " + std::to_string(asked);
}

/// Until its input ends, tries to open a file up to a thousand times a second. How often that
/// worked, and how often it tried.
std::string try_open(const std::string& path) {
  ::fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  long opened = 0, tried = 0;
  for (char byte = 0; ::read(STDIN_FILENO, &byte, 1) != 0; ++tried) {
    if (open_file(path) == "0") ++opened;
    ::usleep(1000);
  }
  return std::to_string(opened) + " " + std::to_string(tried);
}

struct Step {
  std::string_view name;
  std::string (*act)(const std::string& argument);
};
const Step kSteps[] = {
    {"current", [](const std::string&) { return current(); }},
    {"is", [](const std::string& name) { return result(::aspis_is(name.c_str()) != 0); }},
    {"change",
     [](const std::string& name) { return result(::aspis_change_profile(name.c_str()) != 0); }},
    {"onexec",
     [](const std::string& name) { return result(::aspis_change_onexec(name.c_str()) != 0); }},
    {"hat", enter_hat},
    {"leave",
     [](const std::string& token) {
       return result(::aspis_change_hat(nullptr, std::strtoul(token.c_str(), nullptr, 10)) != 0);
     }},
    {"thread", in_thread},
    {"ask", ask},
    {"try", try_open},
    {"open", open_file},
    {"hold", hold},
    {"read_held", [](const std::string&) { return read_held(); }},
    {"listen", [](const std::string&) { return listen_tcp(); }},
    {"no_new_privs",
     [](const std::string&) { return result(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0); }},
};

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    const std::string step = argv[i];
    if (step == "exec") {  // the rest is done by the next image
      std::cout.flush();
      argv[i] = argv[0];
      ::execv(argv[0], argv + i);
      std::cout << "exec " << result(false) << '\n';
      continue;
    }
    const auto equals = step.find('=');
    const std::string name = step.substr(0, equals);
    for (const Step& known : kSteps) {
      if (known.name != name) continue;
      errno = 0;
      std::cout << step << ' '
                << known.act(equals == std::string::npos ? "" : step.substr(equals + 1))
                << std::endl;
    }
  }
}
