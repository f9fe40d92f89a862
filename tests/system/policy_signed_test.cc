// SPDX-License-Identifier: Apache-2.0
// "require signed PATH" in the kernel: an ext4 image with fs-verity, code that is signed, changed,
// replaced and new. A Python program tries to load it and prints what came of it. In guests only.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/system/aspis_run.h"
#include "tests/unit/signed/test_key.h"

namespace aspis::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kProfiles = R"(
profile app {
  /** rmix,
  /dev/** rw,
  require signed APP/**,
}
)";

constexpr const char* kProgram = R"(
import ctypes, errno, importlib, mmap, os, subprocess, sys
app = sys.argv[1] + "/"
sys.path.insert(0, app)
sys.path.insert(1, app + "../outside")
def attempt(name, deed):
    try:
        found = deed()
        print(name, "ok" if found is None else found)
    except OSError as error:
        refused = error.errno == errno.EACCES or "Permission denied" in str(error)
        print(name, "EACCES" if refused else repr(error))
def load(name):
    return lambda: importlib.import_module(name).said
def read(name, flags=os.O_RDONLY):
    def deed():
        fd = os.open(app + name, flags)
        os.read(os.open(f"/proc/self/fd/{fd}", os.O_RDONLY), 1)
    return deed
def library(name):
    return lambda: ctypes.CDLL(app + name) and None
def mapped(name):
    protection = mmap.PROT_READ | mmap.PROT_EXEC
    return lambda: mmap.mmap(os.open(app + name, os.O_RDONLY), 0, mmap.MAP_PRIVATE, protection) and None
def program(name):
    return lambda: subprocess.run([app + name], check=True) and None
attempt("signed", load("part"))
attempt("package", load("bundle"))
attempt("new", load("new"))
attempt("replaced", load("replaced"))
attempt("resealed", load("resealed"))
attempt("elsewhere", load("elsewhere"))
attempt("moved_empty", read("moved_empty.py"))
attempt("bytecode", load("bytecode"))
attempt("stale", load("stale"))
attempt("outside", load("outside"))
attempt("text", read("data.txt"))
attempt("by_descriptor", read("new.py", os.O_PATH))
attempt("library", library("good.so"))
attempt("library_new", library("bad.so"))
attempt("library_version", library("bad.so.1.2"))
attempt("library_called_text", mapped("bad.txt"))
attempt("script", program("script"))
attempt("script_new", program("script_new"))
attempt("binary_new", program("true"))
)";

const Results kEnforced = {
    {"signed", "part"},
    {"package", "bundle"},
    {"new", "EACCES"},
    {"replaced", "EACCES"},
    {"resealed", "EACCES"},
    {"elsewhere", "EACCES"},
    {"moved_empty", "EACCES"},
    {"bytecode", "EACCES"},
    {"stale", "stale"},
    {"outside", "outside"},
    {"text", "ok"},
    {"by_descriptor", "EACCES"},
    {"library", "ok"},
    {"library_new", "EACCES"},
    {"library_version", "EACCES"},
    {"library_called_text", "EACCES"},
    {"script", "ok"},
    {"script_new", "EACCES"},
    {"binary_new", "EACCES"},
};

const Results kAllowed = {
    {"signed", "part"},
    {"package", "bundle"},
    {"new", "new"},
    {"replaced", "changed"},
    {"resealed", "changed"},
    {"elsewhere", "part"},
    {"moved_empty", "ok"},
    {"bytecode", "bytecode"},
    {"stale", "never signed"},
    {"outside", "outside"},
    {"text", "ok"},
    {"by_descriptor", "ok"},
    {"library", "ok"},
    {"library_new", "ok"},
    {"library_version", "ok"},
    {"library_called_text", "ok"},
    {"script", "ok"},
    {"script_new", "ok"},
    {"binary_new", "ok"},
};

/// Makes the image, signs, seals, mounts it anew (so that no inode is known to the kernel) and then
/// does what somebody does who may write to it.
constexpr const char* kMake = R"(
set -e
PATH=$PATH:/sbin:/usr/sbin
modprobe loop
truncate -s 32M image
mkfs.ext4 -q -b 4096 -O verity image
mkdir -p mount
mount -o loop image mount
mkdir mount/app mount/app/bundle mount/outside
cd mount/app
for name in part replaced resealed stale; do echo "said = '$name'" > $name.py; done
echo "said = 'bundle'" > bundle/__init__.py
: > empty.py
python3 - <<'END'
import py_compile
open("source.py", "w").write("said = 'never signed'\n")
py_compile.compile("source.py", "source.pyc")
END
mv source.pyc .. ; rm source.py
library=$(ldconfig -p | sed -n 's,.*=> \(/.*/libutil.so.1\)$,\1,p' | head -n 1)
cp "$library" good.so
printf '#!/bin/sh\ntrue\n' > script; chmod +x script
cd ../..
"$ASPIS" manifest sign --key key.pem -o manifest mount/app mount/app/script
"$ASPIS" manifest enable --key public.pem manifest
cd mount/app
echo data > data.txt
echo "said = 'new'" > new.py
echo "said = 'changed'" > other; mv other replaced.py
echo "said = 'changed'" > other; mv other resealed.py
ln part.py elsewhere.py
mv empty.py moved_empty.py
python3 - <<'END'
import importlib.util, os, py_compile, shutil
open("x.py", "w").write("said = 'bytecode'\n")
py_compile.compile("x.py", "bytecode.pyc"); os.unlink("x.py")
# Bytecode for a source that it is not of: the times of the source are in it.
open("x.py", "w").write("said = 'never signed'\n")
cached = importlib.util.cache_from_source("stale.py")
py_compile.compile("x.py", cached, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
os.unlink("x.py")
END
rm ../source.pyc
for name in bad.so bad.so.1.2 bad.txt; do cp good.so $name; done
cp script script_new
cp /bin/true true
echo "said = 'outside'" > ../outside/outside.py
cd ../..
"$ASPIS" manifest sign --key key.pem -o resealed.manifest mount/app/resealed.py
"$ASPIS" manifest enable --key public.pem resealed.manifest
umount mount
mount -o loop image mount
)";

