// SPDX-License-Identifier: Apache-2.0
// The canonical layout: expected texts, and what must hold for any text.
#include "policy/language/format.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/language/lexer.h"
#include "policy/language/parser.h"
#include "tests/unit/policy/language/tree_dump.h"

namespace aspis::policy {
namespace {

namespace fs = std::filesystem;
using ::testing::StartsWith;

Result<std::string> format_text(const std::string& text) {
  Sources sources;
  return format(sources, sources.add("f", text));
}

/// The layout of `text`, or the error in angle brackets.
std::string formatted(const std::string& text) {
  const Result<std::string> result = format_text(text);
  return result ? *result : "<" + result.error().text() + ">";
}

/// The syntax tree, or "errors".
std::string tree(const std::string& text, const ParseOptions& options) {
  Sources sources;
  Diagnostics diagnostics;
  const Policy policy = parse(sources, sources.add("f", text), options, diagnostics);
  return diagnostics.errors() == 0 ? TreeDump::of(policy) : "errors";
}

/// Comments, sorted; one is what starts with '#' where a word could start, outside of quotes.
std::vector<std::string> comments(const std::string& text) {
  std::vector<std::string> out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); i++) {
    if (text[i] == '\\') i++;
    if (i < text.size() && text[i] == '"') quoted = !quoted;
    const bool start = i == 0 || is_space(text[i - 1]) ||
                       std::string_view("{},()>\"").find(text[i - 1]) != std::string_view::npos;
    if (quoted || i >= text.size() || text[i] != '#' || !start) continue;
    std::string comment = text.substr(i, text.find('\n', i) - i);
    if (comment.starts_with("#include ") || comment.starts_with("#include<")) continue;
    i += comment.size();
    while (is_space(comment.back())) comment.pop_back();
    out.push_back(comment);
  }
  std::sort(out.begin(), out.end());
  return out;
}

/// What no layout changes: all but blanks, backslashes at line ends, and the '#' of includes.
std::string substance(std::string text) {
  for (std::size_t at; (at = text.find("#include")) != std::string::npos;) text.erase(at, 1);
  std::erase_if(text, [](char c) { return is_space(c) || c == '\\'; });
  return text;
}

/// What must hold for any text; says whether it could be formatted.
bool check_properties(const std::string& text, const ParseOptions& options) {
  const std::string before = tree(text, options);
  const Result<std::string> once = format_text(text);
  if (!once) {
    // Two things that nobody writes: an include that the end of the file makes a comment, and a
    // backslash before a lone CR or the end of the file.
    if (text.ends_with("#include")) return false;
    if (once.error().text().find("A backslash here") != std::string::npos) return false;
    EXPECT_EQ(before, "errors") << "not formatted: " << once.error().text();
    return false;
  }
  EXPECT_EQ(formatted(*once), *once) << "not idempotent";
  EXPECT_EQ(tree(*once, options), before) << "another meaning:\n" << *once;
  EXPECT_EQ(substance(*once), substance(text));
  return true;
}

struct Case {
  const char* name;
  std::string text, expected;
};

class FormatCase : public testing::TestWithParam<Case> {};

TEST_P(FormatCase, HasExpectedLayout) {
  EXPECT_EQ(formatted(GetParam().text), GetParam().expected);
  EXPECT_TRUE(check_properties(GetParam().text, {}));
}

