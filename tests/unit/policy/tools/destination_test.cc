// SPDX-License-Identifier: Apache-2.0
// Where an exec leads: by the modes of apparmor.d(5), "Execute permission".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/tools/destination.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Destination from_first(const CompiledText& text, std::string_view path) {
  EXPECT_EQ(text.messages(), "");
  return destination(text.image, 1, text.file(path).exec, path);
}

TEST(Destination, InheritedAndUnconfined) {
  const CompiledText text("profile p { /a ix, /b Ux, }");
  EXPECT_THAT(from_first(text, "/a").profiles, ElementsAre(1));
  EXPECT_FALSE(from_first(text, "/a").scrub);
  EXPECT_THAT(from_first(text, "/b").profiles, IsEmpty());
  EXPECT_TRUE(from_first(text, "/b").scrub);
}

TEST(Destination, ByNameAndByAttachment) {
  const CompiledText text(
      "profile p { /a px -> q, /b px, /c cx, /d cx -> k, /e px, profile k /c { } }\n"
      "profile q { }\nprofile r /b { }\n");
  EXPECT_THAT(from_first(text, "/a").profiles, ElementsAre(text.id("q")));
  EXPECT_THAT(from_first(text, "/b").profiles, ElementsAre(text.id("r")));
  EXPECT_THAT(from_first(text, "/c").profiles, ElementsAre(text.id("p//k")));
  EXPECT_THAT(from_first(text, "/d").profiles, ElementsAre(text.id("p//k")));
  EXPECT_EQ(from_first(text, "/e").info, ASPIS_INFO_NO_PROFILE);
}

TEST(Destination, FallsBack) {
  const CompiledText text("profile p { /a pix, /b cux -> k, }");
  EXPECT_THAT(from_first(text, "/a").profiles, ElementsAre(1));
  EXPECT_TRUE(from_first(text, "/a").fallback);
  EXPECT_THAT(from_first(text, "/b").profiles, IsEmpty());
  EXPECT_EQ(from_first(text, "/b").info, ASPIS_INFO_NONE);
}

TEST(Destination, Stacks) {
  const CompiledText text("profile p { /a px -> &q, }\nprofile q { }\n");
  EXPECT_THAT(from_first(text, "/a").profiles, ElementsAre(1, 2));
}

}  // namespace
}  // namespace aspis::policy
