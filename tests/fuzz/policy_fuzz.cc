// SPDX-License-Identifier: Apache-2.0
// Any bytes as a policy: parsed, compiled and laid out, or refused with an error.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "policy/tables/layout.h"

/// No file is ever read: includes and abi would make the result depend on this machine.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace aspis::policy;
  Sources sources;
  Diagnostics diagnostics;
  ParseOptions options;
  options.read_files = false;
  const FileId file = sources.add("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  const Policy tree = parse(sources, file, options, diagnostics);
  if (diagnostics.errors() == 0) {
    const CompiledPolicy compiled = compile(tree, diagnostics, {.judge_rules_of = &sources});
    if (diagnostics.errors() == 0) (void)lay_out(compiled);
  }
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    if (render(diagnostic, sources).empty()) std::abort();
  }
  return 0;
}
