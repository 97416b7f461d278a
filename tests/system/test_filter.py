# SPDX-License-Identifier: GPL-2.0-or-later
"""FILTER: the rows of ss for what ss knows, whoever filters; and what ss does not know."""
import itertools
import random
import shlex
import subprocess
import unittest

import listenq
import netns
import oracle
import rig

EXPRESSIONS = 200

# Where listening sockets are: (address, options), each on a few ports.
PLACES = [
    ("0.0.0.0", {}), ("127.0.0.1", {}), ("127.0.0.2", {}), ("10.1.2.3", {}), ("10.9.0.1", {}),
    ("::", {}), ("::", {"v6only": True}), ("::1", {}), ("fd00::1", {}), ("fd00:1::1", {}),
    ("::ffff:10.1.2.3", {}), ("::ffff:127.0.0.2", {}),
    ("0.0.0.0", {"device": "lo"}), ("127.0.0.1", {"device": "lo"}), ("::", {"device": "lo"}),
    ("0.0.0.0", {"device": "fil0"}), ("::", {"device": "fil0", "v6only": True}),
]
ADDRESSES = ["10.1.2.3/8", "10.9.0.1/8", "fd00::1/64", "fd00:1::1/64"]

PORTS = [":80", "80", ":http", ":*", "*", ":443", ":1024", ":1500", "1517", ":40000", ":65535",
         ":0", ":1", ":50003"]
HOSTS = [
    "*", "any", "all", "0.0.0.0", "0.0.0.0/0", "0/0", "127.0.0.1", "127.0.0.0/8", "127/8",
    "10.0.0.0/8", "10/8", "10.1.0.0/16", "10.1.2.3", "10.8/15", "127.0.0.2/31",
    "10.0.0.0/255.0.0.0", "[::]", "[::]:*", "::/0", "[::1]", "::/96", "fd00::/16", "fd00::/64",
    "[fd00::1]", "[::ffff:10.1.2.3]", "::ffff:0:0/96", "::ffff:10.0.0.0/104", "[::1/64]",
    "[127.0.0.1]",
]
# Behind one of these ss refuses addresses of the other family.
FAMILIES = ["inet:*", "inet6:*", "inet:127.0.0.1", "inet6:[::1]", "inet::80", "inet6:*:80"]
ORDERS = [">=", "<=", ">", "<", "ge", "geq", "le", "leq", "gt", "lt"]


