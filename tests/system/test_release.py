# SPDX-License-Identifier: GPL-2.0-or-later
"""The version is one in all files that have it; make release refuses what is not ready."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import listenq
import source

FILES = (".ci/release", "configure.ac", "NEWS", "debian/changelog", "contrib/rpm/listenq.spec")

# "make distcheck": a tarball of all files but those that SKIP names.
MAKE = """#!/bin/sh
test "$*" = distcheck || exit 1
git ls-files | grep -v "${SKIP:-^$}" | tar -cJf listenq-0.1.0.tar.xz --transform 's|^|listenq-0.1.0/|' -T -
"""


class Version(unittest.TestCase):
    def test_is_one(self):
        subprocess.run([source.TOP / ".ci/release", "--check"], check=True)

    def test_of_the_program_is_that_of_configure(self):
        version = re.search(r"^AC_INIT\(\[listenq\], \[(.*)\]\)$",
                            (source.TOP / "configure.ac").read_text(), re.MULTILINE)[1]
        self.assertEqual(listenq.run("--version").out, f"listenq {version}\n")


@unittest.skipUnless(shutil.which("git"), "no git")
class Release(unittest.TestCase):
    """A clone of its own, in which all is ready."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.top = pathlib.Path(scratch.name)
        # Without their modes: make distcheck makes the sources read-only.
        for path in [source.TOP / name for name in FILES] + list(source.TOP.glob("man/*.[1-9]")):
            copy = self.top / path.relative_to(source.TOP)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        (self.top / ".ci/release").chmod(0o755)
        self.make = self.top / "fake-make"
        self.make.write_text(MAKE)
        self.make.chmod(0o755)
        (self.top / ".gitignore").write_text("/listenq-*.tar.*\n")
        self.edit("configure.ac", r"^AC_INIT.*", "AC_INIT([listenq], [0.1.0])")
        self.edit("NEWS", r"\A.*", "listenq 0.1.0 (2099-01-02)")
        self.edit("debian/changelog", r"\A.*", "listenq (0.1.0) unstable; urgency=medium")
        self.edit("debian/changelog", r"^( -- .*>  ).*", r"\1Fri, 02 Jan 2099 12:00:00 +0000")
        self.edit("contrib/rpm/listenq.spec", r"^Version:.*", "Version: 0.1.0")
        self.edit("contrib/rpm/listenq.spec", r"^\* .*", "* Fri Jan 02 2099 A B <a@b.c> - 0.1.0-1")
        self.git("init", "-q")
        self.commit()

    def edit(self, name, pattern, text):
        before = (self.top / name).read_text()
        after, times = re.subn(pattern, text, before, count=1, flags=re.MULTILINE)
        self.assertEqual(times, 1, f"{name}: {pattern}")
        (self.top / name).write_text(after)

    def git(self, *args):
        subprocess.run(["git", "-C", self.top, "-c", "user.name=a", "-c", "user.email=a@b.c", *args],
                       check=True)

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "all")

    def release(self, *args, **environ):
        return subprocess.run([".ci/release", *args], cwd=self.top, text=True,
                              env=dict(os.environ, MAKE=str(self.make), **environ),
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def refused(self, why, *args, **environ):
        result = self.release(*args, **environ)
        self.assertEqual(result.returncode, 1, result)
        self.assertRegex(result.stderr, why)
        self.assertTrue(all(line.startswith("release: ") for line in result.stderr.splitlines()),
                        result.stderr)
        self.assertEqual(list(self.top.glob("listenq-0.1.0.tar.xz*")), [])

    def test_is_made(self):
        result = self.release()
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        subprocess.run(["sha256sum", "--quiet", "-c", "listenq-0.1.0.tar.xz.sha256"], check=True,
                       cwd=self.top)

    def test_another_version_anywhere(self):
        for name, pattern, text in (
                ("configure.ac", r"0\.1\.0", "0.2.0"),
                ("NEWS", r"0\.1\.0", "0.0.9"),
                ("debian/changelog", r"0\.1\.0", "0.1.0-1"),
                ("contrib/rpm/listenq.spec", r"^Version:.*", "Version: 0.1"),
                ("contrib/rpm/listenq.spec", r"- 0\.1\.0-1", "- 0.0.9-1")):
            before = (self.top / name).read_text()
            with self.subTest(name=name, text=text):
                self.edit(name, pattern, text)
                self.refused("AC_INIT has 0.2.0" if name == "configure.ac" else name, "--check")
                (self.top / name).write_text(before)

    def test_news_without_a_date(self):
        self.edit("NEWS", r"\(.*\)", "(not released yet)")
        self.commit()
        self.assertEqual(self.release("--check").returncode, 0)
        self.refused("NEWS has no date")

    def test_another_date(self):
        self.edit("debian/changelog", "Fri, 02", "Thu, 01")
        self.commit()
        self.refused("debian/changelog has the date 'Thu, 01 Jan 2099")

    def test_spec_of_another_date(self):
        self.edit("contrib/rpm/listenq.spec", "Fri Jan 02", "Thu Jan 01")
        self.commit()
        self.refused("spec has the date 'Thu Jan 01 2099'")

    def test_unreleased(self):
        self.edit("debian/changelog", "unstable", "UNRELEASED")
        self.commit()
        self.refused("UNRELEASED")

    def test_page_of_a_later_day(self):
        self.edit("man/listenq.8", r"^\.Dd .*", ".Dd January 3, 2099")
        self.commit()
        self.refused("man/listenq.8 is of 2099-01-03")

    def test_what_is_not_committed(self):
        self.edit("NEWS", r"\n\n", "\n\n  ")
        self.refused("not committed: NEWS")

    def test_distcheck_that_fails(self):
        self.make.write_text("#!/bin/sh\nexit 1\n")
        self.commit()
        result = self.release()
        self.assertEqual(result.returncode, 1, result)

    def test_file_that_the_tarball_lacks(self):
        self.refused("EXTRA_DIST of Makefile.am lacks debian/changelog", SKIP="^debian/changelog")
