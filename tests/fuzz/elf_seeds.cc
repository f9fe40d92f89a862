// SPDX-License-Identifier: Apache-2.0
// elf_seeds DIRECTORY [FILE…]: what elf_fuzz begins with, small files of our own making and what of
// real ones fits into as little.
#include <fstream>
#include <iterator>
#include <string>

#include "tests/unit/probes/small_elfs.h"

int main(int count, char** arguments) {
  if (count < 2) return 2;
  int number = 0;
  const auto write = [&](const std::string& bytes) {
    std::ofstream(std::string(arguments[1]) + "/seed-" + std::to_string(number++), std::ios::binary)
        << bytes;
  };
  for (const std::string& bytes : aspis::testing::small_elfs()) write(bytes);
  for (int i = 2; i < count; ++i) {
    std::ifstream file(arguments[i], std::ios::binary);
    write(aspis::testing::shrunk_elf({std::istreambuf_iterator<char>(file), {}}));
  }
  return 0;
}
