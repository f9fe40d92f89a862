// SPDX-License-Identifier: Apache-2.0
// The documents of `-o ecs`, and what deploy/elastic says of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "agent/event/kinds.h"
#include "agent/output/ecs_fields.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

/// Parsed strictly: lone surrogates would be an error, as in Elasticsearch.
Json ecs_of(const Record& record) {
  return Json::parse(line_of("ecs", record));
}
Json ecs_of(sample::Wire wire) {
  const sample::Sample sample("", std::move(wire));
  return ecs_of(sample.record);
}

const sample::Sample& named(const std::vector<std::unique_ptr<sample::Sample>>& all,
                            std::string_view title) {
  for (const auto& one : all)
    if (one->title == title) return *one;
  throw std::out_of_range(std::string(title));
}

std::string text_of(const std::string& file) {
  std::ifstream stream(std::string(ASPIS_SOURCE_DIR) + "/deploy/elastic/" + file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

Json index_properties() {
  return Json::parse(text_of("index-template.json"))["template"]["mappings"]["properties"];
}

/// The declaration of "a.b.c"; null: there is none.
Json declared(const Json& properties, const std::string& path) {
  const std::size_t dot = path.find('.');
  const auto found = properties.find(path.substr(0, dot));
  if (found == properties.end()) return nullptr;
  if (dot == std::string::npos) return *found;
  return found->contains("properties") ? declared((*found)["properties"], path.substr(dot + 1))
                                       : Json();
}

void each_field(const Json& value, const Json& properties, const std::string& path,
                const std::function<void(const std::string&, const std::string&, const Json&)>& f) {
  const Json row = path.empty() ? Json() : declared(properties, path);
  if (row.is_object() && row.contains("type")) return f(path, row["type"], value);
  if (value.is_array())
    for (const Json& one : value) each_field(one, properties, path, f);
  else if (value.is_object())
    for (const auto& [key, member] : value.items())
      each_field(member, properties, path.empty() ? key : path + "." + key, f);
  else
    f(path, "", value);
}

bool fits(const std::string& type, const Json& value) {
  if (value.is_array())
    return type != "flattened" &&
           std::ranges::all_of(value, [&](const Json& one) { return fits(type, one); });
  if (type == "flattened") return value.is_object();
  if (type == "boolean") return value.is_boolean();
  if (type == "long") return value.is_number_integer() && value.get<std::uint64_t>() >> 63 == 0;
  if (type == "unsigned_long") return value.is_number_unsigned();
  if (type == "double") return value.is_number();
  return value.is_string() && !value.get<std::string>().empty();
}

TEST(Ecs, EveryFieldIsInTheIndexTemplateAndFits) {
  const Json properties = index_properties();
  std::set<std::string> seen;
  for (const auto& sample : sample::all())
    each_field(ecs_of(sample->record), properties, "",
               [&](const std::string& path, const std::string& type, const Json& value) {
                 seen.insert(path);
                 EXPECT_NE(type, "") << path << " is not in the template";
                 EXPECT_TRUE(fits(type, value)) << path << " " << type << " " << value;
               });
  for (const EcsField& row : kEcsFields)
    EXPECT_TRUE(seen.contains(std::string(row.ecs))) << row.ecs << " is never written";
}

TEST(Ecs, HasAllThatTheJsonLineHas) {
  const auto leaves = [](const Json& json) {
    std::multiset<std::string> out;
    const std::function<void(const Json&)> add = [&](const Json& value) {
      if (value.is_structured())
        for (const Json& one : value) add(one);
      else
        out.insert(value.is_string() ? value.get<std::string>() : value.dump());
    };
    add(json);
    return out;
  };
  for (const auto& sample : sample::all()) {
    std::multiset<std::string> want = leaves(json_of(sample->record));
    const std::multiset<std::string> have = leaves(ecs_of(sample->record));
    for (const auto& [theirs, ours] : {std::pair{"inet", "ipv4"}, {"inet6", "ipv6"}})
      if (want.erase(theirs) != 0) want.insert(ours);
    for (const auto& one : want) EXPECT_TRUE(have.contains(one)) << one << " of " << sample->title;
  }
}

TEST(Ecs, EveryKindHasARowOfAllowedValues) {
  // https://www.elastic.co/guide/en/ecs/8.11/ecs-allowed-values-event-category.html, -type.html
  const std::set<std::string> categories{"configuration", "driver",  "file",
                                         "host",          "iam",     "intrusion_detection",
                                         "library",       "network", "process"};
  const std::set<std::string> types{"access",   "admin",    "allowed", "change", "connection",
                                    "creation", "deletion", "denied",  "end",    "error",
                                    "info",     "start",    "user"};
  std::set<std::string> kinds;
  for (const auto& sample : sample::all()) {
    const Json event = ecs_of(sample->record)["event"];
    kinds.insert(event["action"]);
    EXPECT_EQ(event["action"], kind_info(sample->record.kind).type);
    EXPECT_THAT(event["kind"].get<std::string>(), AnyOf("alert", "event", "metric", "state"));
    for (const Json& one : event.value("category", Json::array()))
      EXPECT_TRUE(categories.contains(one)) << one;
    for (const Json& one : event.value("type", Json::array()))
      EXPECT_TRUE(types.contains(one)) << one;
  }
  std::set<std::string_view> rows;
  for (const EcsKind& row : kEcsKinds) EXPECT_TRUE(rows.insert(row.type).second) << row.type;
  for (unsigned kind = 1; kind < ASPIS_KIND_COUNT; ++kind) {
    EXPECT_TRUE(rows.contains(kKinds[kind].type)) << kKinds[kind].type;
    EXPECT_TRUE(kinds.contains(std::string(kKinds[kind].type))) << kKinds[kind].type;
  }
  EXPECT_EQ(rows.size(), ASPIS_KIND_COUNT - 1U);
}

TEST(Ecs, NamesWhoDidWhat) {
  const auto all = sample::all();
  const Json denied = ecs_of(named(all, "a file that a profile denied").record);
  EXPECT_EQ(denied["@timestamp"],
            json_of(named(all, "a file that a profile denied").record)["time"]);
  EXPECT_EQ(denied["event"]["kind"], "alert");
  EXPECT_EQ(denied["event"]["outcome"], "failure");
  EXPECT_THAT(denied["event"]["category"], ElementsAre("file", "intrusion_detection"));
  EXPECT_THAT(denied["event"]["type"], ElementsAre("access", "denied"));
  EXPECT_EQ(denied["rule"]["name"], "service//cat");
  EXPECT_EQ(denied["file"]["path"], "/etc/passwd");
  EXPECT_EQ(denied["file"]["mode"], "0644");
  EXPECT_EQ(denied["process"]["pid"], 812);
  EXPECT_EQ(denied["process"]["name"], "cat");
  EXPECT_EQ(denied["process"]["executable"], "/usr/bin/cat");
  EXPECT_EQ(denied["process"]["parent"]["pid"], 799);
  EXPECT_THAT(denied["process"]["args"], ElementsAre("cat", "/etc/passwd"));
  EXPECT_TRUE(denied["user"]["id"].is_string());
  EXPECT_EQ(denied["aspis"]["verdict"], "denied");
  EXPECT_EQ(denied["aspis"]["cause"]["event"], "subprocess.Popen");
  EXPECT_EQ(denied["log"]["level"], "warning");
  EXPECT_THAT(denied["message"].get<std::string>(),
              testing::StartsWith("open /etc/passwd  DENIED"));

  const Json contained = ecs_of(named(all, "the same in a container").record);
  EXPECT_EQ(contained["container"]["image"]["name"], "registry.example/shop:2.1");
  EXPECT_EQ(contained["container"]["labels"]["app"], "shop");
  EXPECT_EQ(
      contained["orchestrator"],
      Json::parse(R"({"namespace":"prod","resource":{"id":"0f4c8f4e-3c1e-4d3b-9f57-2b6d1f0a9c11",
                            "name":"shop-7d9f","type":"pod"},"type":"kubernetes"})"));
}

TEST(Ecs, SocketsHaveTheirEnds) {
  for (const auto& sample : sample::all()) {
    const Json line = ecs_of(sample->record);
    if (sample->record.kind == ASPIS_NET_CONNECT) {
      EXPECT_EQ(line["destination"], Json::parse(R"({"ip":"192.0.2.7","port":443})"));
      EXPECT_EQ(line["network"], Json::parse(R"({"transport":"tcp","type":"ipv4"})"));
      EXPECT_FALSE(line.contains("source"));
    } else if (sample->record.kind == ASPIS_NET_ACCEPT) {
      EXPECT_EQ(line["source"], Json::parse(R"({"ip":"2001:db8::1","port":50000})"));
      EXPECT_EQ(line["destination"], Json::parse(R"({"ip":"2001:db8::2","port":8000})"));
      EXPECT_EQ(line["network"]["type"], "ipv6");
    } else if (sample->record.kind == ASPIS_NET_LISTEN) {
      EXPECT_EQ(line["source"]["port"], 8000);
      EXPECT_EQ(line["aspis"]["net"]["backlog"], 128);
    }
  }
}

TEST(Ecs, TakesWhatIsNotUtf8) {
  const Json file =
      ecs_of(sample::file_event(ASPIS_FILE_OPEN, "/tmp/\xff\"},{\\u\x01\xf0\x9f\x98\x80"));
  EXPECT_EQ(file["file"]["path"], "/tmp/\uFFFD\"},{\\u\x01\U0001F600");
  const Json audit = ecs_of(sample::python_event(
      "open", {sample::str(std::string_view("\x3d\xd8x\0\x00\xde", 6), 2), sample::str("r")}));
  EXPECT_EQ(audit["aspis"]["python"]["args"]["path"], "\uFFFDx\uFFFD");
  EXPECT_THAT(audit["message"].get<std::string>(), HasSubstr("open"));
}

TEST(Elastic, TheDashboardNamesOnlyFieldsAndObjectsThatExist) {
  const Json properties = index_properties();
  std::set<std::string> objects;
  std::istringstream lines(text_of("dashboard.ndjson"));
  std::vector<Json> all;
  for (std::string line; std::getline(lines, line);) {
    all.push_back(Json::parse(line));
    objects.insert(all.back()["type"].get<std::string>() + " " +
                   all.back()["id"].get<std::string>());
  }
  ASSERT_GE(all.size(), 5U);
  const auto known = [&](const std::string& field) {
    EXPECT_TRUE(declared(properties, field).contains("type")) << field;
  };
  for (const Json& one : all) {
    for (const Json& reference : one["references"])
      EXPECT_THAT(objects, Contains(reference["type"].get<std::string>() + " " +
                                    reference["id"].get<std::string>()));
    const Json& attributes = one["attributes"];
    if (attributes.contains("visState")) {
      const Json state = Json::parse(attributes["visState"].get<std::string>());
      for (const Json& aggregation : state["aggs"])
        if (aggregation["params"].contains("field")) known(aggregation["params"]["field"]);
    }
    for (const Json& column : attributes.value("columns", Json::array())) known(column);
    if (attributes.contains("panelsJSON")) {
      EXPECT_EQ(Json::parse(attributes["panelsJSON"].get<std::string>()).size(),
                one["references"].size());
    }
    if (!attributes.contains("kibanaSavedObjectMeta")) continue;
    const Json source =
        Json::parse(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"].get<std::string>());
    static const std::regex kField(R"(([a-z_.]+):)");
    const std::string query = source["query"]["query"];
    for (std::sregex_iterator it(query.begin(), query.end(), kField), end; it != end; ++it)
      known((*it)[1]);
  }
}

}  // namespace
}  // namespace aspis
