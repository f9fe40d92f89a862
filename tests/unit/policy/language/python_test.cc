// SPDX-License-Identifier: Apache-2.0
// What the language has beyond AppArmor's: syntax, and errors with their places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/language/package_name.h"
#include "policy/language/parser.h"

namespace aspis::policy {
namespace {

using testing::HasSubstr;

struct Parsed {
  Sources sources;
  Diagnostics diagnostics;
  Policy policy;

  explicit Parsed(const std::string& text) {
    policy = parse(sources, sources.add("test", text), {}, diagnostics);
  }
  [[nodiscard]] std::string messages() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.all()) out += render(d, sources);
    return out;
  }
};

TEST(PythonSyntax, Head) {
  const Parsed p(
      "profile up /usr/bin/python3* xattrs=(user.a=b)\n"
      "  python=(script=/srv/*.py module=gunicorn, command stdin) flags=(complain) { }");
  ASSERT_EQ(p.messages(), "");
  const Profile& profile = p.policy.profiles.at(0);
  ASSERT_EQ(profile.launches.size(), 4U);
  EXPECT_EQ(profile.launches[0].kind.text, "script");
  EXPECT_EQ(profile.launches[0].glob->text, "/srv/*.py");
  EXPECT_EQ(profile.launches[1].glob->text, "gunicorn");
  EXPECT_FALSE(profile.launches[3].glob);
  EXPECT_EQ(profile.flags.size(), 1U);
  const Parsed named_by_path("/usr/bin/python3 python=(stdin) { }");
  EXPECT_EQ(named_by_path.messages(), "");
  EXPECT_EQ(named_by_path.policy.profiles.at(0).launches.size(), 1U);
}

TEST(PythonSyntax, EventRules) {
  const Parsed p(
      "profile a {\n"
      "  audit python, audit deny python os.* arg0=/x, deny python c.{a,b} code_object=\"<a, b>\"\n"
      "  sys.path=*, change_profile on python import module=app -> a//b,\n"
      "  change_profile on python -> c,\n}");
  ASSERT_EQ(p.messages(), "");
  const auto& rules = p.policy.profiles.at(0).rules;
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_FALSE(std::get<PythonRule>(rules[0].body).event);
  EXPECT_EQ(std::get<PythonRule>(rules[1].body).event->text, "os.*");
  const auto& third = std::get<PythonRule>(rules[2].body);
  EXPECT_EQ(third.event->text, "c.{a,b}");
  ASSERT_EQ(third.arguments.size(), 2U);
  EXPECT_EQ(third.arguments[0].value.text, "<a, b>");
  EXPECT_EQ(third.arguments[1].name.text, "sys.path");
  const auto& change = std::get<ChangeOnRule>(rules[3].body);
  EXPECT_EQ(change.target.text, "a//b");
  EXPECT_EQ(change.python.event->text, "import");
  EXPECT_FALSE(std::get<ChangeOnRule>(rules[4].body).python.event);
}

TEST(PythonSyntax, AuditedAndSigned) {
  const Parsed p(
      "profile a { audited { /a r, owner /b w, } audit allow audited owner /c rw,\n"
      " audited link /d -> /e, require signed /srv/**, }");
  ASSERT_EQ(p.messages(), "");
  const auto& rules = p.policy.profiles.at(0).rules;
  ASSERT_EQ(rules.size(), 5U);
  for (int i = 0; i < 4; i++) EXPECT_TRUE(rules[static_cast<size_t>(i)].qualifiers.audited) << i;
  EXPECT_EQ(rules[2].qualifiers.ownership, Ownership::Owner);
  EXPECT_EQ(std::get<RequireRule>(rules[4].body).path.text, "/srv/**");
}

TEST(PythonSyntax, Packages) {
  const Parsed p(
      "profile a { package \"Py.YAML\" { deny /** x, /usr/bin/a x, /usr/bin/b ix, }\n"
      " /c r, package requests { network inet stream, } }");
  ASSERT_EQ(p.messages(), "");
  const Profile& profile = p.policy.profiles.at(0);
  EXPECT_EQ(profile.rules.size(), 1U);
  ASSERT_EQ(profile.packages.size(), 2U);
  EXPECT_EQ(profile.packages[0].name.text, "Py.YAML");
  EXPECT_EQ(profile.packages[0].rules.size(), 3U);
  EXPECT_EQ(normalised_package_name("Py.-_YAML"), "py-yaml");
}

struct Wrong {
  const char* text;
  const char* place;
  const char* message;
};

class PythonErrors : public testing::TestWithParam<Wrong> {};

