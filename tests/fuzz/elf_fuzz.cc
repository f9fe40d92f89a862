// SPDX-License-Identifier: Apache-2.0
// Any bytes as an ELF file: what is said of them can be true, and the kernel could put a probe
// wherever it would be put.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "tests/unit/probes/elf_claims.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<char> file(data, data + size);
  const std::string wrong = aspis::testing::wrong_claim(file);
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "wrong claim: %s\n", wrong.c_str());
  std::abort();
}
