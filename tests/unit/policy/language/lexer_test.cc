// SPDX-License-Identifier: Apache-2.0
// Words, comments, places and how they are printed.
#include "policy/language/lexer.h"

#include <gtest/gtest.h>

namespace aspis::policy {
namespace {

std::string one_word(const std::string& text, WordKind kind = WordKind::Name) {
  Sources sources;
  Diagnostics diagnostics;
  Lexer lexer(sources, sources.add("test", text));
  const auto word = lexer.word(kind, diagnostics);
  return word ? word->text : "(none)";
}

TEST(Lexer, CommaBelongsToNameBeforeIdCharacter) {
  EXPECT_EQ(one_word("/a,b,c r,"), "/a,b,c");
  EXPECT_EQ(one_word("/a, r"), "/a");
  EXPECT_EQ(one_word("/a,"), "/a");
}

TEST(Lexer, CommaEndsValueOutsideOfBraces) {
  EXPECT_EQ(one_word("ext3,ext4", WordKind::Value), "ext3");
  EXPECT_EQ(one_word("{ext3,ext4},", WordKind::Value), "{ext3,ext4}");
  EXPECT_EQ(one_word("a\\,b)", WordKind::Value), "a\\,b");
}

TEST(Lexer, QuotedStringKeepsEscapesOtherThanQuote) {
  EXPECT_EQ(one_word("\"/a b\\\"c\\t\""), "/a b\"c\\t");
}

TEST(Lexer, SkipsCommentsAndContinuedLinesButNotInclude) {
  Sources sources;
  Lexer lexer(sources, sources.add("test", " # comment\r\n \\\n #include <x>"));
  lexer.skip();
  EXPECT_EQ(lexer.peek(), '#');
  EXPECT_EQ(lexer.here(), (Position{0, 3, 2}));
}

TEST(Diagnostics, RendersLineCaretAndNotes) {
  Sources sources;
  const FileId file = sources.add("f", "one\n\ttwo three\n");
  const Diagnostic diagnostic{Severity::Error, {file, 2, 6}, "Wrong.", {{{file, 1, 1}, "Here."}}};
  EXPECT_EQ(render(diagnostic, sources),
            "f:2:6: error: Wrong.\n  \ttwo three\n  \t    ^\nf:1:1: note: Here.\n  one\n  ^\n");
}

TEST(Diagnostics, TakesTwentyErrors) {
  Diagnostics diagnostics;
  for (int i = 0; i < 50; i++) diagnostics.error({}, "x");
  EXPECT_EQ(diagnostics.errors(), 20u);
}

}  // namespace
}  // namespace aspis::policy
