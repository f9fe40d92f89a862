// SPDX-License-Identifier: Apache-2.0
#include "agent/output/ecs_deploy.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "agent/output/fields.h"
#include "agent/output/places.h"

namespace aspis {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kDataStreams = "logs-aspis.events-*";

bool has_members(const FieldDoc& field) {
  return field.type == "object" || field.name == "stack" || field.name == "interpreters";
}

std::string_view elastic_type(std::string_view json) {
  if (json == "number") return "long";
  return json == "true" ? "boolean" : "keyword";
}

/// The rows of one member, and its place in kinds that they do not name.
void add_places(std::vector<EcsPlace>& places, const FieldDoc& field) {
  bool everywhere = false;
  for (const EcsField& row : kEcsFields) {
    if (row.name != field.name) continue;
    places.push_back({std::string(row.name), std::string(row.ecs), std::string(row.type),
                      std::string(row.kinds), row.value});
    everywhere |= row.kinds.empty();
  }
  if (everywhere || has_members(field)) return;
  places.push_back({std::string(field.name), "aspis." + std::string(field.name),
                    std::string(elastic_type(field.type)), "", EcsValue::kAsIs});
}

void declare(Json& properties, const std::string& path, const std::string& type) {
  Json* at = &properties;
  std::size_t begin = 0;
  for (std::size_t dot; (dot = path.find('.', begin)) != std::string::npos; begin = dot + 1)
    at = &(*at)[path.substr(begin, dot - begin)]["properties"];
  Json& field = (*at)[path.substr(begin)];
  field["type"] = type;
  // Longer ones stay in _source. Lucene refuses terms of more than 32766 bytes.
  if (type == "keyword") field["ignore_above"] = 8191;
}

/// "process.parent.pid" as Logstash names it: "[process][parent][pid]".
std::string reference(std::string_view path) {
  std::string out = "[";
  for (const char c : path) c == '.' ? out += "][" : out += c;
  return out + "]";
}

std::string kinds_condition(const std::string& kinds) {
  std::string out = "[event][action] in [\"";
  for (const char c : kinds) c == ' ' ? out += "\", \"" : out += c;
  return out + "\"]";
}

std::string renames(const std::vector<EcsPlace>& places, const std::string& kinds) {
  std::string out;
  for (const EcsPlace& place : places)
    if (place.kinds == kinds && place.name != "time" && place.ecs != "aspis." + place.name)
      out += "        \"" + reference("aspis." + place.name) + "\" => \"" + reference(place.ecs) +
             "\"\n";
  return out;
}

std::string dictionary(std::string_view EcsKind::* member) {
  std::string out;
  for (const EcsKind& kind : kEcsKinds)
    if (!(kind.*member).empty())
      out +=
          "        \"" + std::string(kind.type) + "\" => \"" + std::string(kind.*member) + "\"\n";
  return out;
}

std::string translate(std::string_view target, std::string_view EcsKind::* member) {
  return "    translate {\n      source => \"[event][action]\"\n      target => \"[event][" +
         std::string(target) + "]\"\n      dictionary => {\n" + dictionary(member) +
         "      }\n    }\n";
}

constexpr std::string_view kLogstashInputs =
    R"(# JSON lines of Aspis, from its files or over syslog, to Elasticsearch, with the names of the Elastic Common Schema.
# Made by aspis_ecs_doc logstash: change agent/output/ecs_fields.h. What comes with `format: ecs` passes as it is.
input {
  file {
    path => ["/var/log/aspis/events.json"]
    mode => "tail"
    codec => "json"
    sincedb_path => "/var/lib/logstash/aspis.sincedb"
  }
  # An output of type syslog, to: udp:ADDRESS:5140 (RFC 5424).
  udp {
    host => "127.0.0.1"
    port => 5140
    tags => ["aspis_syslog"]
  }
}

filter {
  if "aspis_syslog" in [tags] {
    dissect {
      mapping => {
        "message" => "<%{}>1 %{} %{[@metadata][host]} aspis %{} %{} - %{[@metadata][line]}"
      }
    }
    json { source => "[@metadata][line]" }
    mutate {
      replace => { "[host][name]" => "%{[@metadata][host]}" }
      remove_field => ["message"]
      remove_tag => ["aspis_syslog"]
    }
  }

  if ![ecs][version] or ![event][action] {
    date {
      match => ["time", "ISO8601"]
      remove_field => ["time"]
    }
    # All below [aspis] first, then what the schema has a place for.
    if [type] == "aspis.log" {
      mutate { rename => { "[log]" => "[aspis][log]" } }
    }
    mutate {
      rename => {
)";

constexpr std::string_view kLogstashVerdicts = R"(
    if [aspis][verdict] {
      mutate { add_field => { "[event][outcome]" => "success" } }
      if [aspis][verdict] == "denied" {
        mutate {
          replace => { "[event][outcome]" => "failure" }
          update => { "[event][type]" => "%{[event][type]} denied" }
        }
      } else if [aspis][verdict] == "complain" {
        mutate { update => { "[event][type]" => "%{[event][type]} allowed" } }
      }
      if [aspis][verdict] != "allowed" {
        mutate { update => { "[event][category]" => "%{[event][category]} intrusion_detection" } }
        if [rule][name] and ![aspis][quiet] {
          mutate { replace => { "[event][kind]" => "alert" } }
        }
      }
    }
    mutate {
      split => { "[event][category]" => " " "[event][type]" => " " }
    }
    if [network][type] == "inet" {
      mutate { replace => { "[network][type]" => "ipv4" } }
    } else if [network][type] == "inet6" {
      mutate { replace => { "[network][type]" => "ipv6" } }
    }
    if [orchestrator] {
      mutate { add_field => { "[orchestrator][type]" => "kubernetes" } }
    }
    if [orchestrator][resource] {
      mutate { add_field => { "[orchestrator][resource][type]" => "pod" } }
    }
    mutate {
      add_field => {
        "[event][module]" => "aspis"
        "[event][dataset]" => "aspis.events"
        "message" => "%{[event][action]}"
      }
      replace => { "[ecs][version]" => "ECS_VERSION" }
    }
  }
}

output {
  elasticsearch {
    hosts => ["https://127.0.0.1:9200"]
    data_stream => true
    data_stream_type => "logs"
    data_stream_dataset => "aspis.events"
    data_stream_namespace => "default"
    # user => "…" password => "${ASPIS_ELASTIC_PASSWORD}" ssl_certificate_authorities => ["…"]
  }
}
)";

}  // namespace