const Case kCases[] = {
    {"Blocks",
     "profile   a /usr/bin/a\tflags=(complain)\n{\n/a r, /b   w ,\naudit deny {/c x,}\n"
     "^hat  {}hat  b ( audit ){ /d r,}}",
     "profile a /usr/bin/a flags=(complain) {\n"
     "  /a r,\n"
     "  /b w,\n"
     "  audit deny {\n"
     "    /c x,\n"
     "  }\n"
     "  ^hat {\n"
     "  }\n"
     "  hat b ( audit ) {\n"
     "    /d r,\n"
     "  }\n"
     "}\n"},
    {"Preamble",
     "\n\n#include <tunables/global>\ninclude if  exists<x>\nabi   <abi/4.0> ,\n"
     "@{A}=/x  \"/y  z\"\t/{a,b}\n@{A}   += /q # more\n$B=true\n\n\n\nalias /a->/b,\n"
     "alias /a  ->  /b ,\n",
     "include <tunables/global>\n"
     "include if exists <x>\n"
     "abi <abi/4.0>,\n"
     "@{A} = /x \"/y  z\" /{a,b}\n"
     "@{A} += /q  # more\n"
     "$B = true\n"
     "\n"
     "alias /a->/b,\n"
     "alias /a -> /b,\n"},
    {"EmptyLines",
     "# head\n\n\n\n/a {\n\n\n  /a r,\n\n\n\n  # about b\n  /b r,\n\n\n}\n\n\n/c {\n}\n\n\n",
     "# head\n\n/a {\n  /a r,\n\n  # about b\n  /b r,\n}\n\n/c {\n}\n"},
    {"Comments", "/a {# open\n/a r,# one\n      #two   \n  /b#b  r,   #  three\t\n} # close\n#end",
     "/a {  # open\n  /a r,  # one\n  #two\n  /b#b r,  #  three\n}  # close\n#end\n"},
    {"JoinsLines",
     "/a {\n  unix (send,\n     receive)\n    type=stream\n    peer = (addr=@x,\n  label=y\n  )\n"
     "  ,\n  /b\n  rw\n  ,\n signal \\\n set = ( hup,  int ),\n}\n",
     "/a {\n  unix (send, receive) type=stream peer=(addr=@x, label=y),\n  /b rw,\n"
     "  signal set=( hup,  int ),\n}\n"},
    {"KeepsLinesBesideComments",
     "/a {\n signal send   set=(\n hup # first\n\n\n # second\n   int,\n  ) peer=x\n  ,\n"
     " /b # why\n  r\n,\n /c r # late\n ,\n}\n",
     "/a {\n"
     "  signal send set=(\n"
     "      hup  # first\n"
     "      # second\n"
     "      int,\n"
     "      ) peer=x,\n"
     "  /b  # why\n"
     "      r,\n"
     "  /c r  # late\n"
     "      ,\n"
     "}\n"},
    {"CommentBeforeBrace", "profile a # why\n\n{\n/x r,\n}\n", "profile a  # why\n{\n  /x r,\n}\n"},
    {"Quotes", "profile \"a  b\" \"/a  #b\" {\n\"/x,  {\\\"y\"   r ,\nr  \"/q\\\\\",\n}\n",
     "profile \"a  b\" \"/a  #b\" {\n  \"/x,  {\\\"y\" r,\n  r \"/q\\\\\",\n}\n"},
    {"Globs", "/{usr/,}bin/a{b,c} {\n/{a,b}/[^ab]*,c\\ d  r,\n/x px  ->y{a,b} ,}\n",
     "/{usr/,}bin/a{b,c} {\n  /{a,b}/[^ab]*,c\\ d r,\n  /x px -> y{a,b},\n}\n"},
    {"Conditionals",
     "$A = true\n/a{x,y} {\n if  not defined\n $A{ /a r, }\n\n else if ${A} {/b r,}else{/c r,}\n"
     "if $A {} # yes\n # no\n\n else {}\n}\n",
     "$A = true\n"
     "/a{x,y} {\n"
     "  if not defined $A {\n"
     "    /a r,\n"
     "  } else if ${A} {\n"
     "    /b r,\n"
     "  } else {\n"
     "    /c r,\n"
     "  }\n"
     "  if $A {\n"
     "  }  # yes\n"
     "  # no\n"
     "\n"
     "  else {\n"
     "  }\n"
     "}\n"},
    {"DosLineEnds", "/a { # x\r\n\r\n\r\n/b r,\r\n\r\n\r\n/c r, \\\r\n}\r\n",
     "/a {  # x\n  /b r,\n\n  /c r,\n}\n"},
    {"RuleClasses",
     "/a {\nset rlimit  nofile<=10,\nmount options in  (ro,rw)  fstype = ext4 none->/x,\n"
     "mount  fstype=(ext3, ext4) none  -> /x ,\nmqueue  create type = posix /q ,\n"
     "network(send)inet,capability  chown ,\npriority = 5 audit /x r,\n"
     "change_profile  /a->b,\nchange_profile on  listen ->b,\nlink subset  /a  ->/b,\nr/x,\n}\n",
     "/a {\n"
     "  set rlimit nofile <= 10,\n"
     "  mount options in (ro,rw) fstype=ext4 none->/x,\n"
     "  mount fstype=(ext3, ext4) none -> /x,\n"
     "  mqueue create type=posix /q,\n"
     "  network (send) inet,\n"
     "  capability chown,\n"
     "  priority=5 audit /x r,\n"
     "  change_profile /a->b,\n"
     "  change_profile on listen -> b,\n"
     "  link subset /a -> /b,\n"
     "  r /x,\n"
     "}\n"},
    {"Python",
     "profile  a /x python = (script=/s/*.py  module=m,stdin)flags=(audit){\n"
     "deny python  os.*  path = \"/a  b\" ,\npython,\npython c.{a,b}  arg0=x ,\n"
     "change_profile  on  python import   module=a ->b,\nchange_profile on python  ->   c,\n"
     "audited  /a   r,\nrequire  signed   /s/** ,\n"
     "package  x.Y  {deny   network,}\n/s/@{ctx.u}/**   rw,\n}\n",
     "profile a /x python=(script=/s/*.py  module=m,stdin) flags=(audit) {\n"
     "  deny python os.* path=\"/a  b\",\n"
     "  python,\n"
     "  python c.{a,b} arg0=x,\n"
     "  change_profile on python import module=a -> b,\n"
     "  change_profile on python -> c,\n"
     "  audited /a r,\n"
     "  require signed /s/**,\n"
     "  package x.Y {\n"
     "    deny network,\n"
     "  }\n"
     "  /s/@{ctx.u}/** rw,\n"
     "}\n"},
    {"Continuations", "@{A} = a \\\n   b \\\n  # c\n@{B} = d\\\n\n@{C} = e\\ \n/a {\n/b\\\nr,\n}\n",
     "@{A} = a b\n# c\n@{B} = d\\\n\n@{C} = e\\ \n/a {\n  /b\\\n      r,\n}\n"},
    {"Fragment",
     "  #include <a>\n/x   r,\n  capability   chown,\n@{X}/y  rw,\n deny  @{X}/**  w,\n",
     "include <a>\n/x r,\ncapability chown,\n@{X}/y rw,\ndeny @{X}/** w,\n"},
    {"HashInWords", "@{A} = a#b #c\n/a {\n/#x r,#y\n#includes are fine\n}\n",
     "@{A} = a#b  #c\n/a {\n  /#x r,  #y\n  #includes are fine\n}\n"},
    {"OpenBraces", "/a {\nptrace peer={a ,\nsignal set=({a ,b),\n}\n",
     "/a {\n  ptrace peer={a ,\n  signal set=({a ,b),\n}\n"},
    {"Empty", "", ""},
    {"Blanks", " \n\n\t\n", ""},
};
INSTANTIATE_TEST_SUITE_P(Cases, FormatCase, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Format, SaysWhereItCannotUnderstand) {
  EXPECT_THAT(formatted("/a {\n  \"/b r,\n}\n"), StartsWith("<f:2:3: error: The quoted"));
  EXPECT_THAT(formatted("/a {\n  /b r\n}\n"), StartsWith("<f:3:1: error: Expected \",\""));
  EXPECT_THAT(formatted("/a {\n"), StartsWith("<f:1:4: error: The block"));
  EXPECT_THAT(formatted("/a {}\n}\n"), StartsWith("<f:2:1: error: This \"}\""));
  EXPECT_THAT(formatted("/a {\n  signal (send,\n}\n"), StartsWith("<f:2:10: error: The list"));
  EXPECT_THAT(formatted("/a { capability { } }"), StartsWith("<f:1:17: error: Expected"));
  EXPECT_THAT(formatted("@{A} = b\n#include"), StartsWith("<f:2:9: error: Expected"));
}

