#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The hook inside of Python, preloaded and as aspis-python: what the profile denies is an exception at the line that asked.

The interpreters are those of test_python_events.py. Exit code 77: there is none.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from test_python_events import ASPIS, interpreters, version_of

HERE = pathlib.Path(__file__).resolve().parent
HOOK = os.environ.get("ASPIS_HOOK", str(HERE.parents[1] / "build/dev/probes/hook/libaspis-hook.so"))
ASPIS_PYTHON = os.environ.get("ASPIS_PYTHON", str(HERE.parents[1] / "build/dev/probes/hook/aspis-python"))

PROFILE = """profile app {
  /** rwix,
  deny python os.system,
  deny python open path=**/secret,
  deny python app.login arg0=root arg1="1 True None",
  audit python app.seen,
  require signed ROOT/app/**,
}
profile shell /usr/bin/aspis-python python=(command stdin module=json.* script=ROOT/app/*.py) {
  /** rwix,
}
"""

DENIED = """
import os, sys, subprocess
def attempt(name, call, *arguments):
    try:
        call(*arguments)
    except PermissionError as error:
        print(name, error.errno, error.args[1])
    else:
        print(name, "passed")
attempt("system", os.system, "echo the shell has run")
attempt("popen", subprocess.run, ["true"])
attempt("open", open, sys.argv[1] + "/secret")
attempt("open_bytes", open, os.fsencode(sys.argv[1]) + b"/secret")
attempt("open_other", open, sys.argv[1] + "/policy")
attempt("login", sys.audit, "app.login", "root", [1, (True, None)])
attempt("login_other", sys.audit, "app.login", "root", [1, (True, 0)])
attempt("seen", sys.audit, "app.seen")
print("end")
"""


def expected(root):
    said = "{} 1 aspis: python {} is denied by profile app"
    return [
        said.format("system", "os.system"),
        "popen passed",
        said.format("open", "open"),
        said.format("open_bytes", "open"),
        "open_other passed",
        said.format("login", "app.login"),
        "login_other passed",
        "seen passed",
        "end",
    ]


