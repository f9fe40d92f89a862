// SPDX-License-Identifier: Apache-2.0
// The documented fields are just those that are written.
#include "agent/output/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <span>

#include "agent/event/kinds.h"
#include "agent/output/places.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using Paths = std::set<std::string>;

/// Objects whose members are the program's, not ours.
bool is_free(const std::string& name) {
  return name == "python.args" || name == "cause.args" || name == "container.labels";
}

void collect(const Json& object, const std::string& prefix, Paths& out) {
  for (const auto& [key, value] : object.items()) {
    const std::string name = prefix + key;
    out.insert(name);
    if (name == "cause.cause") continue;  // the same members again
    if (value.is_object() && !is_free(name)) collect(value, name + ".", out);
    if (name == "stack")
      for (const Json& frame : value) collect(frame, "stack.", out);
    if (name == "interpreters")
      for (const Json& one : value) collect(one, "interpreters.", out);
  }
}

Paths documented() {
  Paths out;
  auto add = [&out](const auto& fields) {
    for (const FieldDoc& field : fields) out.insert(std::string(field.name));
  };
  add(kCommonFields), add(kExecFields), add(kForkFields), add(kExitFields), add(kFileFields);
  add(kNetFields), add(kPrivilegeFields), add(kPythonFields), add(kGapFields), add(kSummaryFields);
  add(kInterpreterFields), add(kTamperFields), add(kLogFields), add(kAgentFields);
  for (const KindInfo& kind : std::span(kKinds).subspan(1)) {  // the payload's object itself
    if (kind.payload != "notice") out.insert(std::string(kind.payload));
  }
  for (std::string_view prefix : kPathFlagPrefixes) {
    for (const PathFlag& flag : path_flags()) out.insert(std::string(prefix).append(flag.name));
  }
  return out;
}

Paths written() {
  Paths out;
  for (const auto& sample : sample::all()) collect(json_of(sample->record), "", out);
  // An argv that is cut, of an event that is not about argv.
  sample::Sample cut("", sample::file_event(ASPIS_FILE_OPEN, "/a"));
  Process process = *sample::cat();
  process.argv_cut = true;
  cut.record.process = std::make_shared<const Process>(process);
  collect(json_of(cut.record), "", out);
  return out;
}

TEST(Fields, AllThatIsWrittenIsDocumentedAndTheReverse) {
  EXPECT_EQ(written(), documented());
}

TEST(Fields, SamplesHaveEveryKind) {
  std::set<unsigned> kinds;
  for (const auto& sample : sample::all()) kinds.insert(sample->record.kind);
  for (unsigned kind = 1; kind < ASPIS_KIND_COUNT; ++kind) {
    EXPECT_TRUE(kinds.contains(kind)) << kKinds[kind].type;
  }
}

TEST(Fields, EachSampleIsOneLineInEachFormat) {
  for (const auto& sample : sample::all()) {
    for (const FormatterInfo& format : formatters()) {
      if (!format.make({})->shows(sample->record)) continue;
      const std::string line = line_of(format.name, sample->record);
      EXPECT_EQ(line.find('\n'), line.size() - 1);
    }
    EXPECT_EQ(json_of(sample->record)["type"], kKinds[sample->record.kind].type);
  }
}

}  // namespace
}  // namespace aspis
