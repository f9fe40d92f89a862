// SPDX-License-Identifier: Apache-2.0
// Which classes a profile mediates.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/tables/abi.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

constexpr unsigned kAlways = 1U << ASPIS_CLASS_FILE | 1U << ASPIS_CLASS_CAPABILITY |
                             1U << ASPIS_CLASS_RLIMIT | 1U << ASPIS_CLASS_CHANGE_PROFILE;
// Unix sockets, which have no class of their own then, are a family of networks.
constexpr unsigned kNetwork = 1U << ASPIS_CLASS_NETWORK | 1U << ASPIS_CLASS_UNIX;
constexpr unsigned kPinned = kAlways | kNetwork | 1U << ASPIS_CLASS_MOUNT |
                             1U << ASPIS_CLASS_PTRACE | 1U << ASPIS_CLASS_SIGNAL;

/// A feature file with this text, for as long as it lives.
class AbiFile {
 public:
  explicit AbiFile(const std::string& text) {
    close(mkstemp(path_));
    std::ofstream(path_) << text;
  }
  ~AbiFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::string rule() const { return "abi \"" + std::string(path_) + "\",\n"; }

 private:
  char path_[32] = "/tmp/aspis-abi-XXXXXX";
};

unsigned mediated(const CompiledText& text) {
  return text.policy.profiles.empty() ? 0 : text.policy.profiles[0].mediated;
}

TEST(Abi, FeaturesAreATree) {
  const Features features("mount {mask {mount umount\n}\n}\nipc {posix_mqueue {read}}\ncaps {}");
  EXPECT_TRUE(features.valid());
  for (const char* path :
       {"mount", "mount/mask", "mount/mask/umount", "ipc/posix_mqueue", "caps"}) {
    EXPECT_TRUE(features.has(path)) << path;
  }
  for (const char* path : {"mask", "umount", "ipc/read", "mount/umount", ""}) {
    EXPECT_FALSE(features.has(path)) << path;
  }
  for (const char* broken : {"", "a {", "a }", "{}", "a {b {c}"}) {
    EXPECT_FALSE(Features(broken).valid()) << broken;
  }
}

TEST(Abi, ClassesAreThoseOfTheFile) {
  const AbiFile file(
      "network_v8 {af_mask {inet}}\nnamespaces {mask {userns_create}\nprofile {yes}}\n");
  const CompiledText text(file.rule() + "/bin/x { }");
  EXPECT_EQ(text.messages(), "");
  EXPECT_EQ(mediated(text), kAlways | kNetwork | 1U << ASPIS_CLASS_USERNS);
}

TEST(Abi, ARuleOfAMissingClassIsNotEnforcedAndSaysSo) {
  const AbiFile file("signal {mask {hup}}\nnamespaces {pivot_root {no}}");
  const CompiledText text(file.rule() + "/bin/x {\n  signal,\n  userns,\n}");
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:4:3: warning: This rule is not enforced"));
  EXPECT_EQ(text.diagnostics.all().size(), 1U);
  EXPECT_EQ(mediated(text), kAlways | 1U << ASPIS_CLASS_SIGNAL);
}

TEST(Abi, TheKernelsIsEverything) {
  const CompiledText text("abi <kernel>,\n/bin/x { }");
  EXPECT_EQ(text.messages(), "");
  EXPECT_EQ(mediated(text), (1U << ASPIS_CLASS_PYTHON) - 1);
}

TEST(Abi, WithoutOneRulesAddTheirClass) {
  EXPECT_EQ(mediated(CompiledText("/bin/x { }")), kPinned);
  EXPECT_EQ(mediated(CompiledText("/bin/x { userns, }")), kPinned | 1U << ASPIS_CLASS_USERNS);
  EXPECT_EQ(mediated(CompiledText("/bin/x { dbus, }")), kPinned);
  EXPECT_EQ(mediated(CompiledText("/bin/x { all, }")), (1U << ASPIS_CLASS_PYTHON) - 1);
}

TEST(Abi, TheFirstOneIsThatOfThePolicy) {
  const AbiFile file("signal {mask {hup}}");
  const CompiledText text(file.rule() + "abi <kernel>,\n/bin/x { }");
  EXPECT_THAT(text.messages(), testing::HasSubstr("test:2:5: warning: This abi is ignored"));
  EXPECT_EQ(mediated(text), kAlways | 1U << ASPIS_CLASS_SIGNAL);
}

TEST(Abi, AFileThatIsNoFeaturesIsAnError) {
  const AbiFile file("signal {");
  EXPECT_THAT(CompiledText(file.rule() + "/bin/x { }").messages(),
              testing::HasSubstr("is no list of features"));
}

}  // namespace
}  // namespace aspis::policy
