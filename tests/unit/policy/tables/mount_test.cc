// SPDX-License-Identifier: Apache-2.0
// Mount rules: which mounts a rule is about. Expected values are those of apparmor.d(5), "Mount
// Rules", and, where it is silent, of what AppArmor's parser makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/mount.h>

#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

struct Mount {
  std::string_view point, source, type;
  std::uint32_t flags = 0;
};

bool allows(const CompiledText& text, const Mount& mount) {
  std::string subject(mount.point);
  subject += '\0';
  subject += mount.source;
  subject += '\0';
  subject += mount.type;
  subject += '\0';
  for (int shift = 24; shift >= 0; shift -= 8) {
    subject += static_cast<char>(mount.flags >> shift & 0xff);
  }
  return class_permissions(text.image, 1, ASPIS_CLASS_MOUNT, subject).allow == ASPIS_MOUNT_MOUNT;
}

CompiledText rules(const std::string& text) {
  return CompiledText("profile x { " + text + " }");
}

TEST(MountRules, OptionsAreAllAndOnlyThese) {
  const auto text = rules("mount options=(ro, nosuid) fstype=tmpfs -> /mnt/,");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(allows(text, {"/mnt/", "none", "tmpfs", MS_RDONLY | MS_NOSUID}));
  EXPECT_FALSE(allows(text, {"/mnt/", "none", "tmpfs", MS_RDONLY}));
  EXPECT_FALSE(allows(text, {"/mnt/", "none", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV}));
  EXPECT_FALSE(allows(text, {"/mnt/", "none", "ext4", MS_RDONLY | MS_NOSUID}));
  EXPECT_FALSE(allows(text, {"/srv/", "none", "tmpfs", MS_RDONLY | MS_NOSUID}));
}

TEST(MountRules, OptionsInAreAnyOfThese) {
  const auto text = rules("mount options in (ro, nosuid) /dev/sd* -> /mnt/**,");
  EXPECT_TRUE(allows(text, {"/mnt/a/", "/dev/sda", "ext4", MS_RDONLY | MS_NOSUID}));
  EXPECT_TRUE(allows(text, {"/mnt/a/", "/dev/sda", "ext4", MS_NOSUID}));
  EXPECT_TRUE(allows(text, {"/mnt/a/", "/dev/sda", "ext4", 0}));
  EXPECT_FALSE(allows(text, {"/mnt/a/", "/dev/sda", "ext4", MS_NODEV}));
  EXPECT_FALSE(allows(text, {"/mnt/a/", "/dev/vda", "ext4", 0}));
}

TEST(MountRules, BothKindsOfOptions) {
  const auto text = rules("mount options=(nosuid) options in (ro, noexec) none -> /mnt/,");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(allows(text, {"/mnt/", "none", "tmpfs", MS_NOSUID}));
  EXPECT_TRUE(allows(text, {"/mnt/", "none", "tmpfs", MS_NOSUID | MS_NOEXEC}));
  EXPECT_FALSE(allows(text, {"/mnt/", "none", "tmpfs", MS_NOEXEC}));
}

TEST(MountRules, WithoutOptionsOfEveryKind) {
  const auto text = rules("mount,");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(allows(text, {"/mnt/", "none", "tmpfs", MS_NOSUID}));
  EXPECT_TRUE(allows(text, {"/mnt/", "/srv/", "", MS_BIND | MS_REC}));
  EXPECT_TRUE(allows(text, {"/mnt/", "", "", MS_REMOUNT | MS_RDONLY}));
  EXPECT_TRUE(allows(text, {"/mnt/", "", "", MS_SHARED | MS_REC}));
  EXPECT_TRUE(allows(text, {"/mnt/", "/srv/", "", MS_MOVE}));
}

TEST(MountRules, TypesRestrictToNewFileSystems) {
  const auto text = rules("mount fstype=(ext*, tmpfs),");
  EXPECT_TRUE(allows(text, {"/mnt/", "/dev/sda", "ext4", MS_NODEV}));
  EXPECT_TRUE(allows(text, {"/mnt/", "none", "tmpfs", 0}));
  EXPECT_FALSE(allows(text, {"/mnt/", "none", "proc", 0}));
  EXPECT_FALSE(allows(text, {"/mnt/", "/srv/", "", MS_BIND}));
  EXPECT_FALSE(allows(text, {"/mnt/", "", "", MS_REMOUNT}));
}

TEST(MountRules, Bind) {
  const auto text = rules("mount options=(rw, bind) /srv/** -> /mnt/,");
  EXPECT_TRUE(allows(text, {"/mnt/", "/srv/a/", "", MS_BIND}));
  EXPECT_FALSE(allows(text, {"/mnt/", "/srv/a/", "", MS_BIND | MS_REC}));
  EXPECT_FALSE(allows(text, {"/mnt/", "/etc/", "", MS_BIND}));
  EXPECT_THAT(text.messages(), testing::HasSubstr("symbolic links in it are not followed"));
}

TEST(MountRules, RemountIsAboutTheMountPoint) {
  const auto text = rules("remount options=(ro) /mnt/,");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(allows(text, {"/mnt/", "", "", MS_REMOUNT | MS_RDONLY}));
  EXPECT_FALSE(allows(text, {"/mnt/", "", "", MS_REMOUNT}));
  const auto any = rules("remount /mnt/,");
  EXPECT_TRUE(allows(any, {"/mnt/", "", "", MS_REMOUNT | MS_BIND | MS_RDONLY}));
  EXPECT_FALSE(allows(any, {"/mnt/", "", "", MS_RDONLY}));
  EXPECT_FALSE(allows(any, {"/srv/", "", "", MS_REMOUNT}));
}

TEST(MountRules, Propagation) {
  const auto text = rules("mount options=(make-rslave) -> /,");
  ASSERT_EQ(text.messages(), "");
  EXPECT_TRUE(allows(text, {"/", "", "", MS_SLAVE | MS_REC}));
  EXPECT_FALSE(allows(text, {"/", "", "", MS_SLAVE}));
  EXPECT_FALSE(allows(text, {"/", "", "", MS_PRIVATE | MS_REC}));
}

TEST(MountRules, UmountAndPivotRoot) {
  using namespace std::string_view_literals;
  const auto text = rules("umount /mnt/{,**}, pivot_root oldroot=/new/old/ /new/,");
  ASSERT_EQ(text.messages(), "");
  const auto allowed = [&](std::string_view subject) {
    return class_permissions(text.image, 1, ASPIS_CLASS_MOUNT, subject).allow;
  };
  EXPECT_EQ(allowed("/mnt/a/"), ASPIS_MOUNT_UMOUNT);
  EXPECT_EQ(allowed("/srv/"), 0);
  EXPECT_EQ(allowed("/new/\0/new/old/"sv), ASPIS_MOUNT_PIVOT_ROOT);
  EXPECT_EQ(allowed("/new/\0/old/"sv), 0);
  EXPECT_FALSE(allows(text, {"/mnt/", "", "", MS_REMOUNT}));
}

}  // namespace
}  // namespace aspis::policy
