// SPDX-License-Identifier: Apache-2.0
// Databases that are put together here, page by page; tests/vm/containers_guest.sh reads one of
// containerd's own.
#include "agent/container/bolt.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <random>
#include <vector>

namespace aspis {
namespace {

constexpr std::size_t kPage = 4096;

template <class... T>
std::string packed(T... numbers) {
  std::string bytes;
  (bytes.append(reinterpret_cast<const char*>(&numbers), sizeof(numbers)), ...);
  return bytes;
}

std::string head(std::uint64_t id, std::uint16_t flags, std::size_t count,
                 std::uint32_t overflow = 0) {
  return packed(id, flags, static_cast<std::uint16_t>(count), overflow);
}

struct Entry {
  std::string key, value;
  std::uint32_t flags = 0;  // 1: the value is a bucket
};

std::string leaf(std::uint64_t id, const std::vector<Entry>& entries, std::uint32_t overflow = 0) {
  std::string elements, data;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto& [key, value, flags] = entries[i];
    const auto position = static_cast<std::uint32_t>((entries.size() - i) * 16 + data.size());
    elements += packed(flags, position, static_cast<std::uint32_t>(key.size()),
                       static_cast<std::uint32_t>(value.size()));
    data += key + value;
  }
  return head(id, 2, entries.size(), overflow) + elements + data;
}

struct Child {
  std::string key;
  std::uint64_t page;
};

std::string branch(std::uint64_t id, const std::vector<Child>& children) {
  std::string elements, data;
  for (std::size_t i = 0; i < children.size(); ++i) {
    const auto position = static_cast<std::uint32_t>((children.size() - i) * 16 + data.size());
    elements +=
        packed(position, static_cast<std::uint32_t>(children[i].key.size()), children[i].page);
    data += children[i].key;
  }
  return head(id, 1, children.size()) + elements + data;
}

std::string bucket(std::uint64_t root) {
  return packed(root, std::uint64_t{0});
}
/// One that is small enough to be in its value.
Entry inlined(const std::string& name, const std::vector<Entry>& entries) {
  return {name, bucket(0) + leaf(0, entries), 1};
}

std::string meta(std::uint64_t transaction, std::uint64_t root, std::uint64_t pages) {
  std::string bytes =
      packed(std::uint32_t{0xED0CDAED}, std::uint32_t{2}, static_cast<std::uint32_t>(kPage),
             std::uint32_t{0}, root, std::uint64_t{0}, std::uint64_t{2}, pages, transaction);
  std::uint64_t sum = 14695981039346656037ULL;
  for (const char c : bytes) sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return head(transaction % 2, 4, 0) + bytes + packed(sum);
}

Entry container(const std::string& image) {
  return inlined("containers", {inlined("web", {{"createdat", "x"}, {"image", image}})});
}

class Bolt : public testing::Test {
 protected:
  void SetUp() override {
    put(0, meta(4, 8, 9));
    put(1, meta(5, 3, 9));
    put(3, leaf(3, {{"v1", bucket(4), 1}, {"version", "1"}}));
    put(4, branch(4, {{"default", 5}, {"m", 6}}));
    put(5, leaf(5, {inlined("default", {container("nginx:1")}), inlined("k8s.io", {})}));
    // Of a page and a half.
    put(6, leaf(6, {{"m", std::string(kPage, 'x')}, inlined("other", {container("nginx:2")})}, 1));
    put(8, leaf(8, {inlined("v1", {inlined("default", {container("old:1")})})}));
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  void put(std::size_t number, const std::string& page) {
    file_.resize(std::max(file_.size(), (number + 1) * kPage));
    file_.resize(std::max(file_.size(), number * kPage + page.size()));
    file_.replace(number * kPage, page.size(), page);
  }
  std::string image(std::string_view space, std::string_view id = "web",
                    std::string_view key = "image") {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << file_;
    const std::string_view buckets[] = {"v1", space, "containers", id};
    return bolt_value(path_, buckets, key).value_or("nothing");
  }
  std::string file_, path_ = testing::TempDir() + "aspis-bolt-" + std::to_string(::getpid());
};

TEST_F(Bolt, FindsValues) {
  EXPECT_EQ(image("default"), "nginx:1");
  EXPECT_EQ(image("other"), "nginx:2");
  EXPECT_EQ(image("default", "web", "createdat"), "x");
  EXPECT_EQ(image("k8s.io"), "nothing");
  EXPECT_EQ(image("aaa"), "nothing");
  EXPECT_EQ(image("zzz"), "nothing");
  EXPECT_EQ(image("m"), "nothing") << "no bucket";
  EXPECT_EQ(image("default", "we"), "nothing");
  EXPECT_EQ(image("default", "web", "imag"), "nothing");
  const std::string_view buckets[] = {"v1", "default"};
  EXPECT_FALSE(bolt_value(path_, buckets, "containers")) << "a bucket is no value";
  EXPECT_FALSE(bolt_value(path_ + ".nosuch", buckets, "image"));
}

TEST_F(Bolt, TakesTheNewerMetaThatIsWhole) {
  put(0, meta(6, 8, 9));
  EXPECT_EQ(image("default"), "old:1");
  file_[16 + 20] ^= 1;
  EXPECT_EQ(image("default"), "nginx:1") << "the first is damaged";
  file_[kPage + 16 + 20] ^= 1;
  EXPECT_EQ(image("default"), "nothing") << "and the second";
}

TEST_F(Bolt, TrustsNothing) {
  put(4, branch(4, {{"default", 4}}));
  EXPECT_EQ(image("default"), "nothing") << "a page that leads to itself";
  put(4, branch(4, {{"default", 1000}}));
  EXPECT_EQ(image("default"), "nothing");
  SetUp();
  const std::string good = file_;
  std::mt19937 random(3);
  for (int i = 0; i < 500; ++i) {
    file_ = good;
    for (int n = 0; n < 8; ++n) {
      // Where there is something.
      const std::size_t page = std::size_t{3} + random() % 6;
      file_[page * kPage + random() % 200] = static_cast<char>(random());
    }
    if (random() % 8 == 0) file_.resize(random() % file_.size());
    image("default");
    image("other");
  }
}

}  // namespace
}  // namespace aspis
