#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""picture.py FILE.svg: the view of a host in trouble, as a picture and, on stdout, as text.

    tests/picture.py doc/view.svg

What README shows is made by this. It is real: in namespaces that end with it run servers of which
one accepts no more, one is too slow, one was ill and one has crashed. It takes 75 seconds, root,
tmux and Python.

environment: LISTENQ  the program (default: src/listenq)
"""
import argparse
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "lib"))
sys.dont_write_bytecode = True

import cells  # noqa: E402
import netns  # noqa: E402
import rig  # noqa: E402
import screen  # noqa: E402
import svg  # noqa: E402

PICTURE, TEXT = (100, 30), (80, 24)
WELL = (("nginx", "0.0.0.0", 80, 511), ("nginx", "0.0.0.0", 443, 511), ("sshd", "0.0.0.0", 22, 128),
        ("postgres", "127.0.0.1", 5432, 200), ("redis-server", "127.0.0.1", 6379, 511),
        ("prometheus", "0.0.0.0", 9090, 4096))


class Scene(screen.Case):
    """Seconds are those since the view began."""

    def setUp(self):
        super().setUp()
        netns.hostname(b"web3")
        self.begin = time.monotonic()

    def server(self, name, *where):
        return self.own(rig.Server(name, rig.Listener(*where), accepts=True))

    def clients(self, server, rate, first=0, last=1e9):
        """So many a second come, and go after 3 seconds."""
        held = []
        address = server.address.replace("0.0.0.0", "127.0.0.1")

        def step():
            now = time.monotonic() - self.begin
            if first <= now < last:
                held.append((now, rig.connect(address, server.port)))
            while held and held[0][0] < now - 3:
                held.pop(0)[1].close()
        self.own(rig.Worker(step, 1 / rate))

    def await_second(self, second):
        rig.wait_until(self.begin + second)

    def runTest(self):
        for where in WELL:
            self.server(*where)
        gunicorn = self.server("gunicorn", "127.0.0.1", 8000, 64)
        java = self.server("java", "0.0.0.0", 8080, 50)
        api = self.server("api", "0.0.0.0", 9000, 64)
        statsd = self.server("statsd", "127.0.0.1", 8125, 128)
        views = [self.screen(cols=cols, rows=rows) for cols, rows in (PICTURE, TEXT)]
        self.begin = time.monotonic()
        for server, rate in (gunicorn, 50), (java, 40), (api, 40), (statsd, 2):
            self.clients(server, rate)
        self.await_second(6)
        api.accepts = False
        self.await_second(22)
        api.accepts = True
        self.await_second(30)
        statsd.close()
        self.await_second(36)
        gunicorn.accepts = False
        java.work(40)
        self.await_second(75)
        self.found = [view.lines(escapes=escapes) for view, escapes in zip(views, (True, False))]


def inside(path):
    # Processes have numbers as on a host that has run for a while.
    pathlib.Path("/proc/sys/kernel/ns_last_pid").write_text("2400", encoding="ascii")
    scene = Scene()
    try:
        scene.setUp()
        scene.runTest()
    finally:
        scene.doCleanups()
    picture, text = scene.found
    path.write_text(svg.draw(cells.parse(picture), PICTURE[0]), encoding="utf-8")
    print("\n".join(text))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.file)
        return 0
    return subprocess.run(["unshare", "-n", "-u", "-m", "-p", "-f", "--kill-child", "--mount-proc",
                           sys.executable, __file__, "--inside", options.file],
                          check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
