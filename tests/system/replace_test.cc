// SPDX-License-Identifier: Apache-2.0
// A policy is replaced all at once: a confined process that never stops asking gets, whatever is
// published in the meantime, what both policies say. In guests only. ASPIS_REPLACEMENTS: how often.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "agent/kernel/observer.h"
#include "agent/kernel/pidfd.h"
#include "policy/language/parser.h"
#include "policy/tables/compile.h"
#include "tests/system/aspis_run.h"

namespace aspis::test {
namespace {

/// Both allow everything but the secret; what else they say makes tables of different sizes and
/// byte classes, so that a state of one means nothing in the other.
policy::CompiledPolicy compiled(const std::string& directory, int rules, char first) {
  std::ostringstream text;
  for (int i = 0; i < 3; i++) text << "profile before" << first << i << " { /x" << i << " r, }\n";
  text << "profile app {\n  /** rmix,\n  deny " << directory << "/secret r,\n";
  for (int i = 0; i < rules; i++)
    text << "  audit /" << first << i << "/*" << static_cast<char>(first + i % 7) << "/** w,\n";
  text << "}\n";
  policy::Sources sources;
  policy::Diagnostics diagnostics;
  const auto file = sources.add("test", text.str());
  const auto tree = policy::parse(sources, file, {}, diagnostics);
  auto found = policy::compile(tree, diagnostics);
  EXPECT_EQ(diagnostics.errors(), 0U);
  return found;
}

TEST(Replacement, NoOperationSeesHalfOfTwoPolicies) {
  if (std::getenv("ASPIS_VM_BACKEND") == nullptr)
    GTEST_SKIP() << "confines processes: in guests only";
  const char* wanted = std::getenv("ASPIS_REPLACEMENTS");
  const long replacements = wanted == nullptr ? 500 : std::atol(wanted);
  const TemporaryDirectory directory;
  std::ofstream(directory.path("open")) << "x";
  std::ofstream(directory.path("secret")) << "x";
  const policy::CompiledPolicy policies[] = {compiled(directory.path(), 3, 'a'),
                                             compiled(directory.path(), 60, 'k')};
  ObserverOptions options;
  options.arena_bytes = std::max(PolicyStore::arena_bytes(policies[0]).value(),
                                 PolicyStore::arena_bytes(policies[1]).value());
  auto observer = Observer::create(options, [](auto) {});
  ASSERT_TRUE(observer) << observer.error().text();
  ASSERT_TRUE((*observer)->policy().replace(policies[0]));

  int start[2], stop[2], result[2];
  ASSERT_EQ(::pipe(start) + ::pipe(stop) + ::pipe(result), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char go = 0;
    if (::read(start[0], &go, 1) != 1) ::_exit(1);
    ::dup2(stop[0], 0);
    ::dup2(result[1], 1);
    for (const int fd : {start[1], stop[1], result[0]}) ::close(fd);
    const std::string step = "ask=" + directory.path("open") + ":" + directory.path("secret");
    ::execl(domain_binary().c_str(), "domain", step.c_str(), nullptr);
    ::_exit(1);
  }
  const auto pidfd = open_pidfd(child);
  ASSERT_TRUE(pidfd);
  ASSERT_TRUE((*observer)->confine_child(pidfd->get(), (*observer)->policy().id_of("app"), true));
  ASSERT_TRUE((*observer)->find_tasks());
  for (const int fd : {start[0], stop[0], result[1]}) ::close(fd);
  ASSERT_EQ(::write(start[1], "x", 1), 1);
  for (long i = 1; i <= replacements; i++) {
    const auto replaced = (*observer)->policy().replace(policies[i % 2]);
    ASSERT_TRUE(replaced) << replaced.error().text();
  }
  ::close(stop[1]);
  std::string text(200, '\0');
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, ::read(result[0], text.data(), 200))));
  int status = 0;
  ::waitpid(child, &status, 0);
  std::istringstream words(text);
  std::string name;
  long wrong = -1, asked = 0;
  words >> name >> wrong >> asked;
  EXPECT_EQ(wrong, 0) << text;
  EXPECT_GT(asked, replacements) << "verdicts were asked for all the time";
  std::cout << replacements << " replacements, " << asked << " verdicts\n";
}

}  // namespace
}  // namespace aspis::test