std::vector<EcsPlace> ecs_places() {
  std::vector<EcsPlace> places;
  const std::span<const FieldDoc> groups[] = {
      kCommonFields, kExecFields,      kForkFields,   kExitFields,   kFileFields,
      kNetFields,    kPrivilegeFields, kPythonFields, kGapFields,    kInterpreterFields,
      kTamperFields, kLogFields,       kAgentFields,  kSummaryFields};
  std::set<std::string_view> seen;
  for (const auto& group : groups)
    for (const FieldDoc& field : group)
      if (seen.insert(field.name).second) add_places(places, field);
  for (const std::string_view prefix : kPathFlagPrefixes)
    for (const PathFlag& flag : path_flags()) {
      const std::string name = std::string(prefix).append(flag.name);
      places.push_back({name, "aspis." + name, "boolean", "", EcsValue::kAsIs});
    }
  return places;
}

std::string ecs_index_template() {
  Json properties;
  for (const EcsField& row : kEcsFields)
    if (row.name.empty()) declare(properties, std::string(row.ecs), std::string(row.type));
  for (const EcsPlace& place : ecs_places()) declare(properties, place.ecs, place.type);
  Json strings;
  strings["strings"] = {{"match_mapping_type", "string"},
                        {"mapping", {{"type", "keyword"}, {"ignore_above", 8191}}}};
  Json out;
  out["index_patterns"] = Json::array({kDataStreams});
  out["data_stream"] = Json::object();
  out["priority"] = 200;
  out["template"]["settings"]["index"] = {{"mapping", {{"total_fields", {{"limit", 2000}}}}}};
  out["template"]["mappings"]["date_detection"] = false;
  out["template"]["mappings"]["dynamic_templates"] = Json::array({strings});
  out["template"]["mappings"]["properties"] = properties;
  out["_meta"]["description"] =
      "Events of Aspis (format: ecs). Made by aspis_ecs_doc template from "
      "agent/output/ecs_fields.h";
  out["_meta"]["ecs_version"] = kEcsVersion;
  return out.dump(2) + "\n";
}

std::string ecs_logstash() {
  const auto places = ecs_places();
  std::string out(kLogstashInputs);
  std::set<std::string> tops, kinds;
  for (const EcsPlace& place : places) {
    const std::string top = place.name.substr(0, place.name.find('.'));
    if (top != "time" && top != "log") tops.insert(top);  // by the date; Logstash has a [log], too
    kinds.insert(place.kinds);
  }
  for (const auto& top : tops)
    out.append("        \"[").append(top).append("]\" => \"[aspis][").append(top).append("]\"\n");
  out += "      }\n    }\n    mutate {\n      rename => {\n";
  out += renames(places, "") + "      }\n    }\n";
  for (const auto& one : kinds)
    if (!one.empty())
      out += "    if " + kinds_condition(one) + " {\n      mutate {\n        rename => {\n" +
             renames(places, one) + "        }\n      }\n    }\n";
  out += "    mutate {\n      convert => {\n";
  for (const EcsPlace& place : places)
    if (place.value == EcsValue::kText)
      out += "        \"" + reference(place.ecs) + "\" => \"string\"\n";
  out += "      }\n    }\n";
  out += translate("kind", &EcsKind::kind) + translate("category", &EcsKind::categories) +
         translate("type", &EcsKind::types);
  std::string rest(kLogstashVerdicts);
  rest.replace(rest.find("ECS_VERSION"), 11, kEcsVersion);
  return out + rest;
}

}  // namespace aspis
