// SPDX-License-Identifier: Apache-2.0
// Which containers a profile is for, and which profile attaches in one.
#include "policy/tables/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Values = std::map<std::string, std::string, std::less<>>;

struct Containers : CompiledText {
  using CompiledText::CompiledText;

  /// Texts of the selectors, as they are asked.
  [[nodiscard]] std::vector<std::string> selectors() const {
    std::vector<std::string> texts;
    for (const auto& conditions : selectors_of(policy))
      texts.push_back(Selector::create(conditions)->text());
    return texts;
  }
  /// The profile of `path` in a container with these values.
  [[nodiscard]] std::string attached(std::string_view path, const Values& values,
                                     std::string_view launch = {}) const {
    std::vector<std::size_t> chosen;
    const auto all = selectors_of(policy);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (Selector::create(all[i])->chooses([&](std::string_view key) {
            const auto found = values.find(key);
            return found == values.end() ? "" : found->second;
          }))
        chosen.push_back(i);
    }
    return image.names[attached_anywhere(image, chosen, path, launch)];
  }
};

TEST(Container, AllConditionsMustHold) {
  const Containers text(
      "@{NS}=prod stage\n"
      "profile web /** container=(image=*/web:* namespace=@{NS} label.app.kubernetes.io/name=shop) "
      "{ }");
  ASSERT_EQ(text.messages(), "");
  const Values values{{"image", "docker.io/library/web:1"},
                      {"namespace", "stage"},
                      {"label.app.kubernetes.io/name", "shop"}};
  EXPECT_EQ(text.attached("/bin/sh", values), "web");
  for (const char* key : {"image", "namespace", "label.app.kubernetes.io/name"}) {
    Values other = values;
    other[key] = "other";
    EXPECT_EQ(text.attached("/bin/sh", other), "") << key;
    other.erase(key);
    EXPECT_EQ(text.attached("/bin/sh", other), "") << "nothing known of " << key;
  }
  EXPECT_EQ(text.attached("/bin/sh", {}), "") << "outside of containers";
  EXPECT_EQ(text.CompiledText::attached("/bin/sh"), 0);
}

TEST(Container, ItsProfilesComeBeforeOthers) {
  const Containers text(
      "profile host /usr/bin/python3 { } profile any /** { }"
      "profile web /usr/bin/* container=(image=web) { }"
      "profile script /usr/bin/* container=(image=web) python=(script=/srv/**) { }"
      "profile pod /** container=(image=web pod=a) { }");
  EXPECT_THAT(text.selectors(),
              ElementsAre("container=(image=web pod=a)", "container=(image=web)"));
  const Values web{{"image", "web"}};
  EXPECT_EQ(text.attached("/usr/bin/python3", web), "web") << "though host is exact";
  EXPECT_EQ(text.attached("/usr/bin/python3", web, "s/srv/x"), "script");
  EXPECT_EQ(text.attached("/opt/x", web), "any") << "none of the container's attaches there";
  EXPECT_EQ(text.attached("/usr/bin/python3", {{"image", "web"}, {"pod", "a"}}), "pod")
      << "more conditions";
  EXPECT_EQ(text.attached("/usr/bin/python3", {{"image", "db"}}), "host");
  EXPECT_EQ(text.attached("/usr/bin/python3", {}), "host");
}

TEST(Container, ProfilesWithEqualConditionsShareASelector) {
  const Containers text(
      "profile a /usr/bin/a container=(image=web pod={x,y}) { }"
      "profile b /usr/bin/b container=(pod={x,y} image=web) { }");
  EXPECT_THAT(text.selectors(), ElementsAre("container=(image=web pod={x,y})"));
  EXPECT_EQ(text.attached("/usr/bin/b", {{"image", "web"}, {"pod", "y"}}), "b");
}

TEST(Container, ErrorsAreToldAtTheirPlace) {
  const auto message = [](const std::string& text) { return Containers(text).messages(); };
  EXPECT_THAT(message("profile p /** container=() { }"), HasSubstr("chooses no container"));
  EXPECT_THAT(message("profile p /** container=(host=x) { }"), HasSubstr("image="));
  EXPECT_THAT(message("profile p /** container=(label.=x) { }"), HasSubstr("label.NAME="));
  EXPECT_THAT(message("profile p /** container=(image) { }"), HasSubstr("image needs a value"));
  EXPECT_THAT(message("profile p /** container=(pod=a pod=b) { }"), HasSubstr("given twice"));
  EXPECT_THAT(message("profile p container=(pod=a) { }"), HasSubstr("needs the path"));
  EXPECT_THAT(message("profile p /** container=(pod={a) { }"), HasSubstr("{"));
  EXPECT_THAT(message("profile p /** { hat h container=(pod=a) { } }"), HasSubstr("hat"));
  EXPECT_THAT(message("profile p /** { profile c /x container=(pod=a) { } }"),
              HasSubstr("belongs to the parent"));
}

}  // namespace
}  // namespace aspis::policy
