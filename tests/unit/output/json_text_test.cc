// SPDX-License-Identifier: Apache-2.0
#include "agent/output/json_text.h"

#include <gtest/gtest.h>

#include <random>

#include "agent/event/utf8.h"
#include "tests/unit/output/lines.h"

namespace aspis {
namespace {

std::string json_string(std::string_view bytes) {
  std::string out;
  append_json_string(out, bytes);
  return out;
}

TEST(JsonString, Escapes) {
  EXPECT_EQ(json_string("plain /etc/passwd"), R"("plain /etc/passwd")");
  EXPECT_EQ(json_string("a\"b\\c\n\r\t"), R"("a\"b\\c\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x1b\x7f", 3)), R"("\u0000\u001b\u007f")");
  EXPECT_EQ(json_string("\xc2\x9b[31m"), R"("\u009b[31m")");  // C1 CSI
  EXPECT_EQ(json_string("\xe2\x80\xae"
                        "gpj"),
            R"("\u202egpj")");                                      // right-to-left override
  EXPECT_EQ(json_string("\xf3\xa0\x81\x81"), R"("\udb40\udc41")");  // a tag character
  EXPECT_EQ(json_string("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"),
            "\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"");
}

TEST(JsonString, BytesThatAreNotUtf8) {
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            R"("a\udcffb")");
  EXPECT_EQ(json_string("\xe2\x82"), R"("\udce2\udc82")");
  EXPECT_EQ(json_string("\xed\xa0\x80"),
            R"("\udced\udca0\udc80")");  // an encoded surrogate is not UTF-8
}

TEST(JsonString, AnyBytesAreValidJsonOnOneLine) {
  std::mt19937 random(11);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    const std::string text = json_string(bytes);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    EXPECT_NO_THROW((void)parse(text)) << text;
  }
}

TEST(JsonString, Utf8ComesBackAsItWas) {
  std::mt19937 random(12);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (unsigned n = random() % 20; n > 0; --n) {
      const char32_t c = random() % 0x110000;
      if (c < 0xd800 || c > 0xdfff) append_utf8(text, c);
    }
    EXPECT_EQ(Json::parse(json_string(text)).get<std::string>(), text);
  }
}

TEST(JsonWriter, CommasStandBetweenMembers) {
  std::string out = "before\n";
  JsonWriter json(out);
  json.open();
  json.open("empty");
  json.close();
  json.open_list("list");
  json.text({}, "a{");
  json.text({}, "b");
  json.open();
  json.flag("no", false);
  json.flag("yes", true);
  json.number("n", UINT64_MAX);
  json.close();
  json.close_list();
  json.raw("raw", "[1]");
  json.close();
  EXPECT_EQ(out,
            "before\n"
            R"({"empty":{},"list":["a{","b",{"yes":true,"n":18446744073709551615}],"raw":[1]})");
}

}  // namespace
}  // namespace aspis
