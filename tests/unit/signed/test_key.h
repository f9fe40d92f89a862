// SPDX-License-Identifier: Apache-2.0
// A key for tests, made by openssl genpkey -algorithm ed25519.
#pragma once

namespace aspis::test {

inline constexpr char kPrivatePem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIGut/NdS7gdIaiaX0xZ1zKTAKkspUkeds51J9sgPc5zz\n"
    "-----END PRIVATE KEY-----\n";
inline constexpr char kPublicPem[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA8JNR3gLr3JdS9o1MziScubRb8BUDa3iC1jAb+lpytI4=\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace aspis::test
