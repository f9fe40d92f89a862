// SPDX-License-Identifier: Apache-2.0
// What each piece of an AARE matches.
#include "policy/automaton/aare.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "tests/unit/policy/automaton/compiled.h"

namespace aspis::automaton {
namespace {

using std::string_literals::operator""s;

TEST(Aare, LiteralsAreBytesAndAnchored) {
  EXPECT_TRUE(matches("/etc/passwd", "/etc/passwd"));
  EXPECT_FALSE(matches("/etc/passwd", "/etc/passwd2"));
  EXPECT_FALSE(matches("/etc/passwd", "x/etc/passwd"));
  EXPECT_FALSE(matches("/etc/passwd", "/etc/passw"));
  EXPECT_TRUE(matches("/\xff", "/\xff"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Aare, CharactersOfOtherLanguagesAreLiteral) {
  const std::string special = "/a.+|()^$@#!~,=-";
  EXPECT_TRUE(matches(special, special));
  EXPECT_FALSE(matches("/a.", "/ab"));
  EXPECT_FALSE(matches("/a+", "/aa"));
  EXPECT_FALSE(matches("/(a|b)", "/a"));
  EXPECT_TRUE(matches("/a,b", "/a,b"));
}

/// An AARE, what it matches, and what it does not.
struct Row {
  std::string aare;
  std::vector<std::string> matched, others;
};

void check(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    for (const std::string& text : row.matched)
      EXPECT_TRUE(matches(row.aare, text)) << row.aare << " on " << text;
    for (const std::string& text : row.others)
      EXPECT_FALSE(matches(row.aare, text)) << row.aare << " on " << text;
  }
}

TEST(Aare, QuestionMarkIsOneByteButNoSlash) {
  check({{"/a?c", {"/abc", "/a\xff\x63"}, {"/a/c", "/ac", "/a\0c"s, "/abbc"}}});
}

TEST(Aare, StarStaysInItsComponent) {
  check({{"/a*c", {"/ac", "/abcbc"}, {"/a/c", "/a\0c"s}}, {"/foo/bar*", {"/foo/bar"}, {}}});
}

TEST(Aare, TwoStarsCrossSlashes) {
  check({{"/foo**", {"/foo", "/foobar/x", "/foo/"}, {"/foo\0"s}},
         {"/a**z", {"/a/b/c/z"}, {}},
         {"**", {""}, {}},
         {"*", {""}, {}}});
}

TEST(Aare, StarsThatAreAWholeComponentMatchAtLeastOneByte) {
  check({{"/foo/*", {"/foo/a"}, {"/foo/", "/foo/a/"}},
         {"/foo/**", {"/foo/a/b", "/foo/a/"}, {"/foo/", "/foo//"}},
         {"/foo/***", {}, {"/foo/"}},
         {"/foo/*/", {"/foo/a/"}, {"/foo//"}},
         {"/foo/**/", {"/foo/a/b/"}, {"/foo//"}},
         // not the whole component
         {"/foo/*x", {"/foo/x"}, {}},
         {"/foo/**x", {"/foo/x"}, {}},
         {"/foo/{*,x}", {"/foo/"}, {}},
         {"{/foo/*,x}", {"/foo/"}, {}}});
}

TEST(Aare, ClassesMayMatchSlashAndNegatedOnesNul) {
  check({{"/[abc]", {"/b"}, {"/d"}},
         {"/[a-c]", {"/b"}, {"/-"}},
         {"/[^a-c]", {"/d"}, {"/b"}},
         {"/a[/]b", {"/a/b"}, {}},
         {"/a[^b]b", {"/a/b", "/a\0b"s}, {}},
         {"/[a-]", {"/-"}, {}},
         {"/[-a]", {"/-"}, {}},
         {"/[a^]", {"/^"}, {}},
         {"/[{},*?[]", {"/,", "/["}, {"/a"}},
         {"/[\\]]", {"/]"}, {}},
         {"/[\\x61-\\d099]", {"/b"}, {}},
         {"/[\\^a]", {"/^"}, {}},
         {"{[,],b}", {","}, {}}});
}

TEST(Aare, Alternations) {
  check({{"/{a,bc}/d", {"/bc/d"}, {"/a,bc/d"}},
         {"/{usr/,}bin", {"/bin", "/usr/bin"}, {}},
         {"{,,}", {""}, {}},
         {"/{a{b,c{d,e}},f}", {"/ace"}, {"/ac"}},
         {"/{a\\,b,c}", {"/a,b"}, {}},
         {"/{a,a*}", {"/ab"}, {}}});
  const std::string deepest = std::string(49, '{') + "a" + [] {
    std::string close;
    for (int i = 0; i < 49; ++i) close += ",}";
    return close;
  }();
  EXPECT_TRUE(matches(deepest, "a"));
  EXPECT_TRUE(matches(deepest, ""));
}

TEST(Aare, Escapes) {
  EXPECT_TRUE(matches("/\\*\\?\\[\\]\\{\\}\\,\\\\\\\"\\ \\!", "/*?[]{},\\\" !"));
  EXPECT_FALSE(matches("/\\*", "/a"));
  EXPECT_TRUE(matches("/\\141bc", "/abc"));
  EXPECT_TRUE(matches("/\\x41\\x4a", "/AJ"));
  EXPECT_TRUE(matches("/\\d123", "/{"));
  EXPECT_TRUE(matches("a\\000b", "a\0b"s));
  EXPECT_TRUE(matches("a\\0b", "a\0b"s));
  EXPECT_TRUE(matches("\\a\\e\\f\\n\\r\\t", "\a\x1b\f\n\r\t"));
  // only as many digits as make a byte
  EXPECT_TRUE(matches("\\777", "\x3f\x37"));
  EXPECT_TRUE(matches("\\d999", "\x63\x39"));
  EXPECT_TRUE(matches("\\x414", "A4"));
}

TEST(Aare, UnneededEscapesAreDroppedWithAWarning) {
  Expressions expressions;
  const auto aare = parse_aare(expressions, "/a\\q\\xg\\*");
  ASSERT_TRUE(aare);
  EXPECT_EQ(aare->prefix, "/aqxg*");
  ASSERT_EQ(aare->warnings.size(), 2U);
  EXPECT_EQ(aare->warnings[0].offset, 2U);
  EXPECT_EQ(aare->warnings[1].offset, 4U);
  EXPECT_TRUE(matches("/a\\q", "/aq"));
}

TEST(Aare, SlashesAreFiltered) {
  EXPECT_TRUE(matches("/a//b///c", "/a/b/c"));
  EXPECT_FALSE(matches("/a//b", "/a//b"));
  EXPECT_TRUE(matches("//a//b", "//a/b"));
  EXPECT_FALSE(matches("//a", "/a"));
  EXPECT_TRUE(matches("///a", "/a"));
  EXPECT_TRUE(matches("//", "//"));
  EXPECT_TRUE(matches("///", "/"));
  EXPECT_FALSE(matches("/a//*", "/a/"));
  const AareOptions raw{.filter_slashes = false};
  EXPECT_TRUE(matches("a//b", "a//b", raw));
  EXPECT_FALSE(matches("a//b", "a/b", raw));
}

TEST(Aare, ExactnessAndPrefix) {
  Expressions expressions;
  const auto parsed = [&](const char* text) { return parse_aare(expressions, text).value(); };
  EXPECT_TRUE(parsed("/bin//l\\*s").exact);
  EXPECT_EQ(parsed("/bin//l\\*s").prefix, "/bin/l*s");
  for (const char* glob : {"/bin/l*", "/bin/l?", "/bin/l[s]", "/bin/l{s,t}", "/bin/l**"}) {
    EXPECT_FALSE(parsed(glob).exact) << glob;
    EXPECT_EQ(parsed(glob).prefix, "/bin/l") << glob;
  }
  EXPECT_EQ(parsed("/a/*/b").prefix, "/a/");
}

}  // namespace
}  // namespace aspis::automaton
