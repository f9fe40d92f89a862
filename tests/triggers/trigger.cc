// SPDX-License-Identifier: Apache-2.0
// trigger WHAT DIRECTORY: does one set of things and says what an observer must have seen.
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

}  // namespace

int main(int argc, char** argv) {
  for (const Set& set : kSets)
    if (argc == 3 && std::strcmp(argv[1], set.name) == 0) {
      set.run(argv[2]);
      std::fflush(stdout);
      ::usleep(300'000);  // the tracepoint backend resolves names through a process that still lives
      return 0;
    }
  std::fputs("usage: trigger files|paths|net|privilege|processes DIRECTORY\n", stderr);
  return 2;
}
