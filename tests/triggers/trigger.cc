// SPDX-License-Identifier: Apache-2.0
// trigger DIRECTORY SET…: does sets of things, each in a directory of its own, and says what an
// observer must have seen.
#include <sys/stat.h>

#include <cstring>

#include "tests/triggers/expectation.h"

namespace {

struct Set {
  const char* name;
  void (*run)(const std::string& directory);
};

constexpr Set kSets[] = {{"files", trigger::files},
                         {"paths", trigger::paths},
                         {"net", trigger::net},
                         {"privilege", trigger::privilege},
                         {"processes", trigger::processes}};

bool run_set(const char* name, const std::string& directory) {
  for (const Set& set : kSets) {
    if (std::strcmp(name, set.name) != 0) continue;
    trigger::must(::mkdir((directory + "/" + name).c_str(), 0700), "mkdir");
    set.run(directory + "/" + name);
    return true;
  }
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fputs("usage: trigger DIRECTORY SET…   (files paths net privilege processes)\n", stderr);
    return 2;
  }
  for (int i = 2; i < argc; ++i) {
    if (!run_set(argv[i], argv[1])) {
      std::fprintf(stderr, "trigger: no set '%s'\n", argv[i]);
      return 2;
    }
  }
  std::fflush(stdout);
  ::usleep(300'000);  // the tracepoint backend resolves names through a process that still lives
  return 0;
}
