// SPDX-License-Identifier: Apache-2.0
// Prints docs/events.md, from bpf/abi/events.def, fields.h and the formatters themselves.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string>
#include <string_view>

#include "agent/event/kinds.h"
#include "agent/output/fields.h"
#include "agent/output/formatter.h"
#include "agent/output/places.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

constexpr std::int64_t kWallOffset = 1'767'319'200'000'000'000;  // ns: a fixed day in 2026

constexpr std::string_view kIntroduction = R"(# Events

<!-- Made by aspis_events_doc. Don't edit: change the tables in agent/output and bpf/abi/events.def. -->

`-o json` writes one JSON object a line, `-o compact` one short line for a person, `-o avc` what AppArmor would have logged.
Members stand in the order given here. A member that would say nothing is left out, so `true` members are there or not.

Text that is not UTF-8 (file names may be anything) is kept: each byte that is not part of valid UTF-8 is written
as `\udcXX`, as Python's `surrogateescape` does, and lone surrogates of a Python str as `\udXXX`. Some strict JSON parsers
refuse lone surrogates or replace them. Control characters, line separators and bidirectional controls are always escaped.

## Kinds
)";

constexpr std::string_view kPathsIntroduction = R"(
## Paths

A value of type *path* is a string: the path, or what `/proc/PID/fd` shows for an object without one: `pipe:[INO]`,
`socket:[INO]`, `anon_inode:NAME`, `memfd:NAME`. Beside it stand, only if they hold (for `cwd` and `other` with that
prefix, as `other_deleted`):
)";

constexpr std::string_view kValues = R"(
## Python values

| Python | JSON |
|---|---|
| `None`, `True`, `False` | `null`, `true`, `false` |
| int | number, all digits; readers that use doubles lose those beyond 2^53 |
| int of more than 64 bits | `{"int":"cut","low64":N}`, with `"negative":true` if it is |
| float | number, always with a point or an exponent; `{"float":"nan"}`, `{"float":"inf"}`, `{"float":"-inf"}` |
| str | string |
| bytes | `{"bytes":"TEXT"}`: one character for each byte, those from 0x80 as `\u00XX` |
| tuple, list | list; what is nested too deep is an empty list, and cut |
| any other object | `{"type":"NAME"}`, the name of its type |
| memory that could not be read | `{"unreadable":true}` |

## Correlation

What the kernel saw, compared with what Python had announced on the same thread by an audit event:

| `correlation` | meaning |
|---|---|
| absent | not a Python process, or nothing to compare |
| `matched` | the audit event in `cause` announced just this |
| `unaudited` | no audit event announced it: native code, ctypes, or a probe that is missing |
| `mismatch` | announced for one object (`said`), done to another: a symbolic link, a race |
| `unperformed` | in python.unperformed: `cause` announced it, and the kernel never saw it |
)";

constexpr std::string_view kStacksText = R"(
## Stacks

`--stacks=denied` (the default): what profiles deny, would deny or audit, and what Python did not announce (`unaudited`) comes
with the Python frames that led to it; `--stacks=all`: everything that a Python program does, audit events included; `--stacks=none`:
nothing. At most 48 frames; `stack_cut` says that outer ones are missing. A thread need not hold the GIL. What has no stack:
process.exec (the frames are gone with the old image), process.exit, threads that Python does not know.
)";

constexpr std::string_view kCompact = R"(
## The compact format

`TIME VERB OBJECT  MARKS  by PROGRAM[PID] ← CAUSE ← PROGRAM[PID]  at FILE:LINE in FUNCTION`: the time is local; a mark is `DENIED`, `COMPLAIN`,
`UNAUDITED` or `MISMATCH said PATH`; after the arrows stand the audit events that led here and who raised them, nearest first,
at most 4. A program that raised the event itself is not named again. Of a Python stack the innermost frame
outside of the standard library is shown. Arguments are cut with `…` to keep a line near 200 columns;
paths that the kernel saw never are. Bytes that could act on the terminal are escaped: `\n`, `\xXX`, `\u{XXXX}`; a backslash is `\\`.
)";

