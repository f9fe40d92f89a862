// SPDX-License-Identifier: Apache-2.0
// Packages of a profile: which classes they restrict, and to what.
#include <gtest/gtest.h>

#include <string>

#include "bpf/abi/subject.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

struct Package : CompiledText {
  explicit Package(const std::string& rules)
      : CompiledText("abi <kernel>,\nprofile x { package Some.Name { " + rules + " } }") {}

  [[nodiscard]] const aspis_profile& laid() const {
    return package_of(image, profile_of(image, 1), 1);
  }
  [[nodiscard]] unsigned mediated() const { return laid().mediated; }
  [[nodiscard]] unsigned file(std::string_view path) const {
    return file_permissions(image, laid(), path, {}).allow;
  }
  [[nodiscard]] unsigned allowed(aspis_class kind, std::string_view subject) const {
    return class_permissions(image, laid(), kind, subject).allow;
  }
};

constexpr unsigned bit(aspis_class kind) {
  return 1U << kind;
}

/// A stream socket of a family, without addresses.
std::string socket_of(unsigned family) {
  return {static_cast<char>(family), 1, 0, 0, 0, 0, 0, 0, 0, 0};
}

const std::string kUnixStream{1, ASPIS_END_NONE, ASPIS_END_NONE};

TEST(Packages, AClassWithAllowRulesIsRestrictedToThem) {
  const Package text("/etc/ssl/** r, deny /etc/ssl/private r,");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.mediated(), bit(ASPIS_CLASS_FILE));
  EXPECT_EQ(text.file("/etc/ssl/certs"), ASPIS_MAY_READ);
  EXPECT_EQ(text.file("/etc/ssl/private"), 0U);
  EXPECT_EQ(text.file("/etc/passwd"), 0U);
}

TEST(Packages, AClassWithDenyRulesAloneLosesThose) {
  const Package text("deny /** x, deny network, deny capability chown,");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.mediated(), bit(ASPIS_CLASS_FILE) | bit(ASPIS_CLASS_NETWORK) |
                                 bit(ASPIS_CLASS_UNIX) | bit(ASPIS_CLASS_CAPABILITY));
  EXPECT_EQ(text.file("/bin/sh"), unsigned{ASPIS_MAY_ALL_FILE & ~ASPIS_MAY_EXEC & ~ASPIS_MAY_LINK});
  EXPECT_EQ(text.allowed(ASPIS_CLASS_NETWORK, socket_of(2)), 0U);
  EXPECT_EQ(text.allowed(ASPIS_CLASS_UNIX, kUnixStream), 0U);
  EXPECT_EQ(text.laid().capability_allow, ~std::uint64_t{1});
  EXPECT_EQ(text.laid().capability_deny, 1U);
}

TEST(Packages, WithoutRulesNothingIsRestricted) {
  const Package text("");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.mediated(), 0U);
}

TEST(Packages, NetworkSpeaksOfUnixSocketsUnlessTheyHaveRules) {
  const Package inet("network inet stream,");
  EXPECT_NE(inet.allowed(ASPIS_CLASS_NETWORK, socket_of(2)) & ASPIS_SOCKET_CREATE, 0U);
  EXPECT_EQ(inet.allowed(ASPIS_CLASS_NETWORK, socket_of(16)), 0U);
  EXPECT_EQ(inet.mediated() & bit(ASPIS_CLASS_UNIX), bit(ASPIS_CLASS_UNIX));
  EXPECT_EQ(inet.allowed(ASPIS_CLASS_UNIX, kUnixStream), 0U);
  const Package both("deny network inet6, unix type=dgram,");
  EXPECT_EQ(both.allowed(ASPIS_CLASS_UNIX, kUnixStream), 0U) << "unix is restricted to dgram";
  EXPECT_NE(both.allowed(ASPIS_CLASS_NETWORK, socket_of(2)), 0U);
  EXPECT_EQ(both.allowed(ASPIS_CLASS_NETWORK, socket_of(10)), 0U);
}

TEST(Packages, ExecHasNoMode) {
  const Package text("/usr/bin/* ix, /usr/bin/a x, file,");
  ASSERT_EQ(text.diagnostics.errors(), 0U) << text.messages();
  EXPECT_NE(text.file("/usr/bin/a") & ASPIS_MAY_EXEC, 0U);
  EXPECT_EQ(file_permissions(text.image, text.laid(), "/usr/bin/b", {}).exec, 0);
}

TEST(Packages, EventsMayBeDenied) {
  const Package text("deny python os.system,");
  ASSERT_EQ(text.diagnostics.errors(), 0U);
  EXPECT_EQ(text.mediated(), bit(ASPIS_CLASS_PYTHON));
  EXPECT_EQ(text.allowed(ASPIS_CLASS_PYTHON, std::string("os.system\0ls\0", 13)), 0U);
  EXPECT_EQ(text.allowed(ASPIS_CLASS_PYTHON, std::string("os.fork\0", 8)),
            unsigned{ASPIS_PYTHON_RAISE});
}

TEST(Packages, AreFoundByTheirNames) {
  const CompiledText text(
      "profile x flags=(complain) { package Some.Name { /a r, } package b { /b r, } } profile y { "
      "}");
  const aspis_profile& profile = profile_of(text.image, 1);
  EXPECT_EQ(package_number(text.image, profile, "some-name"), 1U);
  EXPECT_EQ(package_number(text.image, profile, "b"), 2U);
  EXPECT_EQ(package_number(text.image, profile, "x"), 0U);
  EXPECT_EQ(package_number(text.image, profile_of(text.image, 2), "b"), 0U);
  const aspis_profile& second = package_of(text.image, profile, 2);
  EXPECT_EQ(second.id, 1);
  EXPECT_EQ(second.mode, ASPIS_MODE_COMPLAIN);
  EXPECT_EQ(file_permissions(text.image, second, "/b", {}).allow, ASPIS_MAY_READ);
  EXPECT_EQ(text.image.names.size(), 3U) << "a package is no profile";
}

TEST(Packages, AtMost64) {
  std::string rules;
  for (int i = 0; i < 65; i++) rules += "package p" + std::to_string(i) + " { }\n";
  EXPECT_EQ(CompiledText("profile x { " + rules + " }").diagnostics.errors(), 1U);
}

}  // namespace
}  // namespace aspis::policy
