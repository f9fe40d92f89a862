// SPDX-License-Identifier: Apache-2.0
#include "agent/redact/redact.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "agent/output/formatter.h"
#include "agent/output/sample.h"

namespace aspis {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Texts = std::vector<std::string>;

Redactor redactor(const Texts& expressions) {
  auto made = Redactor::create(expressions);
  EXPECT_TRUE(made) << made.error().text();
  return std::move(*made);
}

Texts redacted(const Texts& expressions, Texts texts) {
  const Texts before = texts;
  const bool any = redactor(expressions).redact(texts);
  EXPECT_EQ(any, texts != before);
  return texts;
}

TEST(Redactor, HidesWhatGroupsMatch) {
  const Texts password{R"((?i)--?pass(?:word)?[=\s](.+))"};
  EXPECT_THAT(redacted(password, {"app", "--password=geheim", "-v"}),
              ElementsAre("app", "--password=***", "-v"));
  EXPECT_THAT(redacted(password, {"app", "--PASS", "my secret", "-v"}),
              ElementsAre("app", "--PASS", "***", "-v"));
  EXPECT_THAT(redacted(password, {"app", "--passage", "x"}), ElementsAre("app", "--passage", "x"));
  EXPECT_THAT(redacted(password, {"--password"}), ElementsAre("--password"));
  EXPECT_THAT(redacted(password, {}), ElementsAre());
  EXPECT_THAT(redacted({}, {"--password=x"}), ElementsAre("--password=x"));
}

TEST(Redactor, HidesAllThatMatchesWithoutGroups) {
  EXPECT_THAT(redacted({"AKIA[A-Z0-9]{16}"}, {"x AKIAABCDEFGHIJKLMNOP y AKIA1234567890123456"}),
              ElementsAre("x *** y ***"));
}

TEST(Redactor, HidesWhatAnyExpressionMatches) {
  EXPECT_THAT(
      redacted({"(a)b", "b(c)", "://[^:/]*:([^@]*)@"}, {"abc", "postgres://user:pw@db/x", "ab"}),
      ElementsAre("***b***", "postgres://user:***@db/x", "***b"));
}

TEST(Redactor, HidesOverTheEndsOfArguments) {
  EXPECT_THAT(redacted({R"(key\s([\s\S]*)end)"}, {"key", "one", "two\nlines", "", "end"}),
              ElementsAre("key", "***", "***", "", "end"));
}

TEST(Redactor, EmptyMatchesHideNothing) {
  EXPECT_THAT(redacted({"x*"}, {"ab", ""}), ElementsAre("ab", ""));
  EXPECT_THAT(redacted({"(x)?a"}, {"ba"}), ElementsAre("ba")) << "a group that is not there";
}

TEST(Redactor, TakesAnyBytes) {
  EXPECT_THAT(redacted({"k=(.*)"}, {std::string("k=\xff\0\x80z", 6), "\xc3\xa4 k=\xc3\xa4"}),
              ElementsAre("k=***", "\xc3\xa4 k=***"));
}

TEST(Redactor, AnExpressionThatTakesTooLongHidesAll) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(redacted({"(a+)+$"}, {std::string(4000, 'a') + "b", "x"}), ElementsAre("***", "***"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

TEST(Redactor, SaysWhatIsWrongWithAnExpression) {
  EXPECT_EQ(Redactor::create({"ok", "a(b"}).error().text(),
            "'a(b': at offset 3: missing closing parenthesis");
}

sample::Wire exec_of(std::string_view argv) {
  aspis_exec_event exec{};
  exec.e = sample::head(ASPIS_PROCESS_EXEC);
  exec.exe = sample::path("/bin/x");
  exec.cwd = sample::path("/");
  exec.argv_len = static_cast<std::uint16_t>(argv.size());
  return sample::Wire(exec).tail("/bin/x").tail("/").tail(argv);
}

TEST(EventRedactor, TakesCommandLinesAndEnvironments) {
  EventRedactor redact(redactor({"(?:token|PYTHONKEY)=(.*)"}));
  sample::Sample one("", exec_of(std::string_view("x\0token=abc\0y\0", 14)));
  auto& exec = std::get<ExecPayload>(one.event().payload);
  exec.environment = {"PYTHONPATH=/x", "PYTHONKEY=abc"};
  redact.redact_arguments(exec);
  redact.redact_environment(exec);
  EXPECT_THAT(exec.argv, ElementsAre("x", "token=***", "y"));
  EXPECT_THAT(exec.environment, ElementsAre("PYTHONPATH=/x", "PYTHONKEY=***"));
  sample::Sample other("", exec_of(std::string_view("x\0y\0", 4)));
  redact.redact_arguments(std::get<ExecPayload>(other.event().payload));
  EXPECT_THAT(std::get<ExecPayload>(other.event().payload).argv, ElementsAre("x", "y"));
}

TEST(EventRedactor, TakesStringsOfAuditEventsHoweverDeep) {
  using namespace sample;
  EventRedactor redact(redactor({R"((?:PASSWORD|--key)\s(.+))", "secret"}));
  const std::string wide("s\0e\0c\0r\0e\0t\0\xac\x20", 14);  // UTF-16: secret€
  Sample one("",
             python_event("subprocess.Popen",
                          {str("/bin/x"), list({str("x"), str("--key"), bytes("abc")}), integer(7),
                           tuple({str(wide, 2), none()}), str("PASSWORD"), str("caf\xe9")}));
  PythonPayload shown;
  const auto& python = *one.event().as<PythonPayload>();
  ASSERT_TRUE(redact.redact(python, shown));
  Event event = one.event();
  event.payload = shown;
  Record record = one.record;
  record.event = &event;
  record.cause = nullptr;
  for (const FormatterInfo& format : formatters()) {
    const auto formatter = format.make({});
    if (!formatter->shows(record)) continue;
    std::string line;
    formatter->format(record, line);
    EXPECT_THAT(line, HasSubstr("***")) << format.name;
    EXPECT_THAT(line, Not(HasSubstr("abc"))) << format.name;
    EXPECT_THAT(line, Not(HasSubstr("caf"))) << format.name;
    EXPECT_THAT(line, Not(HasSubstr("secret"))) << format.name;
  }
  std::string line;
  find_formatter("json")->make({})->format(record, line);
  EXPECT_THAT(line, HasSubstr(R"({"executable":"/bin/x","args":["x","--key",{"bytes":"***"}],)"));
  EXPECT_THAT(line, HasSubstr("[\"***\u20ac\",null]"));
  EXPECT_THAT(line, HasSubstr(R"("PASSWORD","5":"***"})"));
  EXPECT_FALSE(redact.redact(
      *Sample("", python_event("open", {str("/x")})).event().as<PythonPayload>(), shown));
}

}  // namespace
}  // namespace aspis
