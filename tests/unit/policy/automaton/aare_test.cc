// SPDX-License-Identifier: Apache-2.0
// What each piece of an AARE matches.
#include "policy/automaton/aare.h"

#include <gtest/gtest.h>

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

TEST(Aare, QuestionMarkIsOneByteButNoSlash) {
  EXPECT_TRUE(matches("/a?c", "/abc"));
  EXPECT_TRUE(matches("/a?c", "/a\xff\x63"));
  EXPECT_FALSE(matches("/a?c", "/a/c"));
  EXPECT_FALSE(matches("/a?c", "/ac"));
  EXPECT_FALSE(matches("/a?c", "/a\0c"s));
  EXPECT_FALSE(matches("/a?c", "/abbc"));
}

TEST(Aare, StarStaysInItsComponent) {
  EXPECT_TRUE(matches("/a*c", "/ac"));
  EXPECT_TRUE(matches("/a*c", "/abcbc"));
  EXPECT_FALSE(matches("/a*c", "/a/c"));
  EXPECT_FALSE(matches("/a*c", "/a\0c"s));
  EXPECT_TRUE(matches("/foo/bar*", "/foo/bar"));
}

TEST(Aare, TwoStarsCrossSlashes) {
  EXPECT_TRUE(matches("/foo**", "/foo"));
  EXPECT_TRUE(matches("/foo**", "/foobar/x"));
  EXPECT_TRUE(matches("/foo**", "/foo/"));
  EXPECT_FALSE(matches("/foo**", "/foo\0"s));
  EXPECT_TRUE(matches("/a**z", "/a/b/c/z"));
  EXPECT_TRUE(matches("**", ""));
  EXPECT_TRUE(matches("*", ""));
}

TEST(Aare, StarsThatAreAWholeComponentMatchAtLeastOneByte) {
  EXPECT_TRUE(matches("/foo/*", "/foo/a"));
  EXPECT_FALSE(matches("/foo/*", "/foo/"));
  EXPECT_FALSE(matches("/foo/*", "/foo/a/"));
  EXPECT_TRUE(matches("/foo/**", "/foo/a/b"));
  EXPECT_TRUE(matches("/foo/**", "/foo/a/"));
  EXPECT_FALSE(matches("/foo/**", "/foo/"));
  EXPECT_FALSE(matches("/foo/**", "/foo//"));
  EXPECT_FALSE(matches("/foo/***", "/foo/"));
  EXPECT_TRUE(matches("/foo/*/", "/foo/a/"));
  EXPECT_FALSE(matches("/foo/*/", "/foo//"));
  EXPECT_FALSE(matches("/foo/**/", "/foo//"));
  EXPECT_TRUE(matches("/foo/**/", "/foo/a/b/"));
  // not the whole component
  EXPECT_TRUE(matches("/foo/*x", "/foo/x"));
  EXPECT_TRUE(matches("/foo/**x", "/foo/x"));
  EXPECT_TRUE(matches("/foo/{*,x}", "/foo/"));
  EXPECT_TRUE(matches("{/foo/*,x}", "/foo/"));
}

TEST(Aare, ClassesMayMatchSlashAndNegatedOnesNul) {
  EXPECT_TRUE(matches("/[abc]", "/b"));
  EXPECT_FALSE(matches("/[abc]", "/d"));
  EXPECT_TRUE(matches("/[a-c]", "/b"));
  EXPECT_FALSE(matches("/[a-c]", "/-"));
  EXPECT_TRUE(matches("/[^a-c]", "/d"));
  EXPECT_FALSE(matches("/[^a-c]", "/b"));
  EXPECT_TRUE(matches("/a[/]b", "/a/b"));
  EXPECT_TRUE(matches("/a[^b]b", "/a/b"));
  EXPECT_TRUE(matches("/a[^b]b", "/a\0b"s));
  EXPECT_TRUE(matches("/[a-]", "/-"));
  EXPECT_TRUE(matches("/[-a]", "/-"));
  EXPECT_TRUE(matches("/[a^]", "/^"));
  EXPECT_TRUE(matches("/[{},*?[]", "/,"));
  EXPECT_TRUE(matches("/[{},*?[]", "/["));
  EXPECT_FALSE(matches("/[{},*?[]", "/a"));
  EXPECT_TRUE(matches("/[\\]]", "/]"));
  EXPECT_TRUE(matches("/[\\x61-\\d099]", "/b"));
  EXPECT_TRUE(matches("/[\\^a]", "/^"));
  EXPECT_TRUE(matches("{[,],b}", ","));
}

TEST(Aare, Alternations) {
  EXPECT_TRUE(matches("/{a,bc}/d", "/bc/d"));
  EXPECT_FALSE(matches("/{a,bc}/d", "/a,bc/d"));
  EXPECT_TRUE(matches("/{usr/,}bin", "/bin"));
  EXPECT_TRUE(matches("/{usr/,}bin", "/usr/bin"));
  EXPECT_TRUE(matches("{,,}", ""));
  EXPECT_TRUE(matches("/{a{b,c{d,e}},f}", "/ace"));
  EXPECT_FALSE(matches("/{a{b,c{d,e}},f}", "/ac"));
  EXPECT_TRUE(matches("/{a\\,b,c}", "/a,b"));
  EXPECT_TRUE(matches("/{a,a*}", "/ab"));
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
