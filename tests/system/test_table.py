# SPDX-License-Identifier: GPL-2.0-or-later
"""The table and the JSON document show the same, field by field."""
import socket
import tempfile

import listenq
import netns
import oracle
import rig
import table

MARKS = {"overflowing": "!!", "full": "!", "dropping": "!", "syn-full": "!",
         "high": "~", "ok": "."}

LONG = "2001:db8:85a3:1234:5678:8a2e:370:7334"


def number(value):
    return "-" if value is None else str(value)


def percent(length, capacity):
    return "-" if length is None or not capacity else f"{length * 100 // capacity}%"


def flag(value):
    return {None: "-", True: "yes", False: "no"}[value]


def rise(delta):
    return "-" if delta is None else f"+{delta}" if delta else "0"


def local(row):
    address, device = row["address"], row["interface"]
    if row["family"] == "inet6":
        address = f"[{address}]"
        if address == "[::]" and not row["v6only"]:
            address = "*"
    return address + (f"%{device}" if device else "") + f":{row['port']}"


def bounds(row):
    least, most = row["overflows"]["min"], row["overflows"]["max"]
    if most is None:
        return "-"
    return rise(most) if least == most else f"+{least}..{most}"


def expected(row):
    """Cells the table must show for a listener of the JSON document."""
    queue, syn = row["accept_queue"], row["syn_queue"]
    return {
        "SEV": MARKS[row["state"]], "STATE": row["state"],
        "LOCAL_ADDRESS": local(row), "ADDRESS": row["address"],
        "PORT": str(row["port"]), "FAMILY": row["family"],
        "PROTO": row["protocol"], "NETNS": number(row["netns"]),
        "INTERFACE": number(row["interface"]), "V6ONLY": flag(row["v6only"]),
        "MPTCP": flag(row["mptcp"]), "INODE": number(row["inode"]),
        "COOKIE": row["cookie"], "UID": number(row["uid"]),
        "CGROUP": number(row["cgroup"]),
        "QUEUED": str(queue["length"]), "LIMIT": str(queue["limit"]),
        "CAPACITY": str(queue["capacity"]),
        "FILL": percent(queue["length"], queue["capacity"]),
        "FULL": flag(queue["full"]),
        "PEAK": percent(queue["peak_length"], queue["capacity"]),
        "PEAKLEN": number(queue["peak_length"]),
        "SYNRECV": str(syn["length"]), "SYNLIMIT": number(syn["limit"]),
        "SYNFILL": percent(syn["length"], syn["limit"]),
        "SYNRETRANS": str(syn["retransmitted"]),
        "SOCKETS": str(row["reuseport"]["sockets"]),
        "DROPS": str(row["drops"]["total"]), "+DROPS": rise(row["drops"]["delta"]),
        "OVERFLOWS": bounds(row), "WHY": ",".join(row["reasons"]) or "-",
        "SAMPLES": number(queue["samples"]), "OVERMIN": number(row["overflows"]["min"]),
        "OVERMAX": number(row["overflows"]["max"]),
    }


