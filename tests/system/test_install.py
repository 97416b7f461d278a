# SPDX-License-Identifier: GPL-2.0-or-later
"""make install puts every file in its place, make uninstall leaves none."""
import os
import pathlib
import re
import stat
import subprocess
import tempfile
import unittest

import listenq
import source

BUILD = pathlib.Path(listenq.PROGRAM).resolve().parent.parent
NAMES = ("listenq", "check_listenq")
# Folders of contrib/ that go to $(pkgdatadir) as they are, without their tests.
SHARED = ("prometheus", "grafana", "icinga2", "nagios")


def expected():
    """The paths below the prefix, as the sources have them."""
    for name in NAMES:
        yield f"bin/{name}"
        yield f"share/bash-completion/completions/{name}"
        yield f"share/zsh/site-functions/_{name}"
        yield f"share/fish/vendor_completions.d/{name}.fish"
    for page in (source.TOP / "man").glob("*.[1-9]"):
        yield f"share/man/man{page.suffix[1:]}/{page.name}"
    for name in ("NEWS", "README.md", "listenq.schema.json"):
        yield f"share/doc/listenq/{name}"
    for unit in (source.TOP / "contrib" / "systemd").glob("*.*.in"):
        yield f"lib/systemd/system/{unit.stem}"
    for folder in SHARED:
        for path in (source.TOP / "contrib" / folder).rglob("*"):
            if path.is_file() and ".test." not in path.name and "__pycache__" not in path.parts:
                yield f"share/listenq/{path.relative_to(source.TOP / 'contrib')}"


class Install(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name) / "root"
        self.make("install")

    def make(self, target):
        # The jobs are of the make that runs the tests.
        environ = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        subprocess.run(["make", "-s", "-C", BUILD, target, "prefix=/usr", f"DESTDIR={self.root}"],
                       env=environ, check=True, stdout=subprocess.DEVNULL)

    def files(self):
        return sorted(path for path in self.root.rglob("*")
                      if path.is_symlink() or not path.is_dir())

    def test_each_file_is_in_its_place(self):
        self.assertEqual([str(path.relative_to(self.root / "usr")) for path in self.files()],
                         sorted(expected()))

    def test_modes(self):
        for path in self.files():
            if not path.is_symlink():
                mode = 0o755 if path.parent.name == "bin" else 0o644
                self.assertEqual(stat.S_IMODE(path.stat().st_mode), mode, path)

    def test_check_listenq_is_a_link_that_holds_in_any_root(self):
        self.assertEqual(os.readlink(self.root / "usr/bin/check_listenq"), "listenq")

    def test_nothing_names_the_place_of_the_build(self):
        for path in self.files():
            if path.parent.name != "bin":
                text = path.read_text()
                self.assertFalse(str(self.root) in text or str(BUILD) in text, path)
                self.assertNotRegex(text, re.compile(r"^[^#]*=.*@\w+@", re.MULTILINE), path)

    def test_uninstall_leaves_nothing(self):
        self.make("uninstall")
        self.assertEqual(self.files(), [])
