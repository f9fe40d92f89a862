// SPDX-License-Identifier: Apache-2.0
#include "signed/manifest.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "agent/signed/manifest_text.h"
#include "signed/pem.h"
#include "tests/unit/signed/test_key.h"

namespace aspis {
namespace {

using testing::HasSubstr;

constexpr char kBody[] =
    "aspis-manifest 1\n"
    "tree /a\n"
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 "
    "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95 /a/\\x0a.py\n";
// openssl pkeyutl -sign -inkey KEY -rawin -in BODY
constexpr char kSignature[] =
    "0abca8913c2394a40a5ed23a5b3998391d67043b42b066da0282552be3a6f0e2d2122ae542262746f69760fe4eca8a"
    "a94da406f20fefbfe0930e5288a83c0a08";

PrivateKey private_key() {
  PrivateKey key;
  aspis_pem_private_key(test::kPrivatePem, sizeof(test::kPrivatePem) - 1, key.seed.data());
  return key;
}

PublicKey public_key() {
  PublicKey key;
  aspis_pem_public_key(test::kPublicPem, sizeof(test::kPublicPem) - 1, key.data());
  return key;
}

/// A manifest with these lines behind the head, whose signature is good.
std::string with_lines(const std::string& lines) {
  const std::string body = ASPIS_MANIFEST_HEAD + lines;
  std::uint8_t signature[ASPIS_SIGNATURE_BYTES];
  aspis_manifest_sign(body.data(), body.size(), private_key().seed.data(), signature);
  std::string text = body + "signature ";
  for (const std::uint8_t byte : signature) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text + "\n";
}

std::string wrong_with(const std::string& text) {
  const auto manifest = read_manifest(text, public_key());
  return manifest ? "" : manifest.error().message;
}

Digest digest_of_nothing() {
  Digest digest;
  const std::string sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::string verity = "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95";
  for (std::size_t i = 0; i < digest.sha256.size(); i++) {
    digest.sha256[i] = static_cast<std::uint8_t>(std::stoul(sha256.substr(2 * i, 2), nullptr, 16));
    digest.verity[i] = static_cast<std::uint8_t>(std::stoul(verity.substr(2 * i, 2), nullptr, 16));
  }
  return digest;
}

TEST(Manifest, IsSignedAsOpensslWould) {
  Manifest manifest;
  manifest.trees = {"/a"};
  manifest.files.emplace("/a/\n.py", digest_of_nothing());
  EXPECT_EQ(sign_manifest(manifest, private_key()),
            std::string(kBody) + "signature " + kSignature + "\n");
}

TEST(Manifest, ComesBackAsItWas) {
  Manifest manifest;
  manifest.trees = {"/a", "/b\xff"};
  for (const char* path : {"/a/1.py", "/a/\x01.py", "/b\xff/\xff.so", "/b\xff/z.so"}) {
    Digest digest = digest_of_nothing();
    digest.size = manifest.files.size() * 1000000007;
    manifest.files.emplace(path, digest);
  }
  const auto read = read_manifest(sign_manifest(manifest, private_key()), public_key());
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->trees, manifest.trees);
  EXPECT_EQ(read->files, manifest.files);
}

TEST(Manifest, FindsEachFileAndNoOther) {
  const std::string text = std::string(kBody) + "signature " + kSignature + "\n";
  aspis_manifest manifest;
  std::size_t line = 0;
  ASSERT_EQ(aspis_manifest_read(&manifest, text.data(), text.size(), public_key().data(), &line),
            nullptr);
  EXPECT_NE(aspis_manifest_find(&manifest, "/a/\n.py", 7), nullptr);
  EXPECT_EQ(aspis_manifest_find(&manifest, "/a/\n.p", 6), nullptr);
  EXPECT_EQ(aspis_manifest_find(&manifest, "/a/\n.pyc", 8), nullptr);
  EXPECT_EQ(aspis_manifest_find(&manifest, "", 0), nullptr);
  aspis_manifest_free(&manifest);
}

TEST(Manifest, AnyChangedByteIsFound) {
  const std::string good = std::string(kBody) + "signature " + kSignature + "\n";
  ASSERT_EQ(wrong_with(good), "");
  for (std::size_t i = 0; i < good.size(); i++) {
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(wrong_with(changed), "") << "byte " << i;
  }
  for (std::size_t bytes = 0; bytes < good.size(); bytes++) {
    EXPECT_NE(wrong_with(good.substr(0, bytes)), "") << bytes << " bytes";
  }
  EXPECT_NE(wrong_with(good + "\n"), "");
  EXPECT_THAT(wrong_with(good + good), HasSubstr("signature is not good"));
}

TEST(Manifest, AnotherKeyIsNotTheKey) {
  PublicKey key = public_key();
  key[0] ^= 1;
  const auto read = read_manifest(std::string(kBody) + "signature " + kSignature + "\n", key);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("signature is not good"));
}

TEST(Manifest, SaysWhichSignedLineIsWrong) {
  const std::string hash(64, '0');
  const auto line = [&](const std::string& path) {
    return hash + " 1 " + hash + " " + path + "\n";
  };
  EXPECT_EQ(wrong_with(with_lines(line("/a") + line("/b"))), "");
  EXPECT_EQ(wrong_with(with_lines(line("/b") + line("/a"))), "line 3: not sorted");
  EXPECT_EQ(wrong_with(with_lines(line("/a") + line("/a"))), "line 3: not sorted");
  EXPECT_EQ(wrong_with(with_lines("tree /b\ntree /a\n")), "line 3: not sorted");
  EXPECT_EQ(wrong_with(with_lines(line("/a") + "tree /a\n")), "line 3: a tree below the files");
  EXPECT_EQ(wrong_with(with_lines("tree a\n")), "line 2: no absolute path");
  EXPECT_EQ(wrong_with(with_lines(line("/a\\x00"))), "line 2: no absolute path");
  EXPECT_EQ(wrong_with(with_lines(line(""))), "line 2: not SHA256 SIZE VERITY PATH");
  for (const std::string& text :
       {std::string("\n"), std::string("more /a\n"), hash + "  " + hash + " /a\n",
        hash + " 01 " + hash + " /a\n", hash + " -1 " + hash + " /a\n",
        hash + " 99999999999999999999 " + hash + " /a\n",
        "A" + hash.substr(1) + " 1 " + hash + " /a\n", hash + " 1 " + hash.substr(1) + " /abc\n"}) {
    EXPECT_EQ(wrong_with(with_lines(text)), "line 2: not SHA256 SIZE VERITY PATH") << text;
  }
}

}  // namespace
}  // namespace aspis
