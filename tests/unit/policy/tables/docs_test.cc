// SPDX-License-Identifier: Apache-2.0
// The examples of docs/ that go beyond AppArmor's language compile, and say all that they mean to
// say.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "policy/language/format.h"
#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "policy/tables/layout.h"
#include "probes/cpython/audit_events.h"

namespace aspis::policy {
namespace {

std::vector<std::string> examples(const std::string& name) {
  std::ifstream file(ASPIS_SOURCE_DIR "/docs/" + name);
  std::vector<std::string> found;
  bool inside = false;
  for (std::string line; std::getline(file, line);) {
    if (line == "```profile") {
      found.emplace_back();
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside) {
      found.back() += line + "\n";
    }
  }
  return found;
}

TEST(Documentation, ExamplesCompile) {
  std::vector<PythonEvent> events;
  for (const cpython::AuditEvent& event : cpython::audit_events())
    events.push_back({event.name, event.arguments});
  auto all = examples("python-rules.md");
  EXPECT_GE(all.size(), 8U);
  const auto of_containers = examples("containers.md");
  EXPECT_GE(of_containers.size(), 1U);
  all.insert(all.end(), of_containers.begin(), of_containers.end());
  for (const std::string& text : all) {
    Sources sources;
    Diagnostics diagnostics;
    const FileId file = sources.add("example", text);
    const Policy tree = parse(sources, file, {}, diagnostics);
    const CompiledPolicy compiled = compile(tree, diagnostics, {nullptr, &sources, events});
    for (const Diagnostic& diagnostic : diagnostics.all()) {
      EXPECT_NE(diagnostic.message.find("not enforced yet"), std::string::npos)
          << render(diagnostic, sources);
    }
    EXPECT_TRUE(lay_out(compiled));
    EXPECT_EQ(format(sources, file).value(), text);
  }
}

}  // namespace
}  // namespace aspis::policy