TEST(Format, HostileInputEnds) {
  for (const std::string part :
       {"audit { ", "if $A { ", "profile a { ", "/a (", "#", "\\\n", "} "}) {
    std::string text = "profile a { ";
    for (int i = 0; i < 100000; i++) text += part;
    EXPECT_THAT(formatted(text), StartsWith("<f:"));
  }
}

unsigned next_random(unsigned& seed) {
  return (seed = seed * 1103515245 + 12345) >> 16;
}

/// Up to three small changes, mostly of what a layout is about.
std::string mutated(std::string text, unsigned& seed) {
  using namespace std::string_view_literals;
  static constexpr std::string_view kInserted[] = {
      "\\\n", "\\\r\n", " # c\n", "#c\n", "\n",  "\r\n",     "\r",       " ",  "  ",
      "\t",   "\\",     "\\ ",    "\"",   "#",   "{",        "}",        "(",  ")",
      ",",    ",,",     "=",      " = ",  "->",  "<",        ">",        "!",  "^",
      "$",    "@",      ":",      "\0"sv, "if ", "#include", "include ", "<=",
  };
  for (unsigned i = 1 + next_random(seed) % 3; i > 0 && !text.empty(); i--) {
    std::size_t at = next_random(seed) % text.size();
    if (next_random(seed) % 2 == 0) at = std::min(text.find_first_of(" \n,", at), text.size());
    if (next_random(seed) % 2 == 0) text.erase(at, next_random(seed) % 3);
    at = std::min(at, text.size());
    if (next_random(seed) % 3 != 0) {
      text.insert(at, kInserted[next_random(seed) % std::size(kInserted)]);
    }
  }
  return text;
}

