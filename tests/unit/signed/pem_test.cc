// SPDX-License-Identifier: Apache-2.0
#include "signed/pem.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/signed/test_key.h"

namespace aspis {
namespace {

std::string read_public(std::string text) {
  std::uint8_t key[ASPIS_PUBLIC_KEY_BYTES];
  const char* wrong = aspis_pem_public_key(text.data(), text.size(), key);
  return wrong == nullptr ? "" : wrong;
}

std::string read_private(std::string text) {
  std::uint8_t seed[ASPIS_SEED_BYTES];
  const char* wrong = aspis_pem_private_key(text.data(), text.size(), seed);
  return wrong == nullptr ? "" : wrong;
}

TEST(Pem, ReadsWhatOpensslWrites) {
  EXPECT_EQ(read_public(test::kPublicPem), "");
  EXPECT_EQ(read_private(test::kPrivatePem), "");
  EXPECT_EQ(read_public(std::string("a comment\n") + test::kPublicPem + "\n"), "");
}

TEST(Pem, SaysWhatItGotInstead) {
  EXPECT_NE(read_public(test::kPrivatePem).find("private key, where"), std::string::npos);
  EXPECT_NE(read_private(test::kPublicPem).find("public key, where"), std::string::npos);
  EXPECT_NE(read_private("-----BEGIN ENCRYPTED PRIVATE KEY-----\n").find("encrypted"),
            std::string::npos);
  // An X25519 key, which cannot sign, differs in one byte of its head.
  EXPECT_NE(read_public("-----BEGIN PUBLIC KEY-----\n"
                        "MCowBQYDK2VuAyEA8JNR3gLr3JdS9o1MziScubRb8BUDa3iC1jAb+lpytI4=\n"
                        "-----END PUBLIC KEY-----\n"),
            "");
  for (const char* text : {"", "-----BEGIN PUBLIC KEY-----", "no key",
                           "-----BEGIN PUBLIC KEY-----\n*\n-----END PUBLIC KEY-----\n"}) {
    EXPECT_NE(read_public(text), "") << text;
    EXPECT_NE(read_private(text), "") << text;
  }
}

}  // namespace
}  // namespace aspis
