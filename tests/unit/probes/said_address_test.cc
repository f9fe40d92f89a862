// SPDX-License-Identifier: Apache-2.0
#include "probes/cpython/said_address.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace aspis::cpython {
namespace {

constexpr std::uint8_t kLoopback[16] = {127, 0, 0, 1};
constexpr std::uint8_t kLoopback6[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
constexpr std::uint8_t kMapped[16] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1};

DoneAddress inet(std::uint16_t port) {
  return {AF_INET, port, kLoopback, {}};
}

TEST(SameAddress, ComparesPortAndNumericHost) {
  EXPECT_TRUE(same_address({"127.0.0.1", 80, false}, inet(80)));
  EXPECT_FALSE(same_address({"127.0.0.1", 80, false}, inet(81)));
  EXPECT_FALSE(same_address({"127.0.0.2", 80, false}, inet(80)));
  EXPECT_TRUE(same_address({"::1", 80, false}, {AF_INET6, 80, kLoopback6, {}}));
  EXPECT_FALSE(same_address({"::2", 80, false}, {AF_INET6, 80, kLoopback6, {}}));
  EXPECT_TRUE(same_address({"127.0.0.1", 80, false}, {AF_INET6, 80, kMapped, {}}));
  EXPECT_FALSE(same_address({"::1", 80, false}, inet(80)));
}

TEST(SameAddress, TakesANameForAnyHost) {
  EXPECT_TRUE(same_address({"localhost", 80, false}, inet(80)));
  EXPECT_TRUE(same_address({"", 80, false}, inet(80)));
  EXPECT_FALSE(same_address({"localhost", 443, false}, inet(80)));
  EXPECT_TRUE(same_address({"127.0.0.", 80, true}, inet(80)));  // cut
}

TEST(SameAddress, ComparesUnixPathsAsWritten) {
  EXPECT_TRUE(same_address({"/run/x", -1, false}, {AF_UNIX, 0, nullptr, "/run/x"}));
  EXPECT_FALSE(same_address({"/run/x", -1, false}, {AF_UNIX, 0, nullptr, "/run/y"}));
  EXPECT_TRUE(same_address({std::string("\0a", 2), -1, false},
                           {AF_UNIX, 0, nullptr, std::string_view("\0a", 2)}));
  EXPECT_TRUE(same_address({"/ru", -1, true}, {AF_UNIX, 0, nullptr, "/run/x"}));
  EXPECT_FALSE(same_address({"localhost", 80, false}, {AF_UNIX, 0, nullptr, "localhost"}));
}

TEST(SameAddress, LeavesOtherFamiliesAlone) {
  EXPECT_TRUE(same_address({"", 7, false}, {AF_NETLINK, 0, nullptr, {}}));
}

TEST(AddressText, IsForPeople) {
  EXPECT_EQ(address_text({"localhost", 80, false}), "localhost:80");
  EXPECT_EQ(address_text({"::1", 80, false}), "[::1]:80");
  EXPECT_EQ(address_text({"/run/x", -1, false}), "/run/x");
}

}  // namespace
}  // namespace aspis::cpython
