// SPDX-License-Identifier: Apache-2.0
// Rules on the context of a thread. Random ones are compared with a naive reading: the value is
// written into the rule, and the rule read as it stands then.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "bpf/lib/context.h"
#include "tests/naive/random_rules.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using Context = std::map<std::string, std::string, std::less<>>;

aspis_permissions asked(const CompiledText& text, std::string_view path, const Context& context) {
  FileCircumstances circumstances;
  circumstances.context = context;
  return file_permissions(text.image, profile_of(text.image, 1), path, circumstances);
}

unsigned allowed(const CompiledText& text, std::string_view path, const Context& context = {}) {
  return asked(text, path, context).allow;
}

TEST(Context, OneTenantCannotReadTheOther) {
  const CompiledText text("profile x { /srv/@{ctx.user}/** r, /srv/pub/** r, }");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  const Context alice{{"user", "alice"}};
  EXPECT_EQ(allowed(text, "/srv/alice/a/b", alice), ASPIS_MAY_READ);
  for (const char* path :
       {"/srv/bob/a", "/srv/alice", "/srv/alice/", "/srv/alicex/a", "/srv/alic/a", "/srv/x/alice/a",
        "/srv//alice/a", "/alice/a", "/srv/a/lice/x"})
    EXPECT_EQ(allowed(text, path, alice), 0U) << path;
  EXPECT_EQ(allowed(text, "/srv/pub/alice/x", alice), ASPIS_MAY_READ);
}

TEST(Context, UnsetGrantsNothingAndDeniesAnything) {
  const CompiledText text("profile x { /srv/** r, deny /srv/@{ctx.user}/key r, /p/@{ctx.k} w, }");
  EXPECT_EQ(allowed(text, "/p/a"), 0U);
  EXPECT_EQ(allowed(text, "/srv/bob/key"), 0U);
  EXPECT_EQ(asked(text, "/srv/bob/key", {}).deny, ASPIS_MAY_READ);
  EXPECT_EQ(allowed(text, "/srv/bob/x"), ASPIS_MAY_READ);
  const Context alice{{"user", "alice"}};
  EXPECT_EQ(allowed(text, "/srv/alice/key", alice), 0U);
  EXPECT_EQ(allowed(text, "/srv/bob/key", alice), ASPIS_MAY_READ);
}

TEST(Context, SeveralKeysOneValue) {
  const CompiledText text("profile x { /@{ctx.a}/@{ctx.b}/x r, /@{ctx.b}/@{ctx.b} w, }");
  const Context same{{"a", "v"}, {"b", "v"}}, other{{"a", "v"}, {"b", "w"}};
  EXPECT_EQ(allowed(text, "/v/v/x", same), ASPIS_MAY_READ);
  EXPECT_NE(allowed(text, "/v/v", same) & ASPIS_MAY_WRITE, 0U);
  EXPECT_EQ(allowed(text, "/v/w/x", other), ASPIS_MAY_READ);
  EXPECT_EQ(allowed(text, "/w/v/x", other), 0U);
  EXPECT_EQ(allowed(text, "/v/w/x", {{"a", "v"}}), 0U);
}

TEST(Context, LinksHaveTwoNames) {
  const CompiledText text("profile x { link /l/@{ctx.u} -> /t/@{ctx.u}/*, /l/* r, /t/** r, }");
  const std::string pair = std::string("/l/a") + '\0' + "/t/a/x";
  EXPECT_EQ(allowed(text, pair, {{"u", "a"}}), ASPIS_MAY_LINK);
  EXPECT_EQ(allowed(text, pair, {{"u", "b"}}), 0U);
  EXPECT_EQ(allowed(text, pair), 0U);
  EXPECT_EQ(allowed(text, "/l/a", {{"u", "a"}}), ASPIS_MAY_READ);
}

TEST(Context, NoPathPretendsToBeMarked) {
  const CompiledText text("profile x { /srv/@{ctx.user}/x r, /a/[^b]* w, }");
  for (const char* path : {"/srv/bob\1/x", "/srv/bob\1\1/x", "/srv/bob\21/x"})
    EXPECT_EQ(allowed(text, path, {{"user", "alice"}}), 0U) << path;
  // A class that excludes bytes takes no mark for one.
  EXPECT_EQ(allowed(text, "/a/", {{"user", "alice"}}), 0U);
  EXPECT_NE(allowed(text, "/a/\1", {{"user", "alice"}}) & ASPIS_MAY_WRITE, 0U);
}

