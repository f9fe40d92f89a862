// SPDX-License-Identifier: Apache-2.0
// Prints docs/ecs.md; with `template` or `logstash`, what deploy/elastic has of the fields.
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "agent/output/ecs_deploy.h"
#include "agent/output/ecs_fields.h"

namespace aspis {
namespace {

constexpr std::string_view kIntroduction = R"(# Events in the Elastic Common Schema

<!-- Made by aspis_ecs_doc. Don't edit: change the tables in agent/output/ecs_fields.h. -->

`-o ecs`, and outputs with `format: ecs`, write one document a line with the names of the
[Elastic Common Schema](https://www.elastic.co/guide/en/ecs/8.11) 8.11. A document has all that the JSON line ([events.md](events.md)) has:
a member that the schema has no place for is below `aspis`, by the same name: `verdict` is `aspis.verdict`, `cause.event` is `aspis.cause.event`.
Text that is not UTF-8 has U+FFFD in its place: Elasticsearch refuses documents with lone surrogates.

## In Elasticsearch

    curl -X PUT -H 'Content-Type: application/json' --data-binary @deploy/elastic/index-template.json https://…:9200/_index_template/aspis
    curl -X POST -H 'kbn-xsrf: true' --form file=@deploy/elastic/dashboard.ndjson https://…:5601/api/saved_objects/_import

The template is for data streams `logs-aspis.events-*`. A shipper that reads lines of JSON (Filebeat's `filestream` with `ndjson`, Elastic Agent, Logstash)
takes the file of an output as it is:

```yaml
outputs:
  - {type: file, path: /var/log/aspis/ecs.json, format: ecs}
```

Where the log is to be the chained one, which is JSON, or comes over syslog, `deploy/elastic/logstash.conf` renames its members on the way.
Its `message` is the kind of event alone, and it does not set `log.level` and `process.name`.

## Fields

| Field | Type | Of the JSON line | Only in |
|---|---|---|---|
)";

void append_fields(std::string& out) {
  for (const EcsField& row : kEcsFields) {
    out.append("| `").append(row.ecs).append("` | ").append(row.type).append(" | ");
    if (row.name.empty())
      out.append(row.meaning);
    else
      out.append("`").append(row.name).append("`");
    if (row.value == EcsValue::kText) out += ", as a string";
    if (row.value == EcsValue::kFamily) out += ": `ipv4`, `ipv6`, or as it is";
    out.append(" | ").append(row.kinds).append(" |\n");
  }
}

void append_kinds(std::string& out) {
  out +=
      "\n## Kinds\n\n| `event.action` | `event.kind` | `event.category` | `event.type` "
      "|\n|---|---|---|---|\n";
  for (const EcsKind& row : kEcsKinds) {
    out.append("| `").append(row.type).append("` | ").append(row.kind).append(" | ");
    out.append(row.categories).append(" | ").append(row.types).append(" |\n");
  }
}

std::string ecs_doc() {
  std::string out(kIntroduction);
  append_fields(out);
  append_kinds(out);
  return out;
}

}  // namespace
}  // namespace aspis

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  const std::string text = what == "template"   ? aspis::ecs_index_template()
                           : what == "logstash" ? aspis::ecs_logstash()
                                                : aspis::ecs_doc();
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() ? 0 : 1;
}
