// SPDX-License-Identifier: Apache-2.0
#include "agent/signed/code_files.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/signed/scratch.h"

namespace aspis {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

class FindCode : public test::Scratch {};

TEST(IsCodeName, KnowsWhatPythonLoads) {
  for (const char* name : {"a.py", "a.pyc", "a.pth", "a.so", "a.cpython-311-x86_64-linux-gnu.so",
                           "libopenblas.so.0", "lib.so.1.2", "a.so.1.so.2", "5.so.1", "x.so.."}) {
    EXPECT_TRUE(is_code_name(name)) << name;
  }
  for (const char* name : {"", "a", ".py", ".so.1", "a.pyo", "a.py.bak", "a.so.", "a.so.bak",
                           "a.so1", "a.so5.1", "a.so.1a", "so.1", "1.2.3.4.5.6.7.8.9", "a.txt"}) {
    EXPECT_FALSE(is_code_name(name)) << name;
  }
  const std::string digits(240, '1');
  EXPECT_TRUE(is_code_name("a.so." + digits));
  EXPECT_FALSE(is_code_name("a.s." + digits));
  EXPECT_TRUE(is_code_name(std::string(252, '.') + ".py"));
  EXPECT_FALSE(is_code_name(std::string(255, '1')));
}

TEST_F(FindCode, SortsByBytesAndTakesEachOnce) {
  file("t/b.py");
  file("t/B.py");
  file("t/a/c.so");
  file("t/a.py");
  file("t/data.txt");
  const auto found = find_code({path("t/../t/"), path("t/a"), path("t/data.txt")});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->trees, ElementsAre(path("t"), path("t/a"), path("t/data.txt")));
  EXPECT_THAT(found->files, ElementsAre(path("t/B.py"), path("t/a.py"), path("t/a/c.so"),
                                        path("t/b.py"), path("t/data.txt")));
  EXPECT_THAT(found->problems, IsEmpty());
}

TEST_F(FindCode, DoesNotFollowLinksAndTellsOfWhatIsNoFile) {
  file("else/x.py");
  file("t/a.py");
  ASSERT_EQ(::symlink("a.py", path("t/link.py").c_str()), 0);
  ASSERT_EQ(::symlink("a.py", path("t/link.txt").c_str()), 0);
  ASSERT_EQ(::symlink("../else", path("t/directory").c_str()), 0);
  ASSERT_EQ(::mkfifo(path("t/fifo.py").c_str(), 0600), 0);
  const auto found = find_code({path("t")});
  ASSERT_TRUE(found);
  EXPECT_THAT(found->files, ElementsAre(path("t/a.py")));
  EXPECT_THAT(found->left_out,
              testing::UnorderedElementsAre(Field(&Finding::path, path("t/link.py")),
                                            Field(&Finding::path, path("t/directory"))));
  EXPECT_THAT(found->problems, ElementsAre(Field(&Finding::path, path("t/fifo.py"))));
}

TEST_F(FindCode, FailsWithoutTheTree) {
  EXPECT_FALSE(find_code({path("none")}));
}

}  // namespace
}  // namespace aspis
