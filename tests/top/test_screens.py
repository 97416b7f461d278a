# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole screens, as tests/expected/ has them; LISTENQ_UPDATE_EXPECTED=1 writes them anew."""
import difflib
import os
import re
import time

import netns
import rig
import screen
import source

UPDATE = "LISTENQ_UPDATE_EXPECTED" in os.environ


def masked(lines):
    """Without moments, numbers of processes, and what is as long as these leave room for."""
    text = "\n".join(screen.masked(lines))
    text = re.sub(r"(?<=\[)\d+(?=\])|(?<=process )\d+|(?<=-fp )\d+|(?<=/proc/)\d+|(?<=_PID=)\d+",
                  "PID", text)
    text = re.sub(r"127\.0\.0\.1:[2-6]\d{4}\b", "CLIENT", text)
    # Where there is little room a name has its number only if that is a small one.
    text = re.sub(r"\[PID\]", "", text)
    return re.sub(" ?─{3,}", " ───", re.sub("·{3,}", "···", text)).split("\n")


class Screens(screen.Case):
    def setUp(self):
        super().setUp()
        netns.hostname(b"web3")
        netns.established_hash(1 << 10)
        for i, name in enumerate(("nginx", "postgres", "sshd")):
            listener = rig.Listener(f"127.0.0.{i + 10}", 7000 + i, backlog=20)
            self.own(rig.Server(name, listener, accepts=True))

    def begin(self, **kwargs):
        """Windows are ended by hand."""
        view = self.screen("-d", "600", **kwargs)
        rig.wait_until(time.monotonic() + 1.2)  # for sums, and for a proof
        view.keys("Space")
        view.shows(lambda view: self.assertRegex(view.title, r"\b3 ok\b|\bwell\b"))
        return view

    def assertExpected(self, name, view):
        path = source.TOP / "tests/expected" / f"top-{name}-{view.cols}x{view.rows}.txt"
        if UPDATE:
            path.write_text("\n".join(masked(view.lines())) + "\n", encoding="utf-8")
        expected = path.read_text(encoding="utf-8").rstrip("\n").split("\n")

        def same(lines):
            found = "\n".join(masked(lines)).rstrip("\n").split("\n")
            self.assertTrue(found == expected, "\n".join(
                ["", *difflib.unified_diff(expected, found, path.name, "the screen", n=1)]))
        view.settle(same, deadline=3)

    def both(self, name, prepare=lambda view: None):
        for cols, rows in (80, 24), (140, 40):
            view = self.begin(cols=cols, rows=rows)
            prepare(view)
            self.assertExpected(name, view)
            view.close()

    def test_calm(self):
        self.both("calm")

    def test_stuck(self):
        listener = rig.Listener("127.0.0.1", 8000, 4)
        self.fill(listener, 4)
        self.own(rig.Sleeper("gunicorn", listener))
        self.both("stuck", lambda view: view.see("accepted no connection"))

    def test_pages(self):
        for name, key, says in (("help", "?", "General"), ("setup", "F2", "Setup ─"),
                                ("sort", "F6", "Sort")):
            def press(view, key=key, says=says):
                view.keys(key)
                view.see(says)
            self.both(name, press)
