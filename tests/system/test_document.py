# SPDX-License-Identifier: GPL-2.0-or-later
"""The JSON document as such."""
import datetime
import json
import os

import listenq
import netns
import oracle
import rig
import table


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


class Document(rig.Case):
    def test_identity(self):
        self.listener()
        before = datetime.datetime.now(datetime.timezone.utc)
        seen = rig.Span(listenq.instant)
        report = seen.result
        self.assertEqual(report["schema_version"], 1)
        self.assertEqual(report["host"], os.uname().nodename)
        self.assertEqual(report["boot_id"],
                         read("/proc/sys/kernel/random/boot_id"))
        when = datetime.datetime.strptime(report["time"], "%Y-%m-%dT%H:%M:%S.%fZ")
        when = when.replace(tzinfo=datetime.timezone.utc)
        # It has three digits.
        self.assertGreater(when, before - datetime.timedelta(milliseconds=1))
        self.assertLess(when, datetime.datetime.now(datetime.timezone.utc))
        self.assertGreaterEqual(report["monotonic_seconds"], round(seen.begin, 6))
        self.assertLessEqual(report["monotonic_seconds"], seen.end)
        self.assertIn(report["version"], listenq.run("--version").out)

    def test_namespace(self):
        netns.sysctl("net.core.somaxconn", 321)
        netns.sysctl("net.ipv4.tcp_synack_retries", 3)
        space, = listenq.instant()["namespaces"]
        self.assertEqual((space["netns"], space["name"]), (netns.inode(), None))
        for name, value in space["sysctl"].items():
            where = "net.core." if name == "somaxconn" else "net.ipv4."
            self.assertEqual(value, netns.sysctl(where + name), name)
        self.assertEqual(space["sysctl"]["somaxconn"], 321)
        for name in (netns.LO, netns.LD, "TcpPassiveOpens", "TcpAttemptFails",
                     "TcpEstabResets", "TcpOutRsts", "TcpExtTCPReqQFullDrop",
                     "TcpExtTCPReqQFullDoCookies", "TcpExtSyncookiesSent",
                     "TcpExtSyncookiesRecv", "TcpExtSyncookiesFailed",
                     "TcpExtEmbryonicRsts", "TcpExtTCPDeferAcceptDrop",
                     "TcpExtTCPFastOpenListenOverflow"):
            self.assertIn(name, space["counters"])

    def test_listener(self):
        plain = self.listener("0.0.0.0")
        six = self.listener("::1")
        dual = self.listener("::", v6only=False)
        only = self.listener("::", v6only=True)
        bound = self.listener("127.0.0.1", device="lo")
        report = listenq.instant()
        self.assertSameAsKernel(report)
        want = {plain: ("inet", "0.0.0.0", None, None),
                six: ("inet6", "::1", True, None),  # bind(2) sets it
                dual: ("inet6", "::", False, None),
                only: ("inet6", "::", True, None),
                bound: ("inet", "127.0.0.1", None, "lo")}
        for listener, (family, address, v6only, device) in want.items():
            row = self.row(report, listener)
            self.assertEqual((row["family"], row["address"], row["v6only"],
                              row["interface"], row["port"]),
                             (family, address, v6only, device, listener.port))
            self.assertEqual(row["protocol"], "tcp")
            self.assertEqual(row["inode"], listener.inode)
            self.assertEqual(row["uid"], os.getuid())
            self.assertEqual(row["netns"], netns.inode())
            for name in "path", "processes", "unit", "waiting", "half_open":
                self.assertIsNone(row[name], name)
        self.assertEqual(report["warnings"], [])

    def test_uid_of_another_user(self):
        listener = self.listener()
        uid = 0 if "LISTENQ_TESTS_USERNS" in os.environ else 1234
        os.fchown(listener.sock.fileno(), uid, -1)
        row = self.row(listenq.instant(), listener)
        self.assertEqual(row["uid"], uid)

    def test_strange_device_names(self):
        """Not UTF-8, and bytes that a terminal would obey."""
        for name in b"a\xffb", b"\x1b[31mred", b'q"\\"', "\u00e9t\u00e9".encode():
            with self.subTest(name=name):
                netns.enter()
                netns.device(name)
                listener = self.listener("0.0.0.0", device=name)
                row = self.row(listenq.instant(), listener)
                self.assertTrue(row["interface"])
                out = listenq.run("-d", "0", "-O").out
                self.assertNotIn("\x1b", out)
                self.assertEqual(len(table.parse(out)[0]), 1)

    def test_lines(self):
        """One object, each listener on a line of its own."""
        for _ in range(3):
            self.listener()
        text = listenq.run("-j", "-d", "0").out
        self.assertTrue(text.endswith("\n"))
        rows = []
        for line in text.splitlines():
            try:
                value, _ = json.JSONDecoder().raw_decode(line.strip())
            except ValueError:
                continue
            if isinstance(value, dict) and "accept_queue" in value:
                rows.append(value["cookie"])
        self.assertEqual(sorted(rows), sorted(r.cookie for r in oracle.listeners()))
        self.assertEqual(listenq.run("-J", "-d", "0").json["listeners"],
                         listenq.parse(text)["listeners"])

    def test_schema_forbids_strangers(self):
        """A schema that lets anything pass proves nothing."""
        self.listener()
        for where in ([], ["listeners", 0], ["listeners", 0, "accept_queue"],
                      ["namespaces", 0]):
            document = listenq.instant()
            part = document
            for step in where:
                part = part[step]
            for name in list(part):
                value = part.pop(name)
                self.assertFalse(listenq.validator().is_valid(document), name)
                part[name] = value
            self.assertTrue(listenq.validator().is_valid(document))