class Table(rig.Case):
    def motley(self):
        """Listeners of every kind, in several states."""
        full = self.listener(backlog=2)
        self.fill(full, 2)
        self.overflow(full, 4)
        high = self.listener("::1", backlog=4)
        self.queue(high, 4)
        self.listener("::", v6only=True)
        dual = self.listener("::", backlog=9, defer=True)
        self.connected(dual, 3, address="127.0.0.1")
        self.listener("0.0.0.0", device="lo")
        group = self.listener("127.0.0.1", reuseport=True)
        self.listener("127.0.0.1", group.port, reuseport=True)
        shrunk = self.listener(backlog=9)
        self.queue(shrunk, 8)
        shrunk.listen(2)
        return full, dual

    def compare(self, cells, report, skip=()):
        self.assertEqual(len(cells), len(report["listeners"]))
        rows = {row["cookie"]: row for row in report["listeners"]}
        for shown in cells:
            want = expected(rows[shown["COOKIE"]])
            shown["WHY"] = shown["WHY"] or "-"
            for name in skip:
                want.pop(name)
            self.assertLessEqual(set(want), set(shown))
            self.assertEqual({name: shown[name] for name in want}, want)
            self.assertEqual(shown["LOCAL_ADDRESS"], rows[shown["COOKIE"]]["local"])
            self.assertEqual(shown["NAMESPACE"], number(rows[shown["COOKIE"]]["namespace"]))
        self.assertEqual([shown["COOKIE"] for shown in cells],
                         [row["cookie"] for row in report["listeners"]])

    def test_every_column_at_an_instant(self):
        self.motley()
        report = listenq.instant()
        cells, _ = table.parse(listenq.run("-d", "0", "-O").out)
        self.compare(cells, report)

    def test_every_column_of_a_window(self):
        """Two windows cannot be the same one; these two hold nothing new."""
        self.motley()
        report = listenq.report("-d", "0.2")
        cells, _ = table.parse(listenq.run("-d", "0.2", "-O").out)
        self.compare(cells, report, skip=("WHY", "SAMPLES"))
        for row in cells:
            self.assertEqual((row["+DROPS"], row["OVERFLOWS"]), ("0", "0"))
            self.assertEqual(float(row["DROPS/S"]), 0)

    def test_bounds_that_differ(self):
        netns.sysctl("net.ipv4.tcp_abort_on_overflow", 1)
        slow = self.listener(backlog=5, defer=True)
        late = self.primed(slow, 5, 2)

        other = self.listener(backlog=1)
        self.fill(other, 1)

        def both():
            for client in late:
                client.send(b"x")
            rig.wait_for(lambda: netns.counter(netns.LO) == 2, "two overflows")
            self.overflow(other, 3)
        out = listenq.during(both, "-o", "port,drops-delta,overflows").out
        cells = {int(row["PORT"]): (row["+DROPS"], row["OVERFLOWS"])
                 for row in table.parse(out)[0]}
        self.assertEqual(cells, {slow.port: ("+4", "+2..4"),
                                 other.port: ("+3", "+1..3")})

    def test_on_80_columns(self):
        """Who, where, how bad and why, whatever the names are; none of it costs another."""
        netns.address(f"{LONG}/128")
        full = self.listener(LONG, backlog=2)
        self.fill(full, 2)
        stuck = self.listener(backlog=2)
        self.fill(stuck, 2)
        self.overflow(stuck, 4)
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        path = f"{directory.name}/{'x' * 60}.sock"
        late = self.own(socket.socket(socket.AF_UNIX))
        late.bind(path)
        late.listen(3)
        for options in ["-x"], ["-x", "--ascii"], []:
            text = listenq.run("-d", "0.2", "--width=80", *options).out
            lines = text[:text.index("\n\n")].splitlines()
            for header in ("STATE", "LOCAL ADDRESS", "PROCESS", "QUEUED", "LIMIT", "OVERFLOWS",
                           "WHY"):
                self.assertIn(f" {header} ", f" {lines[0]} ")
            self.assertLessEqual(max(map(len, lines)), 80)
            cells, _ = table.parse(text)
            shown = {row["LOCAL_ADDRESS"]: row for row in cells}
            mine, = (row for row in cells if row["LOCAL_ADDRESS"].endswith(f"]:{full.port}"))
            self.assertEqual((mine["STATE"], mine["QUEUED"], mine["LIMIT"]), ("full", "3", "2"))
            self.assertTrue(mine["LOCAL_ADDRESS"].startswith("[2001:"), mine)
            self.assertIn(f"127.0.0.1:{stuck.port}", shown)
        whole = listenq.run("-x", "-d", "0", "-o", "local").out
        self.assertIn(path, whole)
        self.assertIn(f"[{LONG}]:{full.port}", whole)

    def test_aligned_and_whole(self):
        """Columns start below their headers, and no line has a ragged tail."""
        self.motley()
        lines = listenq.run("-d", "0", "-o", "local,state,reasons").out.splitlines()
        at = lines[0].index("STATE")
        for line in lines[1:]:
            self.assertNotEqual(line[at], " ")
            self.assertEqual(line[at - 1], " ")
            self.assertEqual(line, line.rstrip())

    def test_local_addresses_as_ss(self):
        self.motley()
        out = listenq.run("-d", "0", "-H", "-o", "local").out
        self.assertEqual(sorted(out.split()), oracle.locals_())

    def test_nothing_moved(self):
        self.listener()
        _, footer = table.parse(listenq.run("-d", "0.2").out)
        text = "\n".join(footer)
        for word in ("somaxconn", "tcp_max_syn_backlog", "tcp_syncookies",
                     "tcp_abort_on_overflow"):
            self.assertIn(word, text)
        self.assertNotIn("ListenOverflows", text)