class Hooked(unittest.TestCase):
    """A profile, exported, and a little application with its manifest."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name).resolve()
        (self.root / "policy").write_text(PROFILE.replace("ROOT", str(self.root)))
        self.image = self.export("app")
        self.app = self.root / "app"
        self.app.mkdir()
        (self.app / "part.py").write_text("print('part')\n")
        # Isolated, Python looks for modules at its own places only.
        (self.app / "main.py").write_text(f"import sys\nsys.path.insert(0, '{self.app}')\nimport part\nprint('end')\n")
        self.config = self.root / "hook.conf"
        self.configure(self.image)

    def export(self, name):
        image = self.root / (name + ".image")
        subprocess.run([ASPIS, "policy", "export", "--profile", f"{self.root}/policy:{name}", "-o", image], check=True)
        return image

    def configure(self, image):
        lines = f"policy = {image}", f"manifest = {self.root}/manifest", f"key = {self.root}/public.pem"
        self.config.write_text("# of a test\n\n" + "\n".join(lines) + "\n")

    def sign(self):
        key = self.root / "key.pem"
        if not key.exists():
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True, stderr=subprocess.PIPE)
            subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", self.root / "public.pem"], check=True)
        subprocess.run([ASPIS, "manifest", "sign", "--key", key, "-o", self.root / "manifest", self.app], check=True)

    def preloaded(self, *command, policy=None, **options):
        environment = {**os.environ, "LD_PRELOAD": HOOK, "ASPIS_HOOK_POLICY": str(policy or self.image)}
        return self.run_it(command, environment, **options)

    def run_it(self, command, environment=None, **options):
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60, **options)


class Preload(Hooked):
    def check(self, python):
        (self.root / "secret").write_text("")
        done = self.preloaded(python, "-c", DENIED, self.root)
        self.assertEqual((done.stdout.splitlines(), done.stderr), (expected(self.root), ""))
        self.assertEqual(done.returncode, 0)
        # An exception that nobody catches ends the program at the line.
        done = self.preloaded(python, "-c", "import os\n\nos.system('echo ran')\nprint('on')")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r'File "<string>", line 3, in <module>\n(.*\n)*PermissionError: \[Errno 1\] aspis: python os.system')
        self.check_signed(python)

    def check_signed(self, python):
        """/etc/aspis/hook.conf, in a mount namespace with an /etc of its own."""
        script = f"mount -t tmpfs none /etc && mkdir /etc/aspis && cp {self.config} /etc/aspis/hook.conf && exec {python} {self.app}/main.py"
        command = ["unshare", "-m", "env", "LD_PRELOAD=" + HOOK, "sh", "-c", script]
        if os.geteuid() != 0 or self.run_it(["unshare", "-m", "true"]).returncode != 0:
            return
        self.sign()
        done = self.run_it(command)
        self.assertEqual((done.stdout, done.stderr), ("part\nend\n", ""))
        (self.app / "part.py").write_text("print('evil')\n")
        done = self.run_it(command)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("PermissionError: [Errno 1] aspis: code is not as it was signed", done.stderr)
        self.assertIn(f"{self.app}/part.py", done.stderr)

    def test_other_programs_are_left_alone(self):
        done = self.preloaded("echo", "hello", policy="/nonexistent")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "hello\n", ""))

    def test_what_starts_before_the_program_is_not_asked(self):
        (self.root / "policy").write_text("profile all {\n  deny python open,\n  deny python import,\n}\n")
        done = self.preloaded(interpreters()[0], "-IS", "-c", "print('up')", policy=self.export("all"))
        self.assertEqual((done.returncode, done.stdout), (0, "up\n"), done.stderr)

    def test_without_a_good_policy_nothing_runs(self):
        python = interpreters()[0]
        good = self.image.read_bytes()
        for content, message in [
            (None, "cannot be read: No such file"),
            (b"", "not written by aspis policy export"),
            (b"profile p {}", "not written by aspis policy export"),
            (good[:-1], "not complete"),
            (good + b"x", "not complete"),
            (good[:8] + b"\x63" + good[9:], "another version"),
        ]:
            bad = self.root / "bad"
            if content is not None:
                bad.write_bytes(content)
            done = self.preloaded(python, "-c", "print('ran')", policy=bad)
            self.assertEqual((done.returncode, done.stdout), (125, ""), message)
            self.assertIn(message, done.stderr)
        self.image.chmod(0o666)
        self.assertIn("may be written to", self.preloaded(python, "-c", "print('ran')").stderr)
        done = self.run_it([python, "-c", "print('ran')"], {**os.environ, "LD_PRELOAD": HOOK})
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertIn("no policy", done.stderr)

    def test_the_environment_names_no_manifest(self):
        """Who starts the program could name one of his own."""
        self.sign()
        python = interpreters()[0]
        done = self.preloaded("env", f"ASPIS_HOOK_MANIFEST={self.root}/manifest", python, self.app / "main.py")
        self.assertEqual(done.stdout, "")
        self.assertIn("no manifest is named", done.stderr)


@unittest.skipUnless(os.path.exists(ASPIS_PYTHON), "aspis-python is not built")
class AspisPython(Hooked):
    def setUp(self):
        super().setUp()
        self.sign()

    def python(self, *arguments, **options):
        return self.run_it([ASPIS_PYTHON, "--aspis-config", self.config, *arguments], **options)

    def refused(self, done, message):
        self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
        self.assertIn(message, done.stderr)

    def test_signed_code_runs_and_the_hook_is_there(self):
        done = self.python(self.app / "main.py")
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "part\nend\n", ""))
        (self.app / "denied.py").write_text(DENIED)
        (self.root / "secret").write_text("")
        self.sign()
        done = self.python(self.app / "denied.py", self.root)
        self.assertEqual(done.stdout.splitlines(), expected(self.root), done.stderr)

    def test_changed_code_does_not_run(self):
        (self.app / "part.py").write_text("print('evil')\n")
        done = self.python(self.app / "main.py")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("aspis: code is not as it was signed (require signed of profile app)", done.stderr)
        (self.app / "main.py").write_text("print('evil')\n")
        self.assertIn("code is not as it was signed", self.python(self.app / "main.py").stderr)
        (self.app / "new.py").write_text("print('evil')\n")
        done = self.python(self.app / "new.py")
        self.assertEqual(done.stdout, "")
        self.assertIn("code is not in the manifest", done.stderr)

    def test_bytecode_that_is_not_signed_is_passed_over(self):
        """Python takes the source then, which is."""
        self.assertEqual(self.python(self.app / "main.py").stdout, "part\nend\n")
        (cached,) = self.app.glob("__pycache__/part.*.pyc")
        other = self.root / "part.py"
        other.write_text("print('evil')\n")
        os.utime(other, ns=((self.app / "part.py").stat().st_mtime_ns,) * 2)
        compiler = "import py_compile, sys; py_compile.compile(*sys.argv[1:])"
        major = re.search(r"cpython-3(\d+)", cached.name).group(1)
        subprocess.run([f"/usr/bin/python3.{major}", "-c", compiler, other, cached], check=True)
        self.assertEqual(self.python(self.app / "main.py").stdout, "part\nend\n")
        # Without a source there is nothing else.
        shutil.copy(cached, self.app / "alone.pyc")
        (self.app / "main.py").write_text(f"import sys\nsys.path.insert(0, '{self.app}')\nimport alone\n")
        subprocess.run([ASPIS, "manifest", "sign", "--key", self.root / "key.pem", "-o", self.root / "manifest", self.app / "main.py"], check=True)
        done = self.python(self.app / "main.py")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("code is not in the manifest", done.stderr)

    def test_native_code_has_to_be_signed(self):
        libraries = sorted(pathlib.Path("/usr/lib").glob("python3.*/lib-dynload/_queue.*.so"))
        if not libraries:
            self.skipTest("no extension module to load")
        for library in libraries:
            shutil.copy(library, self.app)
        (self.app / "main.py").write_text(f"import sys\nsys.path.insert(0, '{self.app}')\nimport _queue\nprint(_queue.__file__)\n")
        self.sign()
        self.assertIn(str(self.app), self.python(self.app / "main.py").stdout)
        for library in libraries:
            with open(self.app / library.name, "ab") as file:
                file.write(b"x")
        done = self.python(self.app / "main.py")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("PermissionError: [Errno 1] aspis: code is not as it was signed", done.stderr)
        (self.app / "main.py").write_text(f"import ctypes\nctypes.CDLL('{self.app}/{libraries[0].name}')\n")
        subprocess.run([ASPIS, "manifest", "sign", "--key", self.root / "key.pem", "-o", self.root / "manifest", self.app / "main.py"], check=True)
        self.assertIn("code is not in the manifest", self.python(self.app / "main.py").stderr)

    def test_links_lead_to_what_is_signed(self):
        (self.root / "outside.py").symlink_to(self.app / "part.py")
        self.assertEqual(self.python(self.root / "outside.py").stdout, "part\n")
        (self.app / "part.py").write_text("print('evil')\n")
        self.assertIn("not as it was signed", self.python(self.root / "outside.py").stderr)

    def test_only_scripts_and_modules_unless_the_profile_says_more(self):
        self.refused(self.python("-c", "print(1)"), "does not allow to run a command (-c)")
        self.refused(self.python(input="print(1)\n"), "does not allow to run standard input")
        self.refused(self.python("-", input="print(1)\n"), "does not allow to run standard input")
        self.refused(self.python("-i", self.app / "main.py", input=""), "with -i")
        self.refused(self.python("-X", f"pycache_prefix={self.root}", self.app / "main.py"), "pycache_prefix")
        self.assertEqual(self.python("-m", "json.tool", input="1").stdout, "1\n")
        self.assertRegex(self.python("--version").stdout, r"Python 3\.")

    def test_the_profile_says_what_may_be_run(self):
        self.configure(self.export("shell"))
        self.assertEqual(self.python("-c", "print(1)").stdout, "1\n")
        self.assertEqual(self.python(input="print(1)\n").stdout, "1\n")
        self.assertEqual(self.python("-m", "json.tool", input="1").stdout, "1\n")
        self.assertEqual(self.python("app/../app/./main.py", cwd=self.root).stdout, "part\nend\n")
        self.refused(self.python("-m", "base64"), "does not allow to run base64")
        (self.root / "other.py").write_text("print('other')\n")
        self.refused(self.python(self.root / "other.py"), "does not allow to run")
        self.refused(self.python("app/../other.py", cwd=self.root), "does not allow to run")

    def test_the_environment_changes_nothing(self):
        (self.root / "startup.py").write_text("print('startup')\n")
        (self.root / "part.py").write_text("print('evil')\n")
        environment = {**os.environ, "PYTHONPATH": str(self.root), "PYTHONSTARTUP": str(self.root / "startup.py"), "PYTHONINSPECT": "1"}
        done = self.run_it([ASPIS_PYTHON, "--aspis-config", self.config, self.app / "main.py"], environment, input="print('typed')\n")
        self.assertEqual((done.stdout, done.stderr), ("part\nend\n", ""))

    def test_without_a_good_configuration_nothing_runs(self):
        self.refused(self.run_it([ASPIS_PYTHON, "--aspis-config"]), "needs a file")
        for text, message in [
            ("policy\n", ":1: not KEY = VALUE"),
            ("polcy = /x\n", ":1: unknown key polcy"),
            ("policy = x\n", ":1: policy is no absolute path"),
            (f"policy = {self.image}\n\npolicy = {self.image}\n", ":3: policy for the second time"),
            ("", "names no policy"),
            (f"policy = {self.image}\nkey = {self.root}/public.pem\n", "only one is configured"),
            (f"policy = {self.image}\nkey = {self.root}/key.pem\nmanifest = {self.root}/manifest\n", "a private key, where"),
            (f"policy = {self.image}\nkey = {self.root}/public.pem\nmanifest = {self.root}/policy\n", "without its signature"),
        ]:
            self.config.write_text(text)
            self.refused(self.python(self.app / "main.py"), message)
        self.configure(self.image)
        manifest = self.root / "manifest"
        manifest.write_text(manifest.read_text().replace("part.py", "pert.py"))
        self.refused(self.python(self.app / "main.py"), "the signature is not good")
        self.config.chmod(0o664)
        self.refused(self.python(self.app / "main.py"), "may be written to")


def add_test(python):
    name = re.sub(r"\W", "_", f"test_python_{version_of(python)}_{python}")
    setattr(Preload, name, lambda self: self.check(python))


if __name__ == "__main__":
    if not interpreters() or not shutil.which("openssl"):
        print("skipped: no CPython 3.8 or later here, or no openssl")
        sys.exit(77)
    for each in interpreters():
        add_test(each)
    unittest.main(verbosity=2)
