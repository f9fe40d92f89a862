// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json_values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "agent/event/decode.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

ArgumentsJson arguments(std::string_view event, const std::vector<std::string>& values,
                        const ValueLimits& limits = {}) {
  sample::Wire wire = sample::python_event(event, values);
  const Result<Event> decoded = decode(wire.bytes());
  if (!decoded) return {decoded.error().text(), {}};
  return arguments_json(*decoded->as<PythonPayload>(), limits);
}

/// JSON of one value.
std::string value(const std::string& encoded) {
  const std::string args = arguments("some.event", {encoded}).args;
  EXPECT_TRUE(args.starts_with("{\"0\":"));
  return args.substr(5, args.size() - 6);
}

TEST(ValuesJson, Scalars) {
  EXPECT_EQ(value(sample::none()), "null");
  EXPECT_EQ(value(sample::boolean(true)), "true");
  EXPECT_EQ(value(sample::boolean(false)), "false");
  EXPECT_EQ(value(sample::integer(0)), "0");
  EXPECT_EQ(value(sample::integer(-42)), "-42");
  EXPECT_EQ(value(sample::integer(9007199254740993)), "9007199254740993");  // 2^53 + 1
  EXPECT_EQ(value(sample::integer(INT64_MIN)), "-9223372036854775808");
  EXPECT_EQ(value(sample::integer(7, ASPIS_VALUE_CUT)), R"({"int":"cut","low64":7})");
  EXPECT_EQ(value(sample::integer(-7, ASPIS_VALUE_CUT)),
            R"({"int":"cut","negative":true,"low64":7})");
  EXPECT_EQ(value(sample::other("dict")), R"({"type":"dict"})");
  EXPECT_EQ(value(sample::other("a\"\xff")), R"({"type":"a\"\udcff"})");
  EXPECT_EQ(value(sample::unreadable()), R"({"unreadable":true})");
}

TEST(ValuesJson, Floats) {
  EXPECT_EQ(value(sample::floating(5)), "5.0");
  EXPECT_EQ(value(sample::floating(-0.1)), "-0.1");
  EXPECT_EQ(Json::parse(value(sample::floating(1e300))).get<double>(), 1e300);
  EXPECT_EQ(value(sample::floating(std::nan(""))), R"({"float":"nan"})");
  EXPECT_EQ(value(sample::floating(std::numeric_limits<double>::infinity())), R"({"float":"inf"})");
  EXPECT_EQ(value(sample::floating(-std::numeric_limits<double>::infinity())),
            R"({"float":"-inf"})");
}

TEST(ValuesJson, StringsOfEachCodeUnit) {
  EXPECT_EQ(value(sample::str("caf\xe9")), "\"caf\xc3\xa9\"");
  EXPECT_EQ(value(sample::str(std::string("\xac\x20\0\xd8\x41\0", 6), 2)),
            "\"\xe2\x82\xac\\ud800A\"");
  EXPECT_EQ(value(sample::str(std::string("\0\xf6\1\0", 4), 4)), "\"\xf0\x9f\x98\x80\"");
  EXPECT_EQ(value(sample::str(std::string("\0\0\x11\0", 4), 4)),
            R"("\ufffd")");  // past Unicode's end
  EXPECT_EQ(value(sample::str("")), R"("")");
}

TEST(ValuesJson, BytesAndContainers) {
  EXPECT_EQ(value(sample::bytes(std::string("a\0\xff\"", 4))), R"({"bytes":"a\u0000\u00ff\""})");
  EXPECT_EQ(value(sample::list({sample::str("cat"), sample::tuple({}), sample::integer(1)})),
            R"(["cat",[],1])");
}

TEST(ValuesJson, DocumentedNamesAndIndices) {
  const auto path = sample::str("/x");
  EXPECT_EQ(arguments("open", {path, sample::none(), sample::integer(0)}).args,
            R"({"path":"/x","mode":null,"flags":0})");
  EXPECT_EQ(arguments("no.such\"event", {path, path}).args, R"({"0":"/x","1":"/x"})");
  EXPECT_EQ(arguments("open", {path, path, path, path}).args,
            R"({"path":"/x","mode":"/x","flags":"/x","3":"/x"})");
  EXPECT_EQ(arguments("os.fork", {}).args, "{}");
}

TEST(ValuesJson, CutPartsAreNamed) {
  EXPECT_EQ(arguments("open", {sample::str("/x")}).cut, "");
  EXPECT_EQ(arguments("compile", {sample::str("x", 1, ASPIS_VALUE_CUT)}).cut, R"(["args.source"])");
  const auto list =
      sample::list({sample::str("a"), sample::bytes("b", ASPIS_VALUE_CUT)}, ASPIS_VALUE_CUT);
  EXPECT_EQ(arguments("subprocess.Popen", {sample::none(), list}).cut,
            R"(["args.args[1]","args.args"])");
  aspis_python_event raw{};
  raw.e = sample::head(ASPIS_PYTHON_AUDIT);
  raw.name_len = 1;
  raw.name_cut = 1;
  raw.args = 9;
  sample::Wire wire = sample::Wire(raw).tail("n");
  const Result<Event> event = decode(wire.bytes());
  EXPECT_EQ(arguments_json(*event->as<PythonPayload>()).cut, R"(["event","args"])");
}

TEST(ValuesJson, CausesAreBounded) {
  std::vector<std::string> many(20, sample::str("x"));
  const auto long_text = sample::str(std::string(4000, 'x'));
  const ArgumentsJson out = arguments(
      "subprocess.Popen", {long_text, sample::list(many), long_text, long_text}, kCauseLimits);
  EXPECT_LT(out.args.size() + out.cut.size(), 350U);
  const Json args = Json::parse(out.args);
  EXPECT_EQ(args["executable"], std::string(64, 'x'));
  EXPECT_EQ(args["args"].size(), 8U);
  EXPECT_EQ(Json::parse(out.cut), Json({"args.executable", "args.args", "args.cwd", "args.env"}));
  Cause cause;
  sample::Wire wire = sample::python_event("open", {long_text});
  const Result<Event> event = decode(wire.bytes());
  serialise_cause(*event->as<PythonPayload>(), cause);
  EXPECT_EQ(cause.args, R"({"path":")" + std::string(64, 'x') + "\"}");
  EXPECT_EQ(cause.cut, R"(["args.path"])");
}

}  // namespace
}  // namespace aspis
