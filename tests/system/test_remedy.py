# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands after "Do" can be typed, and does what it says, where it says so."""
import os
import re
import subprocess

import listenq
import netns
import rig

ABORT = "net.ipv4.tcp_abort_on_overflow"
COOKIES = "net.ipv4.tcp_syncookies"
QFULL = "TcpExtTCPReqQFullDrop"


class Remedies(rig.Case):
    def setUp(self):
        super().setUp()
        netns.own_names(self)

    def commands(self, out, listener, where=""):
        line, = re.findall(rf"^Do \({where}{re.escape(listener.address)}:{listener.port}\): "
                           r".*?:  (.*)$", out, re.M)
        return line.split("  or: ")

    def do(self, command):
        """With the program under test, as somebody types it."""
        path = f"{os.path.dirname(listenq.PROGRAM)}:{os.environ['PATH']}"
        return subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True,
                              timeout=20, env={**os.environ, "PATH": path}).stdout

    def full(self):
        listener = self.listener(backlog=1)
        self.queue(listener, 2)
        return listener

    def test_sysctl(self):
        """Here, and in a namespace that has a name, a process, or a name with blanks."""
        netns.sysctl(ABORT, 1)
        listener = self.full()
        command, = self.commands(listenq.run("-d0", "-4").out, listener)
        self.do(command)
        self.assertEqual(netns.sysctl(ABORT), 0)
        blue, inhabited = self.own(netns.Named("my blue")), self.own(netns.Inhabited())
        for other, options in ((blue, ["-N", "my blue"]), (inhabited, ["-N", str(inhabited.pid)]),
                               (inhabited, ["-A"]), (blue, ["-A"])):
            netns.sysctl(ABORT, 1)
            with other:
                netns.sysctl(ABORT, 1)
                there = self.full()
            out = listenq.run("-d0", "-4", *options, f":{there.port}").out
            with self.subTest(out):
                command, = self.commands(out, there, r"(?:.* )?")
                self.do(command)
                self.assertEqual(netns.sysctl(ABORT), 1)
                with other:
                    self.assertEqual(netns.sysctl(ABORT), 0)

    def test_once(self):
        """The same step for two listeners, and one step for each where they differ."""
        netns.sysctl(ABORT, 1)
        listeners = [self.full() for _ in range(6)]
        out = listenq.run("-d0", "-4").out
        self.assertEqual(re.findall(r"(?m)^Do .*", out),
                         [line for line in out.splitlines() if line.endswith(f"sysctl -w {ABORT}=0")])
        self.assertEqual(out.count("\nDo "), 1)
        netns.sysctl(ABORT, 0)
        out = listenq.run("-d0", "-4").out
        for listener in sorted(listeners, key=lambda one: one.port)[:4]:
            self.commands(out, listener)
        self.assertEqual(out.count("\nDo ("), 4)
        self.assertIn("\nDo: likewise for 2 more listeners\n", out)

    def test_listenq(self):
        """Commands of our own find the listener, and nothing else."""
        self.listener()
        netns.sysctl("net.core.somaxconn", 2)
        blue = self.own(netns.Named("blue"))
        listener = self.full()
        with blue:
            there = self.full()
        for options, one, where in (([], listener, ""), (["-N", "blue"], there, "")):
            command, = self.commands(listenq.run("-d0", "-4", *options).out, one, where)
            self.assertTrue(command.startswith("listenq -d 5 -p "), command)
            out = self.do(command.replace("-d 5", "-d 0 -H -o local,pid"))
            self.assertEqual(out.splitlines()[0].split()[:2],
                             [f"{one.address}:{one.port}", str(os.getpid())])

    def test_syncookies(self):
        """Without them a full SYN queue drops: that is said, and they are turned on."""
        netns.sysctl(COOKIES, 0)
        listener = self.listener(backlog=3)

        def flood():
            before = netns.counter(QFULL)
            self.syns(listener, 10, drops=False)
            rig.wait_for(lambda: netns.counter(QFULL) > before, "a SYN that is dropped")
        out = listenq.during(flood).out
        self.assertRegex(out, r"(?m)^dropping \(.*\): the SYN queue is full and drops SYNs, as "
                              r"tcp_syncookies is 0; turn syncookies on$")
        on, who = self.commands(out, listener)
        self.do(on)
        self.assertEqual(netns.sysctl(COOKIES), 1)
        self.assertIn("half-open", self.do(who))