constexpr std::string_view kAvc = R"(
## The avc format

What AppArmor would have logged, as it would have: `type=AVC msg=audit(SECONDS.MILLISECONDS:SEQ): apparmor="DENIED" operation=…`,
with its members, their order and their quoting. `DENIED` was denied (`KILLED`: and the task was sent the profile's signal), `ALLOWED`
would have been, but for complain mode, and `AUDIT` is allowed and audited. Nothing else has a line: other events, and what a rule
denies without `audit`, count as filtered. Gaps and the totals are lines that begin with `# aspis:`, which log tools pass over.
`class=` is there from Linux 6.2 on, as in the kernel's own lines; libapparmor 3.0 does not read lines that have it.
)";

void append_row(std::string& out, std::string_view a, std::string_view b, std::string_view c) {
  out.append("| `").append(a).append("` | ").append(b).append(" | ").append(c).append(" |\n");
}

/// Bars inside a cell end it; ours are all "joined by |".
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

void append_fields(std::string& out, std::string_view title, std::span<const FieldDoc> fields) {
  out.append("\n### ").append(title).append("\n\n| Member | Type | Meaning |\n|---|---|---|\n");
  for (const FieldDoc& field : fields) append_row(out, field.name, field.type, cell(field.meaning));
}

void append_kinds(std::string& out) {
  out += "\n| `type` | Compact verb | Members | What happened |\n|---|---|---|---|\n";
  for (const KindInfo& kind : std::span(kKinds).subspan(1)) {
    out.append("| `").append(kind.type).append("` | ").append(kind.verb).append(" | ");
    out.append(kind.payload).append(" | ").append(kind.description).append(" |\n");
  }
}

void append_examples(std::string& out) {
  const FormatContext context{kWallOffset, false};
  const auto json = find_formatter("json")->make(context);
  const auto compact = find_formatter("compact")->make(context);
  const auto avc = find_formatter("avc")->make(context);
  out += "\n## Examples\n";
  for (const auto& sample : sample::all()) {
    if (sample->title.empty()) continue;
    out.append("\n").append(kind_info(sample->record.kind).type).append(", ");
    out.append(sample->title).append(":\n\n```\n");
    json->format(sample->record, out);
    compact->format(sample->record, out);
    if (avc->shows(sample->record)) avc->format(sample->record, out);
    out += "```\n";
  }
}

std::string events_doc() {
  std::string out(kIntroduction);
  append_kinds(out);
  out += "\n## Members\n";
  append_fields(out, "Of every event", kCommonFields);
  append_fields(out, "exec: process.exec, process.found", kExecFields);
  append_fields(out, "fork", kForkFields);
  append_fields(out, "exit", kExitFields);
  append_fields(out, "file", kFileFields);
  append_fields(out, "net", kNetFields);
  append_fields(out, "privilege", kPrivilegeFields);
  append_fields(out, "python", kPythonFields);
  append_fields(out, "notice: aspis.gap", kGapFields);
  append_fields(out, "notice: aspis.interpreter", kInterpreterFields);
  append_fields(out, "notice: aspis.tamper", kTamperFields);
  append_fields(out, "notice: aspis.log", kLogFields);
  append_fields(out, "notice: aspis.agent", kAgentFields);
  append_fields(out, "notice: aspis.summary", kSummaryFields);
  out += kPathsIntroduction;
  out += "\n| Member | Type | Meaning |\n|---|---|---|\n";
  for (const PathFlag& flag : path_flags()) append_row(out, flag.name, "true", flag.description);
  out += kValues;
  out += kStacksText;
  out += kCompact;
  out += kAvc;
  append_examples(out);
  return out;
}

}  // namespace
}  // namespace aspis

int main() {
  setenv("TZ", "UTC", 1);
  tzset();
  const std::string text = aspis::events_doc();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
