# SPDX-License-Identifier: GPL-2.0-or-later
"""A fresh Debian with the package, the timer and the rules: who is paged, and who is not."""
import json
import re
import time
import unittest
import urllib.parse

import machine
import rig

TIMER = "prometheus-node-exporter-listenq.timer"
SHARED = "/usr/share/listenq/prometheus"
# Time is 15 times as fast: the timer runs each 2 s, a scrape is each second, and what a rule waits
# for is that much shorter. Ranges stay, so that an alert goes on while this looks.
FASTER = 15
HEALTHY_SECONDS = 60
PAGE_SECONDS = 60

# Appends notifications to a file; each is a line.
PAGER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open("/root" + self.path, "ab") as file:
            file.write(body)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 9099), Handler).serve_forever()
"""

# A web application that waits for a lock which somebody may hold.
APP = """
import fcntl
def app(environ, start_response):
    with open("/srv/lock") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
"""
HOLD = ("import fcntl, time; lock = open('/srv/lock'); fcntl.flock(lock, fcntl.LOCK_EX); "
        "time.sleep(1000)")

# Healthy, and with a drop for each of its clients.
DEFER = """
import socket
listener = socket.create_server(("127.0.0.1", 8001), backlog=64)
listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 5)
while True:
    client, _ = listener.accept()
    with client:
        client.recv(1000)
        client.sendall(b"HTTP/1.0 200 OK\\r\\n\\r\\n")
"""

# Clients, one after the other in each of three threads for a server, that give up after a second.
CLIENTS = """
import socket, threading, time
def client(port):
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as one:
                time.sleep(0.005)
                one.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
                while one.recv(1000):
                    pass
        except OSError:
            pass
for port in 8000, 8001, 8002:
    for _ in range(3):
        threading.Thread(target=client, args=(port,)).start()
"""
# What runs there, beside what Debian's packages run.
SERVERS = {"pager": "python3 /srv/pager.py",
           "shop": "gunicorn --chdir /srv -w 2 -b 127.0.0.1:8000 app:app",
           "defer": "python3 /srv/defer.py",
           "blog": "gunicorn --chdir /srv -w 2 -b 127.0.0.1:8002 blog:app",
           "clients": "python3 /srv/clients.py"}


def faster(text):
    return re.sub(r"\b(for: |offset |group_wait: )(\d+)([ms])\b", lambda found: (
        f"{found[1]}{max(1, int(found[2]) * (60 if found[3] == 'm' else 1) // FASTER)}s"), text)


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = machine.fresh()
        cls.do = cls.machine.run
        for name, text in (("pager.py", PAGER), ("app.py", APP), ("defer.py", DEFER),
                           ("blog.py", APP.replace("/srv/lock", "/srv/other")),
                           ("clients.py", CLIENTS), ("lock", ""), ("other", "")):
            cls.machine.path(f"/srv/{name}").write_text(text)
        for name, command in SERVERS.items():
            cls.do("systemd-run", f"--unit={name}", *command.split())

        # As README says, but for the time.
        for name in "listenq.rules.yml", "alertmanager.yml":
            text = faster(cls.machine.path(f"{SHARED}/{name}").read_text())
            cls.machine.path(f"/etc/prometheus/{name}").write_text(text)
        conf = cls.machine.path("/etc/prometheus/prometheus.yml")
        text = conf.read_text()
        assert "\nrule_files:\n" in text
        text = text.replace("\nrule_files:\n", "\nrule_files:\n  - listenq.rules.yml\n")
        conf.write_text(re.sub(r"(scrape|evaluation)_interval: *15s", r"\1_interval: 1s", text))
        # It would look for an address to talk to others from, and has failed: there is only
        # 127.0.0.1.
        cls.machine.path("/etc/default/prometheus-alertmanager").write_text(
            'ARGS="--cluster.listen-address="\n')
        cls.do("systemctl", "reset-failed")
        cls.do("systemctl", "restart", "prometheus", "prometheus-alertmanager")

        place = cls.machine.path(f"/etc/systemd/system/{TIMER}.d")
        place.mkdir()
        (place / "override.conf").write_text(f"[Timer]\nOnUnitActiveSec={30 // FASTER}\n"
                                             "AccuracySec=1ms\n")
        cls.do("systemctl", "daemon-reload")
        cls.do("systemctl", "enable", "--now", TIMER)

    @classmethod
    def tearDownClass(cls):
        cls.do("systemctl", "disable", "--now", TIMER)
        cls.do("systemctl", "revert", TIMER)
        cls.do("systemctl", "stop", "prometheus-alertmanager", "hold", *SERVERS, check=False)

    def query(self, query):
        url = f"http://127.0.0.1:9090/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        answer = self.do("python3", "-c", "import sys, urllib.request as u; print(u.urlopen("
                         "sys.argv[1], timeout=20).read().decode())", url, check=False).stdout
        return json.loads(answer)["data"]["result"] if answer else None

    def fired(self):
        """
        All that ever did. ListenqIncomplete always does in a container, as this machine is one:
        listenq does not see the processes outside.
        """
        found = self.query('group by (alertname, port) (last_over_time(ALERTS{alertstate="firing",'
                           'alertname!="ListenqIncomplete"}[1h]))')
        return [(each["metric"]["alertname"], each["metric"].get("port")) for each in found]

    def notices(self, name):
        file = self.machine.path(f"/root/{name}")
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def test_healthy_servers_page_nobody_and_the_first_stuck_one_does(self):
        rig.wait_for(lambda: len(self.query(
            'count_over_time(listenq_accept_queue_length{port=~"800[012]"}[1h]) > 3') or ()) == 3,
            "prometheus to know the servers", machine.BOOT_SECONDS, 0.2)
        end = time.monotonic() + HEALTHY_SECONDS
        while time.monotonic() < end:
            self.assertEqual(self.fired(), [])
            time.sleep(1)
        # They were busy, the rules could be evaluated, and drops were seen.
        self.assertTrue(self.query("increase(node_netstat_Tcp_PassiveOpens[1m]) > 1000"))
        self.assertTrue(self.query('increase(listenq_drops_total{port="8001"}[1m]) > 100'))
        self.assertEqual(self.query("prometheus_rule_evaluation_failures_total > 0"), [])
        self.assertEqual(self.query('scrape_duration_seconds{job="node"} > 1'), [])
        self.assertEqual(self.notices("page"), [])

        # Both workers of the shop wait for a lock.
        self.do("systemd-run", "--unit=hold", "python3", "-c", HOLD)
        page, = rig.wait_for(lambda: self.notices("page"), "a page", PAGE_SECONDS, 0.1)
        self.assertEqual(page["status"], "firing")
        alert, = page["alerts"]
        self.assertEqual(alert["labels"], {
            "alertname": "ListenqStoppedAccepting", "severity": "critical", "job": "node",
            "instance": "localhost:9100", "address": "127.0.0.1", "port": "8000",
            "protocol": "tcp", "comm": "gunicorn", "unit": "shop.service",
            "monitor": "example"})
        says = alert["annotations"]
        self.assertRegex(says["summary"], r"^localhost: gunicorn stopped accepting on "
                                          r"127\.0\.0\.1:8000, \d+ of 2049 queued, the oldest waits for ")
        self.assertRegex(says["description"],
                         r"^the program accepted no connection in this window; look at the process, "
                         r".*\. Next: sudo listenq -d 5 -p ':8000'$")
        self.assertEqual(self.fired(), [("ListenqStoppedAccepting", "8000")])
