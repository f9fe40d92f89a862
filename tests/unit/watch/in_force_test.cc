// SPDX-License-Identifier: Apache-2.0
// What the configuration names, as policies that require signed code want it.
#include "agent/watch/in_force.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "agent/signed/manifest_text.h"
#include "tests/unit/signed/scratch.h"
#include "tests/unit/signed/test_key.h"

namespace aspis {
namespace {

using testing::HasSubstr;

class SignedFiles : public test::Scratch {
 protected:
  void SetUp() override {
    manifest_.trees = {"/srv/app"};
    manifest_.files["/srv/app/a.py"].verity.fill(7);
    file("public.pem", test::kPublicPem);
    configure("manifest = " + path("manifest") + "\nkey = " + path("public.pem") + "\n");
    sign();
  }

  void sign() const {
    const auto key = read_private_key(file("key.pem", test::kPrivatePem));
    ASSERT_TRUE(key);
    trusted(file("manifest", sign_manifest(manifest_, *key)));
  }
  void configure(const std::string& text) const { trusted(file("hook.conf", text)); }
  static void trusted(const std::string& name) { ::chmod(name.c_str(), 0644); }

  [[nodiscard]] std::string wrong() const {
    const auto files = read_signed_files(path("hook.conf"));
    return files ? "" : files.error().text();
  }

  Manifest manifest_;
};

TEST_F(SignedFiles, AreThoseOfTheManifest) {
  const auto files = read_signed_files(path("hook.conf"));
  ASSERT_TRUE(files) << files.error().text();
  ASSERT_EQ(files->size(), 1U);
  EXPECT_EQ(files->front().path, "/srv/app/a.py");
  EXPECT_EQ(files->front().digest, manifest_.files["/srv/app/a.py"].verity);
}

TEST_F(SignedFiles, TakeAConfigurationThatNamesBoth) {
  configure("manifest = " + path("manifest") + "\n");
  EXPECT_THAT(wrong(), HasSubstr("hook.conf does not name both manifest and key"));
  configure("manifest\n");
  EXPECT_THAT(wrong(), HasSubstr("hook.conf:1: not KEY = VALUE"));
  std::filesystem::remove(path("hook.conf"));
  EXPECT_THAT(wrong(), HasSubstr("hook.conf cannot be read: No such file"));
}

TEST_F(SignedFiles, AreBelievedOnlyIfTheSignatureIsGood) {
  file("manifest", "aspis-manifest 1\n");
  EXPECT_THAT(wrong(), HasSubstr("manifest: no manifest, or without its signature"));
  sign();
  EXPECT_EQ(wrong(), "");
  ::chmod(path("manifest").c_str(), 0666);
  EXPECT_THAT(wrong(), HasSubstr("manifest may be written to by its group, or by others"));
  std::filesystem::remove(path("manifest"));
  EXPECT_THAT(wrong(), HasSubstr("manifest cannot be read"));
  file("public.pem", "no key");
  EXPECT_THAT(wrong(), HasSubstr("public.pem: "));
}

}  // namespace
}  // namespace aspis