TEST(Context, ValuesThatWouldMeanMoreAreRefused) {
  const auto ok = [](std::string_view value) {
    return context_value_ok(reinterpret_cast<const __u8*>(value.data()),
                            static_cast<__u32>(value.size())) != 0;
  };
  for (const char* value : {"a", "alice", "a.b", "...", "u-1_2@x", "\xc3\xa9"})
    EXPECT_TRUE(ok(value)) << value;
  for (const char* value :
       {"", ".", "..", "a/b", "/", "*", "a?", "[a", "a]", "{a", "a}", "^", "a,b", "a\\", "\""})
    EXPECT_FALSE(ok(value)) << value;
  EXPECT_FALSE(ok(std::string_view("a\0b", 3)));
  EXPECT_TRUE(ok(std::string(ASPIS_CONTEXT_VALUE_MAX, 'a')));
  EXPECT_FALSE(ok(std::string(ASPIS_CONTEXT_VALUE_MAX + 1, 'a')));
}

TEST(Context, FourKeysAtMost) {
  EXPECT_EQ(CompiledText("profile x { /@{ctx.a}/@{ctx.b}/@{ctx.c}/@{ctx.d}/@{ctx.a} r, }")
                .diagnostics.errors(),
            0U);
  EXPECT_EQ(CompiledText("profile x { /@{ctx.a}/@{ctx.b}/@{ctx.c}/@{ctx.d}/@{ctx.e} r, }")
                .diagnostics.errors(),
            1U);
}

constexpr const char* kComponents[] = {"a",  "b",        "ab",       "*",     "**",   "?",
                                       "a*", "@{ctx.k}", "@{ctx.l}", "{a,b}", "[^a]", ""};
constexpr const char* kNames[] = {"a", "b", "ab", "c"};

std::string random_path(naive::Random& random, std::span<const char* const> components) {
  std::string path;
  for (std::size_t n = 1 + random.below(4); n > 0; n--)
    path += std::string("/") + components[random.below(components.size())];
  return path;
}

std::string replaced(std::string text, const std::string& key, const std::string& value) {
  const std::string reference = "@{ctx." + key + "}";
  for (std::size_t at; (at = text.find(reference)) != std::string::npos;)
    text.replace(at, reference.size(), value);
  return text;
}

/// What the policy says without contexts once the values are written in: for an unset key nothing
/// in a rule that allows, anything in one that denies.
std::string written_out(const std::vector<std::string>& rules, const Context& context) {
  std::string text = "profile x { ";
  for (std::string rule : rules) {
    const bool deny = rule.starts_with("deny");
    bool left_out = false;
    for (const char* key : {"k", "l"}) {
      const auto value = context.find(key);
      if (rule.find("@{ctx." + std::string(key)) == std::string::npos) continue;
      if (value == context.end() && !deny) left_out = true;
      rule = replaced(rule, key, value == context.end() ? "[^/]*" : value->second);
    }
    if (!left_out) text += rule;
  }
  return text + " }";
}

TEST(Context, RandomRulesSayWhatTheyWouldWithTheValuesWrittenIn) {
  const std::uint64_t seed = naive::seed_or(20261123);
  SCOPED_TRACE("ASPIS_SEED=" + std::to_string(seed));
  naive::Random random(seed);
  std::size_t granted = 0, denied = 0;
  for (int profile = 0; profile < 300; profile++) {
    std::vector<std::string> rules{"/q/@{ctx.k} k, ", "/q/@{ctx.l} k, "};
    for (std::size_t n = 1 + random.below(5); n > 0; n--) {
      rules.push_back(std::string(random.below(3) == 0 ? "deny " : "") +
                      random_path(random, kComponents) + " r, ");
    }
    std::string all = "profile x { ";
    for (const std::string& rule : rules) all += rule;
    const CompiledText text(all + " }");
    ASSERT_EQ(text.diagnostics.errors(), 0U) << all << text.messages();
    for (int setting = 0; setting < 3; setting++) {
      Context context;
      if (random.below(4) != 0) context["k"] = kNames[random.below(std::size(kNames))];
      if (random.below(4) != 0) context["l"] = kNames[random.below(std::size(kNames))];
      const CompiledText plain(written_out(rules, context));
      ASSERT_EQ(plain.diagnostics.errors(), 0U) << plain.messages();
      for (int n = 0; n < 30; n++) {
        const std::string path = random_path(random, kNames) + (random.below(4) == 0 ? "/" : "");
        const aspis_permissions found = asked(text, path, context), wanted = plain.file(path);
        granted += (wanted.allow & ASPIS_MAY_READ) != 0;
        denied += (wanted.deny & ASPIS_MAY_READ) != 0;
        ASSERT_EQ(found.allow, wanted.allow) << all << path << " k=" << context["k"];
        ASSERT_EQ(found.deny, wanted.deny) << all << path;
      }
    }
  }
  EXPECT_GT(granted, 1000U);
  EXPECT_GT(denied, 1000U);
}

}  // namespace
}  // namespace aspis::policy