class Generator:
    """Expressions that ss understands, with blanks around everything, as it wants them."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def port(self):
        return self.random.choice(PORTS)

    def number(self):
        """What ports can be compared with: ss takes ":*" for -1 there."""
        return self.random.choice([port for port in PORTS if "*" not in port])

    def host(self):
        host = self.random.choice(HOSTS)
        if (":" not in host or host.endswith("]")) and not host.endswith("*") and self.random.random() < 0.3:
            host += ":" + self.port().lstrip(":")
        elif host == "*" and self.random.random() < 0.5:
            host += ":" + self.port().lstrip(":")
        return host

    def condition(self):
        pick = self.random.random()
        side = "s" if self.random.random() < 0.85 else "d"
        if pick < 0.25:
            operator = self.random.choice(["", "=", "==", "eq", "!=", "ne", "neq"])
            return f"{side}port {operator} {self.port()}"
        if pick < 0.45:
            return f"{side}port {self.random.choice(ORDERS)} {self.number()}"
        if pick < 0.8:
            word = {"s": "src", "d": "dst"}[side]
            if self.random.random() < 0.2:
                return f"{word} :{self.number().lstrip(':')}"
            return f"{word} {self.random.choice(['', '=', 'eq'])} {self.host()}"
        operator = self.random.choice(["", "=", "!=", "ne"])
        return f"dev {operator} {self.random.choice(['lo', 'fil0', '0', '1', 'if1'])}"

    def expression(self, depth=2):
        words = []
        for number in range(self.random.choice([1, 1, 2, 2, 3, 4])):
            if number:
                words.append(self.random.choice(["and", "or", "or", "&", "&&", "|", "||", ""]))
            words += [self.random.choice(["not", "!"])] * (self.random.random() < 0.3)
            if depth and self.random.random() < 0.25:
                words.append(f"( {self.expression(depth - 1)} )")
            else:
                words.append(self.condition())
        return " ".join(" ".join(words).split())


def shown(columns, expression):
    """Local addresses in the first column."""
    window = "0.001" if columns == BY_REPORT else "0"
    out = listenq.run("-H", "-d", window, "-o", columns, *shlex.split(expression)).out
    return sorted(line.split()[0] for line in out.splitlines())


# Whether the kernel filters depends on what else is asked for: all it can, by ports alone because
# half-open connections are counted, not at all because the ledger of a window needs everybody.
BY_KERNEL, BY_PORTS, BY_REPORT = "local", "local,synrecv", "local,overflows"


class Against(rig.Case):
    def setUp(self):
        super().setUp()
        for address in ADDRESSES:
            netns.address(address)
        netns.device("fil0")
        netns.ip("link", "set", "fil0", "up")
        port = own_ports()
        for address, options in PLACES:
            for _ in range(3):
                self.listener(address, next(port), **options)
        for number in 1, 80, 443, 1024, 65535:
            self.listener("127.0.0.1", number)
        self.listener("::", 80, v6only=True)
        for _ in range(3):
            self.listener("10.1.2.3", 50003, reuseport=True)

        self.ways = itertools.cycle((BY_PORTS, BY_REPORT))

    def check(self, expression):
        """By the kernel, and in one of the other ways in turn."""
        want = oracle.locals_(*shlex.split(expression))
        for columns in BY_KERNEL, next(self.ways):
            self.assertEqual(shown(columns, expression), want, f"{expression!r} for {columns}")
        return want

    def test_random(self):
        self.assertGreater(len(self.check("")), 50)
        generator, shown_each = Generator(4711), []
        for _ in range(EXPRESSIONS):
            expression = generator.expression()
            with self.subTest(expression=expression):
                shown_each.append(len(self.check(expression)))
        # Not a lot of expressions that show nothing or everything.
        everything = len(oracle.locals_())
        self.assertGreater(sum(0 < n < everything for n in shown_each), EXPRESSIONS / 2)

    def test_each(self):
        for port in PORTS:
            self.check(f"sport = {port}")
            self.check(f"not sport = {port}")
            if "*" not in port:
                for order in ORDERS[:4] if port != ":443" else ORDERS:
                    self.check(f"sport {order} {port}")
        for host in HOSTS + FAMILIES:
            self.check(f"src {host}")
            self.check(f"! src {host}")
            self.check(f"dst {host}")
            self.check(f"dev 0 and src {host}")
        for family in "-4", "-6":
            want = oracle.locals_(family, "sport", ">=", ":1024")
            out = listenq.run("-H", "-o", "local", family, "sport >= :1024").out
            self.assertEqual(sorted(out.split()), want)

    def test_beyond_ss(self):
        """What ss refuses, and what it would say in other words."""
        for ours, theirs in ((":443", "sport = :443"), ("10.0.0.0/8", "src 10.0.0.0/8"),
                             ("[::1]:*", "src [::1]:*"), ("*:80", "src *:80"),
                             ("fd00::1", "src [fd00::1]"), ("src ::", "src [::]"),
                             ("src != 127.0.0.1", "not src 127.0.0.1"),
                             ("sport>=:1024", "sport >= :1024"),
                             ("(:80)|(:443 or:1024)",
                              "sport = :80 or sport = :443 or sport = :1024"),
                             ("!(:80)", "! ( sport = :80 )"), ("dev=lo", "dev = lo")):
            want = oracle.locals_(*shlex.split(theirs))
            self.assertTrue(want, theirs)
            for columns in BY_KERNEL, BY_REPORT:
                self.assertEqual(shown(columns, shlex.quote(ours)), want, ours)

    def test_pasted(self):
        """What a table calls a listener shows that listener, and whoever has the same address."""
        for local in oracle.locals_():
            for columns, text in (BY_KERNEL, local), (next(self.ways), f"src {local}"):
                self.assertIn(local, shown(columns, text), f"{text} for {columns}")
            if "%" in local:
                # Whoever is bound to another device, or to none, has another name.
                device = local[local.index("%"):local.rindex(":")]
                self.assertTrue(all(device in name for name in shown(BY_KERNEL, local)))
                self.assertNotIn(local, shown(BY_KERNEL, f"not src {local}"))

    def test_operands(self):
        """In any number of words, before and behind options."""
        want = oracle.locals_("sport", "=", ":80", "or", "sport", "=", ":443")
        for args in (["sport = :80 or sport = :443"], ["sport", "=", ":80", "or", ":443"],
                     [":80 or", ":443"], ["--", ":80", "or", ":443"]):
            out = listenq.run("-H", "-o", "local", *args).out
            self.assertEqual(sorted(out.split()), want)
        report = listenq.run(":80", "or", "-d", "0", ":443", "-j").json
        self.assertEqual({row["port"] for row in report["listeners"]}, {80, 443})
        self.assertEqual(len(report["listeners"]), len(want))

    def test_fields(self):
        for expression, local in (("port = 443", "sport = :443"),
                                  ("interface = fil0", "dev fil0"),
                                  ("interface = fil*", "dev fil0"),
                                  ("port > 1500 and port <= 40000",
                                   "sport > :1500 and sport <= :40000"),
                                  ("family = inet6", "inet6:*"),
                                  ("local = *:80", "sport = :80")):
            want = shown(BY_KERNEL, shlex.quote(local))
            self.assertTrue(want)
            for columns in BY_KERNEL, BY_REPORT:
                self.assertEqual(shown(columns, shlex.quote(expression)), want, expression)


def own_ports():
    """Ports nobody else has, in the ordinary range."""
    return iter(range(1500, 2000))


class Fields(rig.Case):
    def test_queue(self):
        crowded = self.listener(backlog=4)
        empty = self.listener(backlog=4)
        self.queue(crowded, 4)  # 80 %
        for expression, rows in (("fill >= 80%", [crowded]), ("fill > 80%", []),
                                 ("fill >= 80", [crowded]), ("fill > 80", []),
                                 ("fill<0.8", [empty]), ("length = 4", [crowded]),
                                 ("length != 4", [empty]), ("length", None),
                                 ("not full", [crowded, empty]), ("full", []),
                                 (f"length > 10 or :{empty.port}", [empty]),
                                 (f"cookie = {crowded.cookie}", [crowded])):
            result = listenq.run("-d", "0", "-j", expression, code=None)
            if rows is None:
                self.assertEqual(result.code, 2)
                continue
            self.assertEqual(sorted(row["cookie"] for row in result.json["listeners"]),
                             sorted(row.cookie for row in rows), expression)

    def test_window(self):
        """A field that is a difference takes a window, whatever is shown."""
        noisy = self.listener(backlog=1)
        quiet = self.listener()
        self.fill(noisy, 1)
        for expression in ("drops-delta > 0", "state >= full", "reasons = limit-from-listen",
                           "overflows > 2 and overflows = 3"):
            result = listenq.during(lambda: self.overflow(noisy, 3), "-H", "-o", "local",
                                    expression)
            self.assertEqual(result.out.split(), [f"127.0.0.1:{noisy.port}"], expression)
        out = listenq.run("-H", "-o", "local", "-d", "0", "drops-delta >= 0 or drops-delta < 0").out
        self.assertEqual(out, "", "unknown is neither")
        out = listenq.run("-H", "-o", "local", "drops = 0").out
        self.assertEqual(out.split(), [f"127.0.0.1:{quiet.port}"])

    def test_case_of_states_and_reasons(self):
        """It does not matter, as it does not in the header of a column."""
        full, quiet = self.listener(backlog=1), self.listener()
        self.fill(full, 1)
        for expression in ("state >= High", "STATE = FULL", "reasons = Limit-From-Listen"):
            out = listenq.run("-H", "-d", "0", "-o", "local", expression).out
            self.assertEqual(out.split(), [f"127.0.0.1:{full.port}"], expression)
        out = listenq.run("-H", "-d", "0", "-o", "local", "state != Full").out
        self.assertEqual(out.split(), [f"127.0.0.1:{quiet.port}"])

    def test_every_column(self):
        """What a column shows is what a filter finds by it."""
        listener = self.listener(backlog=4, device="lo")
        self.queue(listener, 1)
        names = listenq.run("--list-columns", "--raw").out.split()
        for changing in "oldest-wait", "samples":
            names.remove(changing)
        out = listenq.run("-H", "-d", "0.05", "-o", ",".join(names)).out
        values = dict(zip(names, out.split(), strict=True))
        known = {name: value for name, value in values.items() if value != "-"}
        self.assertEqual(known["user"], "root")
        self.assertGreater(len(known), 40)
        for name, value in known.items():
            expression = f'{name} = "{value}"'
            out = listenq.run("-H", "-d", "0.05", "-o", "cookie", expression).out
            self.assertEqual(out.split(), [listener.cookie], expression)
        for args in ["-j"], ["-j", "--count=1"]:
            rows = listenq.run(*args, "-d", "0.05", "user = root").json["listeners"]
            self.assertEqual([row["cookie"] for row in rows], [listener.cookie])

    def test_says_what_hides(self):
        shown = self.listener()
        self.listener()
        for args, why in (([f":{shown.port}"], "the filter"), (["-6"], "-6"),
                          (["-4", "-f"], "-4 and -f"),
                          (["-4", "-f", f":{shown.port}"], "-4, -f and the filter")):
            out = listenq.run("-d", "0", *args).out
            self.assertRegex(out, rf"\n\d of 2 listeners (is|are) not shown, because of {why}\.\n")
        self.assertNotIn("not shown", listenq.run("-d", "0").out)

    def test_instant(self):
        """What needs no window takes none."""
        self.listener()
        out = listenq.run("-d", "600", "-H", "-o", "local", "length = 0").out
        self.assertEqual(len(out.split()), 1)

    def test_ledger(self):
        """The ledger is that of all listeners, also of those not shown."""
        full, other = self.listener(backlog=1), self.listener()
        self.fill(full, 1)

        def action():
            before = oracle.listener(other.port).drops
            self.overflow(full, 3)
            for _ in range(2):
                self.raw().send("10.99.0.1", "127.0.0.1", other.port, flags=rig.Raw.RST)
            rig.wait_for(lambda: oracle.listener(other.port).drops == before + 2, "two drops")

        report = self.during(action, f":{full.port}")
        self.assertEqual([row["port"] for row in report["listeners"]], [full.port])
        self.assertEqual(report["listeners"][0]["overflows"], {"min": 1, "max": 3})
        self.assertEqual(report["namespaces"][0]["ledger"]["listener_drops"], 5)

    def test_half_open_behind_a_wildcard(self):
        """A filter by address loses neither the half-open connections of a wildcard, whose own
        addresses are others, nor gives it those of a listener that is not shown."""
        wild = self.listener("0.0.0.0", 7000, defer=True, reuseport=True)
        exact = self.listener("127.0.0.1", 7000, defer=True, reuseport=True)
        self.connected(wild, 3, address="127.0.0.2")
        self.connected(exact, 2)
        rig.wait_for(lambda: len(oracle.syn_recv()) == 5, "5 half-open connections")
        for expression, count in (("src 0.0.0.0", 3), ("src 127.0.0.1", 2), ("dev 0 0.0.0.0", 3)):
            out = listenq.run("-H", "-o", "synrecv", expression).out
            self.assertEqual(out.split(), [str(count)], expression)

    def test_watch(self):
        wanted = self.listener()
        self.listener()
        reports = listenq.run("--count=3", "-d", "0.1", "-j", f":{wanted.port}").documents
        self.assertEqual([[row["cookie"] for row in report["listeners"]] for report in reports],
                         [[wanted.cookie]] * 3)


class Wrong(unittest.TestCase):
    def refused(self, *args):
        result = listenq.run(*args, code=2)
        first, second = result.err.splitlines()
        self.assertIn("--help", second)
        self.assertEqual(result.out, "")
        return first

    def test_says_where(self):
        """Of the words put together again."""
        self.assertEqual(self.refused("sport", "=", ":80", "or", "sprot = :81"),
                         "listenq: filter, at character 16: 'sprot' is not a field; "
                         "did you mean sport?")
        self.assertEqual(self.refused("drop", "and", "nonsense > 3"),
                         "listenq: filter, at character 1: 'drop' is not a field; "
                         "did you mean drops?")
        self.assertEqual(self.refused("nonsense > 3"),
                         "listenq: filter, at character 1: 'nonsense' is not a field; "
                         "--list-columns shows them")
        self.assertEqual(self.refused("fill >= 80x"),
                         "listenq: filter, at character 9: '80x' is neither a percentage "
                         "like 80% nor a ratio from 0 to 1")
        self.assertEqual(self.refused(":80", "and"),
                         "listenq: filter, at its end, character 8: a condition is missing")

    def test_helps(self):
        self.assertIn("as in -f90", self.refused("-f", "90"))
        self.assertIn("as in -f90", self.refused("-f", "90%"))
        self.assertIn("did you mean :443?", self.refused("443"))
        self.assertIn("did you mean process = nginx?", self.refused("nginx"))
        self.assertIn("did you mean 127.0.0.1 or [::1]?", self.refused("localhost"))
        self.assertIn("did you mean :http or process = http?", self.refused("http"))
        self.assertIn("did you mean state?", self.refused("stat=ok"))
        self.assertIn("did you mean high?", self.refused("state = hgih"))
        self.assertIn("did you mean stopped?", self.refused("reasons = stoped"))
        self.assertIn("'abc' is not a number", self.refused("pid = abc"))
        for args in ("-o", "recv-q"), ("-s", "-Recv-Q"), ("recv-q > 3",):
            self.assertIn("did you mean length (QUEUED)?", self.refused(*args))
        self.assertRegex(self.refused("-tulpn"),
                         "'-u': listenq shows TCP listeners, and UNIX ones with -x; .* -t -l -n")
        self.assertIn("did you mean --json?", self.refused("--jsn"))
        self.assertIn("did you mean length?", self.refused("-o", "local,lenght"))
        self.assertIn("did you mean QUEUED?", self.refused("-s", "-queud"))
        self.assertNotIn("-f90", self.refused("443"))
        self.assertNotIn("-f90", self.refused("-f", "x"))

    def test_anything_may_be_typed(self):
        for text in "\x1b[31m = 3", "comm = \xff'", "\u202e", "(" * 5000, "x" * 5000, "'\n":
            self.assertNotRegex(self.refused(text), "[\x00-\x1f\x7f\u202e]")

    def test_blank(self):
        """Nothing asked for is no filter."""
        everything = subprocess.run([listenq.program(), "-d", "0", "-H", "-o", "cookie"],
                                    check=True, stdout=subprocess.PIPE).stdout
        for args in [""], ["  "], ["", "\t"]:
            out = listenq.run("-d", "0", "-H", "-o", "cookie", *args).out
            self.assertEqual(out.encode(), everything)


if __name__ == "__main__":
    unittest.main()
