# SPDX-License-Identifier: GPL-2.0-or-later
"""Who has CAP_NET_ADMIN in a namespace, as every user has in one of his own, may send to the
netlink sockets there: the kernel alone is believed."""
import subprocess
import sys

import listenq
import rig

SENT = 60

# Answers with a listener that does not exist to every sock_diag socket there is, until its standard
# input is closed; says when it has tried often with the same socket. It leaves room in the buffer
# (rmem), or the kernel could not answer, and a dump would be made again on another socket.
FORGE = r"""
import collections, select, socket, struct, sys
def listener(seq, cookie):
    body = (struct.pack("!BBBBHH", 2, 10, 0, 0, 6666, 0) + socket.inet_aton("6.6.6.6") +
            bytes(28) + struct.pack("=III", 0, cookie, 0) + struct.pack("=5I", 0, 5, 1, 0, cookie))
    return struct.pack("=IHHII", 16 + len(body), 20, 2, seq, 0) + body
me = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 4)
me.bind((0, 0))
me.setblocking(False)
tried = collections.Counter()
said = False
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    with open("/proc/net/netlink") as file:
        rows = [line.split() for line in file][1:]
    for protocol, port, rmem in ((int(row[1]), int(row[2]), int(row[4])) for row in rows):
        if protocol != 4 or port in (0, me.getsockname()[0]) or rmem > 60000:
            continue
        for seq in range(1, 61):
            tried[port] += 1
            try:
                me.sendto(listener(seq, tried[port]), (port, 0))
            except OSError:
                pass
    if not said and tried and max(tried.values()) >= %d:
        said = True
        print("tried", flush=True)
""" % SENT


class Forged(rig.Case):
    def forger(self):
        """A process that answers in the kernel's place."""
        child = subprocess.Popen([sys.executable, "-c", FORGE], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.stdin.close)
        self.assertEqual(child.stdout.readline(), "ready\n")
        return child

    def test_replies_of_others(self):
        """A run that repeats has one socket, which is found while it lives. Its requests are so few
        that one who counts them from 1 would have been answered by then."""
        listener = self.listener()
        forger = self.forger()
        run = listenq.Running("--json", "--watch", "-d", "0.3", "--peak-rate", "0")
        self.addCleanup(run.finish, None)
        self.addCleanup(run.interrupt)
        documents = [listenq.parse(run.process.stdout.readline())]
        self.assertEqual(forger.stdout.readline(), "tried\n")
        # By now each sample finds forged ones in its buffer, if anything does.
        while len(documents) < 8:
            documents.append(listenq.parse(run.process.stdout.readline()))
        for report in documents:
            self.assertEqual([row["port"] for row in report["listeners"]],
                             [listener.port])
            self.assertEqual(report["warnings"], [])
