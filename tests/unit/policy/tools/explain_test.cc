// SPDX-License-Identifier: Apache-2.0
// What `aspis policy explain` says: verdicts, deciding and losing rules, hints.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/tools/explain_text.h"
#include "policy/tools/words.h"
#include "tests/unit/policy/tables/compiled_text.h"

namespace aspis::policy {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Asked {
  Asked(std::string policy, std::string_view letters, std::string path, bool owner = false,
        std::string target = "")
      : text(std::move(policy)) {
    EXPECT_EQ(text.messages(), "");
    const Question question{std::move(path), std::move(target), *file_permissions_of(letters),
                            owner};
    const Explained explained{text.policy, text.image, text.explanations};
    answer = explain(explained, 1, question);
    said = explain_text(answer, question, explained, 1, text.sources);
  }

  CompiledText text;
  Answer answer;
  std::string said;
};

TEST(Explain, ShowsTheRuleThatAllows) {
  const Asked asked("profile p {\n  /etc/** r,\n}\n", "r", "/etc/passwd");
  EXPECT_EQ(asked.said,
            "p: r /etc/passwd: allowed\n"
            "\n"
            "r: allowed\n"
            "test:2:3: rule: allows\n"
            "    /etc/** r,\n"
            "    ^\n");
}

TEST(Explain, ShowsWhichRuleDenyBeats) {
  const Asked asked("profile p {\n  /etc/** r,\n  deny /etc/shadow r,\n}\n", "r", "/etc/shadow");
  EXPECT_EQ(asked.said,
            "p: r /etc/shadow: denied quietly\n"
            "\n"
            "r: denied quietly\n"
            "test:3:3: rule: denies\n"
            "    deny /etc/shadow r,\n"
            "    ^\n"
            "test:2:3: loses: deny is stronger\n"
            "    /etc/** r,\n"
            "    ^\n");
}

TEST(Explain, NamesBothPriorities) {
  const Asked asked("profile p {\n  priority=2 /a r,\n  deny /a r,\n  priority=-1 deny /* r,\n}\n",
                    "r", "/a");
  EXPECT_EQ(asked.answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("loses: lower priority (0, the other has 2)"));
  EXPECT_THAT(asked.said, HasSubstr("loses: lower priority (-1, the other has 2)"));
}

TEST(Explain, TellsOwnerRulesApart) {
  const std::string policy = "profile p {\n  owner /home/** r,\n  other /home/x r,\n}\n";
  EXPECT_THAT(Asked(policy, "r", "/home/a").said, HasSubstr("loses: owner rule; asked as other"));
  EXPECT_EQ(Asked(policy, "r", "/home/a", true).answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(Asked(policy, "r", "/home/x", true).said, HasSubstr("other rule; asked as owner"));
}

TEST(Explain, AnExactPathDecidesTheExec) {
  const Asked asked("profile p {\n  /bin/* ix,\n  /bin/sh Px -> q,\n}\nprofile q { }\n", "exec",
                    "/bin/sh");
  EXPECT_EQ(asked.answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("test:3:3: rule: allows"));
  EXPECT_THAT(asked.said, HasSubstr("loses: a rule with fewer globs is stronger"));
  EXPECT_THAT(asked.said, HasSubstr("\nPx -> q: runs under q, environment scrubbed\n"));
}

TEST(Explain, AnExecToNoProfileIsDenied) {
  const Asked asked("profile p { /bin/* px -> q, }", "x", "/bin/sh");
  EXPECT_EQ(asked.answer.verdict, ASPIS_VERDICT_DENIED);
  EXPECT_THAT(asked.said, HasSubstr("px -> q: denied: no profile q in this policy"));
  const Asked fallback("profile p { /bin/* pix, }", "x", "/bin/sh");
  EXPECT_EQ(fallback.answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(fallback.said, HasSubstr("runs under p"));
}

TEST(Explain, InheritImpliesMap) {
  const Asked asked("profile p { /bin/* ix, }", "m", "/bin/sh");
  EXPECT_EQ(asked.answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("rule: allows: ix implies m"));
}

TEST(Explain, EachLetterByItself) {
  const Asked asked("profile p { /a r, }", "rw", "/a");
  EXPECT_THAT(asked.said, HasSubstr("p: wr /a: denied\n"));
  EXPECT_THAT(asked.said, HasSubstr("\nr: allowed\n"));
  EXPECT_THAT(asked.said, HasSubstr("\nw: denied: no rule gives it\n"));
  EXPECT_THAT(asked.said, HasSubstr("note: matches the path, but does not give w"));
}

TEST(Explain, KnowsThatDirectoriesEndInASlash) {
  EXPECT_THAT(Asked("profile p { /srv/ r, }", "r", "/srv").said,
              HasSubstr("note: /srv/ is allowed r"));
  EXPECT_THAT(Asked("profile p { /srv r, }", "r", "/srv/").said,
              HasSubstr("note: /srv is allowed r"));
  EXPECT_THAT(Asked("profile p { /srv r, }", "r", "/").said, Not(HasSubstr("note")));
}

TEST(Explain, ModesAreThoseOfTheKernel) {
  const Asked complain("profile p flags=(complain) { deny /b r, }", "r", "/a");
  EXPECT_THAT(complain.said, HasSubstr("p: r /a: would be denied (complain)"));
  EXPECT_EQ(Asked("profile p flags=(complain) { deny /b r, }", "r", "/b").answer.verdict,
            ASPIS_VERDICT_DENIED);
  EXPECT_EQ(Asked("profile p flags=(unconfined) { deny /b r, }", "r", "/b").answer.verdict,
            ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(Asked("profile p flags=(kill) { }", "r", "/b").said, HasSubstr("gets signal 9"));
  EXPECT_THAT(Asked("profile p { audit /b r, }", "r", "/b").said,
              HasSubstr("allowed, and reported"));
}

/// A policy whose rules the kernel side does not evaluate yet, which is not what is asked about.
struct AskedBeyond {
  explicit AskedBeyond(std::string policy) : text(std::move(policy)) {
    EXPECT_EQ(text.diagnostics.errors(), 0U) << text.messages();
  }
  Answer about(const Question& question) {
    const Explained explained{text.policy, text.image, text.explanations};
    const Answer answer = explain(explained, 1, question);
    said = explain_text(answer, question, explained, 1, text.sources);
    return answer;
  }
  Answer about(const EventQuestion& question, const std::vector<std::string>& packages = {}) {
    const Explained explained{text.policy, text.image, text.explanations};
    const Answer answer = explain(explained, 1, question, packages);
    said = explain_text(answer, question, explained, 1, text.sources);
    return answer;
  }

  CompiledText text;
  std::string said;
};

Question reading(const std::string& path) {
  Question question;
  question.path = path;
  question.request = ASPIS_MAY_READ;
  return question;
}

TEST(Explain, Events) {
  AskedBeyond asked(
      "profile p {\n  deny python open path=/etc/**,\n"
      "  change_profile on python os.fork -> p//c,\n  profile c { }\n}\n");
  EXPECT_EQ(asked.about(EventQuestion{"open", {"/etc/passwd", "r"}}).verdict, ASPIS_VERDICT_DENIED);
  EXPECT_EQ(asked.said,
            "p: python open: denied quietly\n\nraise: denied quietly\ntest:2:3: rule: denies\n"
            "    deny python open path=/etc/**,\n    ^\n");
  EXPECT_EQ(asked.about(EventQuestion{"open", {"/srv/x", "r"}}).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_EQ(asked.about(EventQuestion{"os.fork", {}}).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("changes to p//c\n"));
}

TEST(Explain, PackagesOnTheStackMustAllowToo) {
  AskedBeyond asked(
      "profile p {\n  /etc/** r,\n  package Py.YAML {\n    deny /etc/ssl/** r,\n"
      "    deny python os.system,\n  }\n  package other { network, }\n}\n");
  Question question = reading("/etc/ssl/key");
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_ALLOWED);
  question.packages = {"other", "unknown"};
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_ALLOWED);
  question.packages = {"py-yaml"};
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_DENIED);
  EXPECT_THAT(asked.said, HasSubstr("p: r /etc/ssl/key: denied quietly\n"));
  EXPECT_THAT(asked.said, HasSubstr("\npackage py-yaml: denied quietly\n"));
  EXPECT_THAT(asked.said, HasSubstr("test:4:5: rule: denies"));
  question.path = "/srv/x";
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_DENIED) << "a package adds nothing";
  EXPECT_EQ(asked.about(EventQuestion{"os.system", {"ls"}}).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_EQ(asked.about(EventQuestion{"os.system", {"ls"}}, {"py-yaml"}).verdict,
            ASPIS_VERDICT_DENIED);
}

TEST(Explain, AuditedRulesNeedAnAnnouncement) {
  AskedBeyond asked("profile p { audited /srv/** r, /srv/a r, audited /bin/x ix, /bin/x m, }");
  Question question = reading("/srv/x");
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_DENIED);
  EXPECT_THAT(asked.said, HasSubstr("loses: audited, and no audit event announced it"));
  question.announced = true;
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_EQ(asked.about(reading("/srv/a")).verdict, ASPIS_VERDICT_ALLOWED);
  Question exec{"/bin/x", "", ASPIS_MAY_EXEC};
  EXPECT_EQ(asked.about(exec).verdict, ASPIS_VERDICT_DENIED);
  exec.announced = true;
  EXPECT_EQ(asked.about(exec).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("runs under p"));
}

TEST(Explain, ALinkGivesNothingMoreUnannounced) {
  AskedBeyond asked(
      "profile p { audited /srv/* rw, /plain rw, audited /less r,"
      " audited link subset /{plain,srv/b,less} -> /srv/*, }");
  for (const auto& [link, beyond] :
       {std::pair{"/plain", ASPIS_MAY_READ | ASPIS_MAY_WRITE}, {"/srv/b", 0}, {"/less", 0}}) {
    Question question{link, "/srv/a", ASPIS_MAY_LINK};
    question.announced = true;
    EXPECT_EQ(asked.about(question).verdict == ASPIS_VERDICT_ALLOWED, beyond == 0) << link;
  }
}

TEST(Explain, TheContextOfAThread) {
  AskedBeyond asked("profile p { /srv/@{ctx.user}/** r, deny /srv/*/key r, }");
  Question question = reading("/srv/alice/x");
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_DENIED);
  question.context["user"] = "alice";
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_THAT(asked.said, HasSubstr("test:1:13: rule: allows"));
  question.context["user"] = "bob";
  EXPECT_EQ(asked.about(question).verdict, ASPIS_VERDICT_DENIED);
}