TEST_P(PythonErrors, AreToldAtTheirPlace) {
  const Parsed p(GetParam().text);
  EXPECT_THAT(p.messages(), HasSubstr("test:" + std::string(GetParam().place) + ": error: "))
      << GetParam().text;
  EXPECT_THAT(p.messages(), HasSubstr(GetParam().message)) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, PythonErrors,
    testing::Values(
        Wrong{"profile a python=(command) { }", "1:11", "needs the path of the interpreter"},
        Wrong{"profile a /b python=() { }", "1:14", "names nothing"},
        Wrong{"profile a /b python=(scripts=/x) { }", "1:22", "Expected script=PATH"},
        Wrong{"profile a /b python=(module) { }", "1:22", "module needs a value"},
        Wrong{"profile a /b python=(stdin=x) { }", "1:22", "stdin takes no value"},
        Wrong{"profile a /b python=(script=x.py) { }", "1:29", "must start with \"/\""},
        Wrong{"profile a /b python=(script=/{x) { }", "1:29", "no closing \"}\""},
        Wrong{"profile a { ^h /b python=(stdin) { } }", "1:19", "entered by request"},
        Wrong{"profile a { python path=/x, }", "1:20", "The event comes before"},
        Wrong{"profile a { python open path, }", "1:29", "Expected \"=\""},
        Wrong{"profile a { python open path=x path=y, }", "1:32", "given twice"},
        Wrong{"profile a { python open[, }", "1:20", "no closing \"]\""},
        Wrong{"profile a { owner python open, }", "1:13", "owner of a file"},
        Wrong{"profile a { audited capability kill, }", "1:13", "Only file and link rules"},
        Wrong{"profile a { deny audited /x r, }", "1:13", "A rule that denies"},
        Wrong{"profile a { audited deny /x r, }", "1:21", "in the wrong place"},
        Wrong{"profile a { require /x, }", "1:21", "Expected \"signed\""},
        Wrong{"profile a { deny require signed /x, }", "1:13", "takes no qualifiers"},
        Wrong{"profile a { require signed x, }", "1:28", "Expected a path"},
        Wrong{"profile a { package -x { } }", "1:21", "not the name of a Python package"},
        Wrong{"profile a { package x { } package X { } }", "1:27", "is in this profile already"},
        Wrong{"profile a { package x { profile b { } } }", "1:25", "profiles and hats cannot"},
        Wrong{"profile a { package x { package y { } } }", "1:25", "cannot stand in another"},
        Wrong{"profile a { deny { package x { } } }", "1:20", "takes no qualifiers"},
        Wrong{"profile a { package x { change_profile -> b, } }", "1:25", "cannot change"},
        Wrong{"profile a { package x { change_profile on listen -> b, } }", "1:25",
              "cannot change"},
        Wrong{"profile a { package x { set rlimit cpu <= 1, } }", "1:25", "resource limit"},
        Wrong{"profile a { package x { require signed /x, } }", "1:25", "holds for the process"},
        Wrong{"profile a { package x { /a px -> b, } }", "1:34", "leads nowhere"},
        Wrong{"profile a { package x { all, } }", "1:25", "only takes away"},
        Wrong{"profile a { /a x, }", "1:16", "needs a mode"},
        Wrong{"profile a { /s/@{ctx.}/x r, }", "1:13", "has no key"},
        Wrong{"profile a { /s/@{ctx.0123456789abcdef}/x r, }", "1:13", "has no key"},
        Wrong{"profile a { /s/a@{ctx.u}/x r, }", "1:13", "whole component"},
        Wrong{"profile a { /s/@{ctx.u}x r, }", "1:13", "whole component"},
        Wrong{"profile a { /s/{a/@{ctx.u}/,b} r, }", "1:13", "outside of braces"},
        Wrong{"@{V} = /s/@{ctx.u}\nprofile a { @{V}x r, }", "2:13", "whole component"},
        Wrong{"profile a { signal peer=@{ctx.u}, }", "1:25", "file and link rules only"},
        Wrong{"profile a { require signed /@{ctx.u}, }", "1:28", "file and link rules only"},
        Wrong{"profile a /b/@{ctx.u} { }", "1:11", "file and link rules only"}));

TEST(PythonSyntax, AllowingAnEventIsAnException) {
  const std::string warning = "changes nothing: events are allowed";
  for (const char* rules : {"python os.fork,", "deny python os.*, python os.fork,",
                            "deny python os.*, package a { priority=1 python os.fork, }"})
    EXPECT_THAT(Parsed("profile p { " + std::string(rules) + " }").messages(), HasSubstr(warning));
  for (const char* rules : {"audit python os.fork,", "deny python os.*, priority=1 python os.fork,",
                            "priority=-1 deny python, python os.fork,"})
    EXPECT_EQ(Parsed("profile p { " + std::string(rules) + " }").messages(), "");
}

TEST(PythonSyntax, ContextsStandInPaths) {
  const Parsed p(
      "@{V} = /s/@{ctx.user}\nprofile a {\n"
      "  @{V}/** rw, /a/@{ctx.a}/b/@{ctx.b} r, link /l/@{ctx.a} -> /m/@{ctx.a}/x,\n"
      "  /e\\@{ctx.a,b} r,\n}");
  EXPECT_EQ(p.messages(), "");
}

}  // namespace
}  // namespace aspis::policy