/// Why the kernel side cannot ask for digests in this guest; "" if it can.
std::string why_not_signed() {
  utsname system{};
  unsigned major = 0, minor = 0;
  ::uname(&system);
  std::sscanf(system.release, "%u.%u", &major, &minor);
  if (std::pair(major, minor) < std::pair(6U, 9U))
    return "the hook file_post_open is needed: Linux 6.9";
  return backends().at("lsm").empty() ? "" : "the backend lsm is needed";
}

class Signed : public testing::Test {
 protected:
  void SetUp() override {
    backend_ = backends().at("lsm").empty() ? "lsm" : "fmod_ret";
    if (const auto why = why_not_confine(backend_); !why.empty()) GTEST_SKIP() << why;
    write("key.pem", kPrivatePem);
    write("public.pem", kPublicPem);
    write("program.py", kProgram);
    write("hook.conf", "manifest = " + directory_.path("manifest") +
                           "\nkey = " + directory_.path("public.pem") + "\n");
    std::string text = kProfiles;
    text.replace(text.find("APP"), 3, directory_.path("mount/app"));
    write("profiles", text);
  }

  void TearDown() override { EXPECT_EQ(shell("! mountpoint -q mount || umount mount").code(), 0); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path(name)) << text;
  }

  [[nodiscard]] Outcome shell(const std::string& text) const {
    return run({"sh", "-c", "cd " + directory_.path() + "\n" + text}, 400,
               {{"ASPIS", aspis_binary()}, {"DOMAIN", domain_binary()}, {"HOOKS", backend_}});
  }

  Observation attempt(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"--profile", directory_.path("profiles"), "--hook-config",
                                     directory_.path("hook.conf")});
    return observe(
        backend_,
        {system_python(), "-B", directory_.path("program.py"), directory_.path("mount/app")},
        options);
  }

  TemporaryDirectory directory_;
  std::string backend_;
};

/// The reason that was told of a file of the application.
std::string told(const Observation& seen, const std::string& name, const std::string& member) {
  for (const auto& event : seen.events)
    if (field(event, "type") == "file.unsigned" &&
        field(event, "file.path").ends_with("app/" + name))
      return field(event, member);
  return "";
}

TEST_F(Signed, CodeIsLoadedAsItWasSignedOrNotAtAll) {
  if (const auto why = why_not_signed(); !why.empty()) GTEST_SKIP() << why;
  const Outcome made = shell(kMake);
  ASSERT_EQ(made.code(), 0) << made.out << made.err;

  // First of all: no inode has been opened since the file system was mounted.
  const Observation enforced = attempt();
  EXPECT_EQ(enforced.outcome.code(), 0) << enforced.outcome.err;
  EXPECT_EQ(results_of(enforced.outcome.out), kEnforced) << enforced.outcome.err;
  EXPECT_EQ(told(enforced, "new.py", "verdict"), "denied");
  EXPECT_EQ(told(enforced, "new.py", "profile"), "app");
  EXPECT_EQ(told(enforced, "new.py", "denied"), "r");
  EXPECT_EQ(told(enforced, "new.py", "info"), "code is not signed - no fs-verity");
  EXPECT_EQ(told(enforced, "resealed.py", "info"), "code is not in the manifest");
  EXPECT_EQ(told(enforced, "elsewhere.py", "info"), "code is not in the manifest");
  EXPECT_EQ(told(enforced, "bad.txt", "denied"), "m");
  EXPECT_EQ(told(enforced, "script_new", "denied"), "x");
  EXPECT_EQ(told(enforced, "part.py", "verdict"), "");

  const Observation complaining = attempt({"--complain"});
  EXPECT_EQ(results_of(complaining.outcome.out), kAllowed) << complaining.outcome.err;
  EXPECT_EQ(told(complaining, "new.py", "verdict"), "complain");
}

