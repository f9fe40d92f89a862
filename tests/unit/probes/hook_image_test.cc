// SPDX-License-Identifier: Apache-2.0
// The file of a policy, good and broken, and what is read out of it.
#include "probes/hook/image.h"

#include <gtest/gtest.h>

#include <cstring>

#include "probes/hook/rules.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis {
namespace {

constexpr char kProfile[] =
    "profile app /usr/bin/python3* python=(module=http.* script=/srv/*.py) {\n"
    "  /** rw,\n"
    "  /srv/@{ctx.user}/** r,\n"
    "  require signed /srv/**.py,\n"
    "}\n";

/// As `aspis policy export` writes it; kept at an address of words.
class HookImage : public testing::Test {
 protected:
  void SetUp() override {
    const policy::CompiledText compiled(kProfile);
    ASSERT_EQ(compiled.diagnostics.errors(), 0U) << compiled.messages();
    const policy::Image* laid = &compiled.image;
    aspis_image_head head{};
    std::memcpy(head.magic, ASPIS_IMAGE_MAGIC, sizeof(head.magic));
    head.version = ASPIS_IMAGE_VERSION;
    head.flags = ASPIS_IMAGE_SIGNED;
    head.bytes = static_cast<__u32>(laid->bytes.size());
    head.profile = static_cast<__u32>(
        reinterpret_cast<const std::byte*>(&policy::profile_of(*laid, 1)) - laid->bytes.data());
    head.profile_size = sizeof(aspis_profile);
    bytes_.resize(sizeof(head) + laid->bytes.size());
    std::memcpy(bytes_.data(), &head, sizeof(head));
    std::memcpy(bytes_.data() + sizeof(head), laid->bytes.data(), laid->bytes.size());
  }

  const char* read(std::size_t len) { return policy_image_read(&image_, bytes_.data(), len); }
  const char* read() { return read(bytes_.size()); }

  template <class T>
  void overwrite(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
  }

  std::vector<char> bytes_;
  policy_image image_{};
};

TEST_F(HookImage, SaysWhatTheProfileSays) {
  ASSERT_EQ(read(), nullptr);
  EXPECT_STREQ(image_.name, "app");
  EXPECT_TRUE(rules_require_signed(&image_, "/srv/a/b.py"));
  EXPECT_FALSE(rules_require_signed(&image_, "/srv/a/b.pyc"));
  EXPECT_FALSE(rules_require_signed(&image_, "/other/b.py"));
  EXPECT_TRUE(rules_allow_launch(&image_, "mhttp.server"));
  EXPECT_TRUE(rules_allow_launch(&image_, "s/srv/a.py"));
  EXPECT_FALSE(rules_allow_launch(&image_, "s/srv/a/b.py"));
  EXPECT_FALSE(rules_allow_launch(&image_, "c"));
  EXPECT_FALSE(rules_allow_launch(&image_, "i"));
  EXPECT_FALSE(rules_allow_launch(&image_, ""));
}

TEST_F(HookImage, IsReadWholeOrNotAtAll) {
  for (const std::size_t len : {std::size_t{0}, std::size_t{7}, sizeof(aspis_image_head) - 1,
                                sizeof(aspis_image_head), bytes_.size() - 1}) {
    EXPECT_NE(read(len), nullptr) << len;
  }
}

TEST_F(HookImage, IsOfThisVersionAndKeepsInside) {
  const std::vector<char> good = bytes_;
  const auto wrong = [&](std::size_t at, __u32 value) {
    bytes_ = good;
    overwrite(at, value);
    return read() != nullptr;
  };
  EXPECT_TRUE(wrong(0, 0));
  EXPECT_TRUE(wrong(offsetof(aspis_image_head, version), ASPIS_IMAGE_VERSION + 1));
  EXPECT_TRUE(wrong(offsetof(aspis_image_head, profile_size), sizeof(aspis_profile) + 8));
  EXPECT_TRUE(wrong(offsetof(aspis_image_head, bytes), 0xffffffff));
  for (const __u32 profile : {0U, 4U, 0x7ffffff8U, 0xfffffff8U,
                              static_cast<__u32>(good.size() - ASPIS_ARENA_SLACK - 40)}) {
    EXPECT_TRUE(wrong(offsetof(aspis_image_head, profile), profile)) << profile;
  }
}

/// Whatever stands in the image, nothing outside of it is read: for AddressSanitizer to say.
TEST_F(HookImage, NonsenseStaysInside) {
  const std::vector<char> good = bytes_;
  unsigned random = 1;
  for (int round = 0; round < 3000; round++) {
    bytes_ = good;
    for (int i = 0; i < 8; i++) {
      random = random * 1103515245 + 12345;
      const std::size_t at = sizeof(aspis_image_head) + random / 8 % (good.size() - 64);
      if (at < bytes_.size()) bytes_[at] = static_cast<char>(random >> 16);
    }
    if (read() != nullptr) continue;
    (void)rules_require_signed(&image_, "/srv/a/b.py");
    (void)rules_allow_launch(&image_, "s/srv/a.py");
  }
}

}  // namespace
}  // namespace aspis
