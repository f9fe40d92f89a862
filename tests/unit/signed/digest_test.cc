// SPDX-License-Identifier: Apache-2.0
// What sha256sum(1) and `fsverity digest` say of the same bytes.
#include "agent/signed/digest.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/unit/signed/scratch.h"

namespace aspis {
namespace {

using testing::HasSubstr;

class DigestFile : public test::Scratch {};

struct Expected {
  std::size_t size;
  const char* sha256;
  const char* verity;
};

// Bytes 0, 1, …, 250, 0, …; around the edges of a block, of a level of the tree (128 blocks), and
// with three levels.
constexpr Expected kExpected[] = {
    {0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
     "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95"},
    {1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
     "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"},
    {4096, "d67c656e01756650d77717b0839985a056ec28ffe174601d690fc407a2ceffca",
     "13e9b8848ae484a36acb3f3cac0ceb2f7601e96633d15c92f9bd3dd44e492157"},
    {4097, "a16560d668b843fb3be99ace41dbd18471f342bd3255a1d21204b35e43f74436",
     "b0d074abef4d544404facfab6ba242f6a8ccbde90f1325cd286f3c8aa8d0f8aa"},
    {524288, "61d1d9c5745bdaa4fab39240651bc242a5186b15393fd475082fcf6e84f400ab",
     "d82861203d50ae9b60948504a704f35f5118bd229aeb1a22d6dae47b1767c4c4"},
    {524289, "5584f83643017fcea9b7d65d3d3f890b5219eb1abfcb8896a2d4ef554d4612ec",
     "4dc6905041c9c4ee73e13b53f63f5d289c46da359b664a965ead7f8cc4d799d4"},
    {70000000, "20d3a4d133e405b423176c40ada4dcae8dc342491567a175d8c1e6b22896a1ea",
     "a2d12f099406b506c1a3fa76f16ce203f6251d4b90b94a98c9a557fa2f1af0d8"},
};

TEST_F(DigestFile, IsWhatOthersSay) {
  for (const auto& [size, sha256, verity] : kExpected) {
    std::string bytes(size, 0);
    for (std::size_t i = 0; i < size; i++) bytes[i] = static_cast<char>(i % 251);
    const auto digest = digest_file(file("bytes", bytes));
    ASSERT_TRUE(digest) << digest.error().text();
    EXPECT_EQ(digest->size, size);
    EXPECT_EQ(hex(digest->sha256), sha256) << size;
    EXPECT_EQ(hex(digest->verity), verity) << size;
  }
}

TEST_F(DigestFile, SaysWhatIsNoFileToHash) {
  const std::string real = file("real.py");
  ASSERT_EQ(::symlink(real.c_str(), path("link.py").c_str()), 0);
  ASSERT_EQ(::mkfifo(path("fifo.py").c_str(), 0600), 0);
  EXPECT_THAT(digest_file(path("link.py")).error().text(), HasSubstr("symbolic link"));
  EXPECT_THAT(digest_file(path("fifo.py")).error().text(), HasSubstr("not a regular file"));
  EXPECT_THAT(digest_file(directory_).error().text(), HasSubstr("not a regular file"));
  EXPECT_EQ(digest_file(path("none")).error().code, ENOENT);
}

TEST_F(DigestFile, SaysThatTheFileChangesMeanwhile) {
  const std::string log = file("log.py", std::string(std::size_t{64} << 20, 'x'));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    while (!done) {
      std::ofstream(log, std::ios::app) << "x" << std::flush;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const auto digest = digest_file(log);
  done = true;
  writer.join();
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().text(), "changed while it was read");
}

}  // namespace
}  // namespace aspis
