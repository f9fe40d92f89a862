#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""aspis manifest, as a person uses it: a key of openssl's, a tree, and what becomes of it. Exit code 77: there is no openssl."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ASPIS = os.environ.get("ASPIS", str(HERE.parents[1] / "build/dev/agent/cli/aspis"))


class Signed(unittest.TestCase):
    """A tree, and keys."""

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name).resolve()
        self.key, self.public = self.root / "key.pem", self.root / "public.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True, stderr=subprocess.PIPE)
        subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-out", self.public], check=True)
        self.tree = self.root / "tree"
        (self.tree / "package").mkdir(parents=True)
        (self.tree / "main.py").write_text("print(1)\n")
        (self.tree / "package" / "native.so").write_bytes(bytes(range(256)) * 5000)
        (self.tree / "package" / "readme.txt").write_text("no code\n")
        self.manifest = self.root / "manifest"

    def manifest_command(self, *arguments):
        return subprocess.run([ASPIS, "manifest", *arguments], capture_output=True, text=True, check=False)

    def sign(self):
        done = self.manifest_command("sign", "--key", self.key, "-o", self.manifest, self.tree)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def verify(self):
        return self.manifest_command("verify", "--key", self.public, self.manifest)


class Manifest(Signed):
    def test_lines_are_what_others_compute(self):
        self.sign()
        head, tree, *files, signature = self.manifest.read_text().splitlines()
        self.assertEqual([head, tree], ["aspis-manifest 1", f"tree {self.tree}"])
        for line, name in zip(files, ["main.py", "package/native.so"], strict=True):
            sha256, size, verity, path = line.split(" ")
            content = (self.tree / name).read_bytes()
            self.assertEqual(path, str(self.tree / name))
            self.assertEqual([sha256, size], [hashlib.sha256(content).hexdigest(), str(len(content))])
            if shutil.which("fsverity"):
                said = subprocess.run(["fsverity", "digest", "--compact", path], capture_output=True, text=True, check=True)
                self.assertEqual(verity, said.stdout.strip())
        body = self.manifest.read_bytes()[: -len(signature) - 1]
        (self.root / "body").write_bytes(body)
        (self.root / "signature").write_bytes(bytes.fromhex(signature.removeprefix("signature ")))
        checked = ["-verify", "-pubin", "-inkey", self.public, "-rawin", "-in", self.root / "body"]
        subprocess.run(["openssl", "pkeyutl", *checked, "-sigfile", self.root / "signature"], check=True, capture_output=True)

    def test_the_same_tree_gives_the_same_text(self):
        self.sign()
        first = self.manifest.read_bytes()
        self.sign()
        self.assertEqual(self.manifest.read_bytes(), first)
        said = subprocess.run([ASPIS, "manifest", "sign", "--key", self.key, self.tree], capture_output=True, check=True)
        self.assertEqual(said.stdout, first)

    def test_verify_says_each_difference(self):
        self.sign()
        self.assertEqual((self.verify().returncode, self.verify().stdout), (0, ""))
        (self.tree / "main.py").write_text("print(2)\n")
        (self.tree / "package" / "native.so").unlink()
        (self.tree / "package" / "new\n.py").write_text("")
        done = self.verify()
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            done.stdout.splitlines(),
            [
                f"changed {self.tree}/main.py",
                f"missing {self.tree}/package/native.so",
                f"added {self.tree}/package/new\\x0a.py",
            ],
        )

    def test_what_replaces_a_file_is_not_followed(self):
        self.sign()
        (self.root / "copy.py").write_text("print(1)\n")
        (self.tree / "main.py").unlink()
        (self.tree / "main.py").symlink_to(self.root / "copy.py")
        done = self.verify()
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"unreadable {self.tree}/main.py: a symbolic link", done.stdout)

    def test_a_changed_manifest_is_not_looked_at(self):
        self.sign()
        self.manifest.write_text(self.manifest.read_text().replace("main.py", "mein.py"))
        done = self.verify()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("signature is not good", done.stderr)

    def test_nothing_is_signed_where_something_is_wrong(self):
        os.mkfifo(self.tree / "fifo.py")
        done = self.manifest_command("sign", "--key", self.key, "-o", self.manifest, self.tree)
        self.assertEqual(done.returncode, 1)
        self.assertIn("fifo.py: not a regular file", done.stderr)
        self.assertFalse(self.manifest.exists())
        self.assertEqual([path for path in self.root.iterdir() if path.name.startswith("manifest")], [])

    def test_links_are_named(self):
        (self.tree / "link.py").symlink_to("main.py")
        self.assertIn("left out: " + str(self.tree / "link.py"), self.sign().stderr)
        self.assertNotIn("link.py", self.manifest.read_text())

    def test_usage(self):
        for arguments in [[], ["sign"], ["verify", "--key", self.public], ["enable", self.manifest], ["verify", "--such"]]:
            self.assertEqual(self.manifest_command(*arguments).returncode, 2, arguments)
        done = self.manifest_command("sign", "--key", self.public, self.tree)
        self.assertEqual(done.returncode, 1)
        self.assertIn("public key, where the private one belongs", done.stderr)

    def test_enable_says_of_each_file_what_came_of_it(self):
        self.sign()
        (self.tree / "main.py").write_text("print(2)\n")
        done = self.manifest_command("enable", "--key", self.public, self.manifest)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"not enabled {self.tree}/main.py: changed since it was signed", done.stdout)


class Sealed(Signed):
    """With fs-verity: on a file system made for it, in a kernel that has it."""

    def setUp(self):
        super().setUp()
        image, mount = self.root / "image", self.root / "mount"
        mount.mkdir()
        if not os.path.exists("/dev/loop-control") and shutil.which("modprobe"):
            subprocess.run(["modprobe", "-q", "loop"], check=False)
        made = ["truncate", "-s", "16M", image], ["mkfs.ext4", "-q", "-b", "4096", "-O", "verity", image], ["mount", "-o", "loop", image, mount]
        for command in made:
            try:
                failed = subprocess.run(command, capture_output=True, check=False).returncode != 0
            except FileNotFoundError:
                failed = True
            if failed:
                self.skipTest("no " + " ".join(map(str, command)))
        self.addCleanup(subprocess.run, ["umount", mount], check=False)
        shutil.move(self.tree, mount / "tree")
        self.tree = mount / "tree"

    def test_enable_keeps_files_as_they_are(self):
        self.sign()
        done = self.manifest_command("enable", "--key", self.public, self.manifest)
        if "without fs-verity" in done.stdout:
            self.skipTest("this kernel has no fs-verity")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        with self.assertRaises(PermissionError):
            (self.tree / "main.py").write_text("print(2)\n")
        again = self.manifest_command("enable", "--key", self.public, self.manifest)
        self.assertEqual(again.returncode, 0, again.stdout)
        self.sign()  # which compares its digests with the kernel's


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("skipped: no openssl")
        sys.exit(77)
    unittest.main(verbosity=2)