/// How many mutants of each text are tried.
int rounds(int otherwise) {
  const char* variable = std::getenv("ASPIS_FORMAT_ROUNDS");
  return variable != nullptr ? std::atoi(variable) : otherwise;
}

TEST(Format, MutantsKeepTheirMeaning) {
  const std::string good =
      "@{A}=x \\\n \"y z\"\n$B = true\nabi <kernel>,\nprofile a /b xattrs=(u.x=y) flags=(audit) "
      "{#c\n"
      " include if exists <n>\n priority = 1 audit deny owner /a{b,c}[d] rw,\n"
      " mount options in (ro) /a -> \"/b\", ^h {\n unix peer = (addr=@x\n), } if not $B {\n"
      " dbus (send)\n path=/x, } else { signal set=(hup), } r/x#\n#e\n ,\n"
      " mqueue type=posix /q, link subset /a -> /b, set rlimit cpu<=5, /x px -> y,\n}\n";
  EXPECT_NE(tree(good, {}), "errors");
  unsigned seed = 1;
  int done = 0;
  int valid = 0;
  for (int round = 0; round < rounds(5000); round++) {
    const std::string text = mutated(good, seed);
    if (check_properties(text, {})) done++;
    if (tree(text, {}) != "errors") valid++;
    if (HasFailure()) FAIL() << "round " << round << "\n" << text;
  }
  EXPECT_GT(valid, rounds(5000) / 20);
  EXPECT_GT(done, valid);
}

TEST(Format, Corpus) {
  const char* variable = std::getenv("ASPIS_CORPUS");
  const fs::path corpus =
      variable != nullptr ? variable : ASPIS_SOURCE_DIR "/../shared/corpus/apparmor";
  if (!fs::is_directory(corpus / "simple_tests")) {
    GTEST_SKIP() << "no corpus at " << corpus << "; ASPIS_CORPUS can name its directory";
  }
  ParseOptions options;
  options.working_directory = corpus;
  options.include_directories = {corpus / "simple_tests"};
  std::size_t all = 0, done = 0;
  unsigned seed = 1;
  for (const auto& entry : fs::recursive_directory_iterator(corpus / "simple_tests")) {
    if (!entry.is_regular_file()) continue;
    SCOPED_TRACE(entry.path().string());
    std::ifstream stream(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    all++;
    if (check_properties(text, options)) {
      done++;
      EXPECT_EQ(comments(formatted(text)), comments(text));
    }
    for (int round = 0; round < rounds(5); round++) {
      const std::string mutant = mutated(text, seed);
      check_properties(mutant, options);
      if (HasFailure()) FAIL() << mutant;
    }
  }
  std::cout << done << " of " << all << " could be formatted\n";
}

}  // namespace
}  // namespace aspis::policy