TEST_F(Signed, WithoutAGoodManifestNothingStarts) {
  if (const auto why = why_not_signed(); !why.empty()) GTEST_SKIP() << why;
  const Outcome outcome = shell(R"(
    try() { "$ASPIS" run --stacks none --hooks $HOOKS --profile profiles:app "$@" -- echo ran 2>&1; echo "run $?"; }
    try
    mkdir -p mount/app; echo > mount/app/a.py
    "$ASPIS" manifest sign --key key.pem -o manifest mount/app
    sed -i 's/a.py/b.py/' manifest; try --hook-config hook.conf
)");
  EXPECT_THAT(outcome.out, HasSubstr("profile app requires signed code, but /etc/aspis/hook.conf "
                                     "cannot be read: No such file or directory (aspis manifest "
                                     "sign makes a manifest"));
  EXPECT_THAT(outcome.out, HasSubstr("manifest: the signature is not good"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("ran\n")));
}

TEST_F(Signed, AnotherManifestHoldsFromTheNextPolicyOn) {
  if (const auto why = why_not_signed(); !why.empty()) GTEST_SKIP() << why;
  const Outcome made = shell(kMake);
  ASSERT_EQ(made.code(), 0) << made.out << made.err;
  const Outcome outcome = shell(R"(
    says() { until grep -qF -e "$1" err; do sleep 0.2; kill -0 $agent || { cat err; exit 9; }; done; }
    again() { : > err; kill -HUP $agent; says "$1"; }
    for name in application free; do cp "$DOMAIN" $name; done; mkdir policies
    policy() {
      allowed="/** rmix, /dev/** rw,"
      printf 'profile %s %s {\n %s\n}\n' application "$PWD/application" "$allowed $*" free "$PWD/free" "$allowed" > policies/one
    }
    policy "require signed $PWD/mount/app/**,"
    "$ASPIS" agent --no-pin --hooks $HOOKS --stacks none --profiles policies --hook-config hook.conf > log 2> err & agent=$!
    says 'profiles in force'; cat err
    echo first; ./application open=mount/app/part.py open=mount/app/new.py
    mv mount/app/new.py new; mkdir tmp; cp manifest first.manifest
    cp new mount/app/new.py
    "$ASPIS" manifest sign --key key.pem -o manifest mount/app/new.py
    "$ASPIS" manifest enable --key public.pem manifest
    echo free; ./free open=mount/app/replaced.py
    echo sealed; ./application open=mount/app/part.py open=mount/app/new.py
    again 'policy replaced'
    echo second; ./application open=mount/app/part.py open=mount/app/new.py
    echo >> manifest; again 'stays'; cat err
    echo third; ./application open=mount/app/part.py open=mount/app/new.py
    policy ''; again 'policy replaced'
    echo fourth; ./application open=mount/app/part.py open=mount/app/new.py
    kill $agent; wait $agent; echo "agent $?"
    policy ''
    "$ASPIS" agent --no-pin --hooks $HOOKS --stacks none --profiles policies --hook-config hook.conf > log 2> err & agent=$!
    says 'profiles in force'
    policy "require signed $PWD/mount/app/**,"
    again 'stays'; cat err
    kill $agent; wait $agent
)");
  const auto opened = [&](const std::string& part, const std::string& fresh) {
    return "open=mount/app/part.py " + part + "\nopen=mount/app/new.py " + fresh + "\n";
  };
  EXPECT_THAT(outcome.out, HasSubstr("8 files may be loaded where code must be signed"))
      << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("first\n" + opened("0", "EACCES")));
  EXPECT_THAT(outcome.out, HasSubstr("free\nopen=mount/app/replaced.py 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("sealed\n" + opened("0", "EACCES")));
  EXPECT_THAT(outcome.out, HasSubstr("second\n" + opened("EACCES", "0")));
  EXPECT_THAT(outcome.out, HasSubstr("the policy in force stays"));
  EXPECT_THAT(outcome.out, HasSubstr("third\n" + opened("EACCES", "0")));
  EXPECT_THAT(outcome.out, HasSubstr("fourth\n" + opened("0", "0")));
  EXPECT_THAT(outcome.out, HasSubstr("agent 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("requires signed code, which none did when this was started"));
}

TEST_F(Signed, IsToldWhereTheKernelCannotAsk) {
  const std::string why = why_not_signed();
  if (why.empty()) GTEST_SKIP() << "the kernel can";
  const Outcome probe = run({aspis_binary(), "probe"});
  EXPECT_THAT(probe.out, HasSubstr(why));
  const Outcome outcome = shell(R"(
    "$ASPIS" run --to log --stacks none --hooks $HOOKS --profile profiles:app -- echo ran 2>&1; echo "run $?"
    "$ASPIS" run --to log --stacks none --hooks $HOOKS --strict --profile profiles:app -- echo again 2>&1; echo "run $?"
)");
  EXPECT_THAT(outcome.out, HasSubstr("profile app: require signed is not enforced by the kernel "
                                     "here (" +
                                     why));
  EXPECT_THAT(outcome.out, HasSubstr("ran\nrun 0\n"));
  EXPECT_THAT(outcome.out, HasSubstr("run 125\n"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("again\n")));
}

}  // namespace
}  // namespace aspis::test