TEST(Explain, LinksPassTheSubsetTest) {
  const std::string policy = "profile p { /l lrw, /t r, /u rw, link /m -> /t, /m rw, }";
  const Asked beyond(policy, "l", "/l", false, "/t");
  EXPECT_EQ(beyond.answer.verdict, ASPIS_VERDICT_DENIED);
  EXPECT_THAT(beyond.said, HasSubstr("/l also allows wacd"));
  EXPECT_EQ(Asked(policy, "l", "/l", false, "/u").answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_EQ(Asked(policy, "l", "/m", false, "/t").answer.verdict, ASPIS_VERDICT_ALLOWED);
}

TEST(Explain, ShowsARuleOfManyValuesOnce) {
  const Asked asked("@{D}=/a /a* /**\nprofile p {\n  @{D} r,\n}\n", "r", "/a");
  EXPECT_EQ(asked.answer.verdict, ASPIS_VERDICT_ALLOWED);
  EXPECT_EQ(asked.said.find("@{D} r,"), asked.said.rfind("@{D} r,"));
}

TEST(Words, OfPermissions) {
  EXPECT_EQ(*file_permissions_of("rw"), ASPIS_MAY_READ | ASPIS_MAY_WRITE);
  EXPECT_EQ(*file_permissions_of("exec"), ASPIS_MAY_EXEC);
  EXPECT_EQ(file_letters(ASPIS_MAY_ALL_FILE), "xwracdkml");
  EXPECT_THAT(file_permissions_of("rz").error().text(), HasSubstr("\"rz\" are no permissions"));
  EXPECT_FALSE(file_permissions_of(""));
}

TEST(Words, OfExecs) {
  const std::uint8_t scrub = ASPIS_EXEC_SCRUB;
  EXPECT_EQ(exec_words({ASPIS_EXEC_INHERIT, 0, {}}), "ix");
  EXPECT_EQ(exec_words({ASPIS_EXEC_INHERIT, scrub, {}}), "ix");
  EXPECT_EQ(exec_words({ASPIS_EXEC_UNCONFINED, scrub, {}}), "Ux");
  EXPECT_EQ(exec_words({ASPIS_EXEC_CHILD, ASPIS_EXEC_ELSE_INHERIT, {}}), "cix");
  EXPECT_EQ(exec_words({ASPIS_EXEC_PROFILE, ASPIS_EXEC_ELSE_UNCONFINED | scrub, {"a"}}),
            "PUx -> a");
  EXPECT_EQ(exec_words({ASPIS_EXEC_PROFILE, ASPIS_EXEC_STACK, {"a", "b"}}), "px -> &a//&b");
}

TEST(ExplainText, SaysWhichProfilesAttachByWhatPythonRuns) {
  const char* text =
      "profile p { /usr/bin/* px, /bin/x px -> q, /bin/c cx, profile k /bin/c python=(stdin) { } "
      "}\n"
      "profile q /usr/bin/python3* python=(script=/srv/*.py module=app) { }\n"
      "profile r /opt/python3 python=(command) { }\n";
  EXPECT_THAT(Asked(text, "x", "/usr/bin/python3.11").said,
              HasSubstr("\nstarted to run script=/srv/*.py, module=app: runs under q\n"));
  for (const char* path : {"/usr/bin/perl", "/bin/x"})
    EXPECT_THAT(Asked(text, "x", path).said, Not(HasSubstr("started to run"))) << path;
  EXPECT_THAT(Asked(text, "x", "/bin/c").said,
              HasSubstr("\nstarted to run stdin: runs under p//k\n"));
}

}  // namespace
}  // namespace aspis::policy
