# SPDX-License-Identifier: GPL-2.0-or-later
"""Multipath TCP listeners are TCP listeners with a mark."""
import re
import socket

import listenq
import nobody
import rig
import screen


def listen(case, backlog):
    """The port of an MPTCP listener."""
    sock = case.mptcp() or case.skipTest("no MPTCP")
    sock.bind(("127.0.0.1", 0))
    sock.listen(backlog)
    return sock.getsockname()[1]


def connect(case, port, sock=None):
    sock = sock or case.mptcp()
    sock.connect(("127.0.0.1", port))
    sock.send(b"y" * 77)
    return sock


class Mptcp(rig.Case):
    def test_mark(self):
        port = listen(self, 7)
        plain = self.listener(backlog=7)
        self.mptcp().connect(("127.0.0.1", port))
        rows = {row["port"]: row for row in listenq.instant()["listeners"]}
        self.assertEqual({port: True, plain.port: False},
                         {number: row["mptcp"] for number, row in rows.items()})
        self.assertEqual(rows[port]["protocol"], "tcp")
        rig.wait_for(lambda: [row["accept_queue"]["length"] for row in
                              listenq.instant()["listeners"] if row["port"] == port] == [1],
                     "the connection to be queued")
        marks = dict(line.split() for line in listenq.run(
            "-d0", "-H", "-o", "port,mptcp").out.splitlines())
        self.assertEqual(marks, {str(port): "yes", str(plain.port): "no"})
        header, first, *_ = listenq.run("-d0", "-e", "-s-mptcp").out.splitlines()
        self.assertEqual((header.split()[-1], first.split()[-1]), ("MPTCP", "yes"))

    def test_what_waits(self):
        """Data and the end of it move to the MPTCP socket: of a subflow neither is known."""
        port = listen(self, 3)
        clients = [*(connect(self, port) for _ in range(3)),
                   connect(self, port, self.own(socket.socket()))]
        for sock in clients[1:]:
            sock.shutdown(socket.SHUT_WR)
        plain = clients[3].getsockname()[1]
        expected = {sock.getsockname()[1]: (None, None) for sock in clients}
        expected[plain] = (77, True)

        def waiting():
            row, = listenq.instant("-D", f"sport = :{port}")["listeners"]
            return {peer["peer_port"]: (peer["unread_bytes"], peer["peer_closed"])
                    for peer in row["waiting"]}
        rig.wait_for(lambda: waiting().get(plain) == expected[plain], "the end of plain TCP")
        self.assertEqual(waiting(), expected)
        lines = listenq.run("-d0", "-D", f"sport = :{port}").out.splitlines()
        self.assertEqual({line.split("unread", 1)[1].strip() for line in lines
                          if "unread" in line}, {"-  MPTCP", "77  closed by peer"})

    def test_without_privilege(self):
        """Some kernels show everybody that a listener is MPTCP, none that it is not."""
        port = listen(self, 7)
        plain = self.listener()
        nobody.let_all_run(self)
        rows = {row["port"]: row["mptcp"]
                for row in listenq.instant(prefix=nobody.NOBODY)["listeners"]}
        self.assertIn(rows[port], (True, None))
        self.assertIsNone(rows[plain.port])


class Detail(screen.Case):
    def test_unread_is_unknown(self):
        """The page of the interactive view has a dash where the table and the document have."""
        port = listen(self, 7)
        connect(self, port)
        connect(self, port, self.own(socket.socket()))
        terminal = self.screen("-d", "0.2", cols=100, rows=30)
        terminal.see(f":{port}")
        terminal.keys("Enter")
        terminal.see("2 waiting")
        rows = re.findall(r" [\d.]+s +([-\d]+)  \S+:\d+(?: (MPTCP))?", "\n".join(terminal.lines()))
        self.assertEqual(set(rows), {("-", "MPTCP"), ("77", "")})
