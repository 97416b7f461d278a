# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers in the test's namespace, each with one listener, files of its own and no daemon.

They are those that bootstrap --tests unpacked, or the host's. Each has once(): one client that
is served, from its SYN to its end; and pids. Use them through rig.Case.own(), which stops them.
"""
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import unittest

import listenq
import oracle
import rig

START_SECONDS, STOP_SECONDS, CLIENT_SECONDS = 20, 3, 10
USERNS = "LISTENQ_TESTS_USERNS" in os.environ
NOBODY = 65534


def _unpacked():
    """As bootstrap looks for it."""
    if "LISTENQ_TEST_SERVERS" in os.environ:
        return pathlib.Path(os.environ["LISTENQ_TEST_SERVERS"])
    here = listenq.ROOT / "tests/servers"
    return here if here.is_dir() else listenq.ROOT.parent / "tests/servers"


UNPACKED = _unpacked()


def find(pattern):
    """The newest that matches, unpacked or of the host."""
    for top in UNPACKED, pathlib.Path("/"):
        if found := sorted(top.glob(pattern)):
            return found[-1]
    raise unittest.SkipTest(f"no {pattern}: ./bootstrap --tests unpacks it where apt-get is")


def environment(binary):
    """What an unpacked server needs to find its libraries and modules."""
    env = dict(os.environ, LC_ALL="C")
    if UNPACKED in pathlib.Path(binary).parents:
        libraries = [path for name in ("usr/lib", "lib")
                     for path in (UNPACKED / name).glob("*-linux-*") if path.is_dir()]
        env.update(LD_LIBRARY_PATH=":".join(map(str, libraries)),
                   PYTHONPATH=str(UNPACKED / "usr/lib/python3/dist-packages"))
    return env


def descendants(pid):
    """{pid: when it was started}, the process itself among them."""
    parents, started = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = pathlib.Path(f"/proc/{name}/stat").read_text(errors="replace")
        except OSError:
            continue
        words = text.rpartition(")")[2].split()
        parents.setdefault(int(words[1]), []).append(int(name))
        started[int(name)] = words[19]
    found, todo = {}, [pid]
    while todo:
        each = todo.pop()
        if each in started:
            found[each] = started[each]
        todo += parents.get(each, [])
    return found


class Server:
    """command() and files come from the kind of server; start and end are the same for all."""
    BINARY = ""
    # One that has privilege and must give it away.
    AS_NOBODY = False

    def __init__(self, port=0, **options):
        self.binary = find(self.BINARY)
        self.env = environment(self.binary)
        self.address, self.port, self.path = "127.0.0.1", port or _free_port(), None
        # Below /tmp: the path of a UNIX socket is short, and every user may go there.
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="listenq-"))
        self.dir.chmod(0o755)
        self.process = None
        self.log = self.dir / "log"
        try:
            command = self.command(**options)
            with open(self.log, "ab") as log:
                # A group of its own: apache ends its whole group. In the session of the test,
                # which tests/run ends.
                self.process = subprocess.Popen(self.user(command), cwd=self.dir, env=self.env,
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                preexec_fn=os.setpgrp)
            rig.wait_for(self._up, f"{self.BINARY} to listen", START_SECONDS, period=0.02)
        except BaseException:
            self.close()
            raise

    def command(self):
        raise NotImplementedError

    def write(self, name, text):
        """A file of the server's."""
        path = self.dir / name
        path.write_text(text)
        return path

    def user(self, command):
        """A root of a user namespace has no other user to become, but in one more of these."""
        if USERNS and self.AS_NOBODY:
            return ["unshare", "-U", "--map-user=1000", "--map-group=1000", *command]
        return command

    def listens(self):
        return any(row.port == self.port for row in oracle.listeners())

    def _up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.BINARY} ended: {self.said()}")
        return self.listens()

    def said(self):
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""

    @property
    def pid(self):
        return self.process.pid

    @property
    def pids(self):
        return sorted(descendants(self.pid))

    def close(self):
        if self.process:
            all_ = descendants(self.pid)
            for sent in signal.SIGCONT, signal.SIGTERM:
                self.process.send_signal(sent)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                all_.update(descendants(self.pid))
            for pid, started in all_.items():
                # Nobody else who got the number meanwhile.
                if descendants(pid).get(pid) == started:
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass
            self.process.wait()
        shutil.rmtree(self.dir, ignore_errors=True)

    def connect(self):
        """A client's socket, connected."""
        if self.path:
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(CLIENT_SECONDS)
            client.connect(str(self.path))
            return client
        return socket.create_connection((self.address, self.port), CLIENT_SECONDS)

    def ask(self, request):
        """All that is answered until the server closes."""
        with self.connect() as client:
            client.sendall(request)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def once(self):
        raise NotImplementedError


def _free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Http(Server):
    def get(self, path="/"):
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())

    def once(self):
        answer = self.get()
        if b" 200 " not in answer.partition(b"\r\n")[0]:
            raise AssertionError(f"{self.BINARY}: {answer[:200]}")


class Apache(Http):
    """With its default AcceptFilter, which on Linux is TCP_DEFER_ACCEPT."""
    BINARY = "usr/sbin/apache2"
    AS_NOBODY = True

    def command(self, mpm="event", workers=None, backlog=511):
        (self.dir / "www").mkdir()
        self.write("www/index.html", "well\n")
        modules = self.binary.parents[2] / "usr/lib/apache2/modules"
        loaded = "".join(f"LoadModule {name}_module {modules}/mod_{name}.so\n"
                         for name in (f"mpm_{mpm}", "authz_core", "dir", "mime"))
        limits = f"""
            StartServers 1
            {"ThreadsPerChild " + str(workers) if mpm != "prefork" else "MinSpareServers 1"}
            MaxRequestWorkers {workers}
            """ if workers else ""
        self.write("types", "text/html html\n")
        conf = self.write("apache.conf", f"""
            {loaded}
            ServerRoot {self.dir}
            ServerName test
            DefaultRuntimeDir {self.dir}
            PidFile {self.dir}/pid
            Mutex file:{self.dir}
            ErrorLog {self.dir}/log
            TypesConfig {self.dir}/types
            DocumentRoot {self.dir}/www
            DirectoryIndex index.html
            User #{NOBODY}
            Group #{NOBODY}
            ListenBacklog {backlog}
            Listen {self.address}:{self.port}
            {limits}
            """)
        return [self.binary, "-DFOREGROUND", "-f", conf]

    def hold(self):
        """A client that keeps a worker: the request is begun, and never whole."""
        client = self.connect()
        client.sendall(b"GET / HTTP/1.1\r\nHost: ")
        return client


class Nginx(Http):
    BINARY = "usr/sbin/nginx"

    def command(self, backlog=511, workers=2, files=None):
        (self.dir / "www").mkdir()
        self.write("www/index.html", "well\n")
        temporary = "".join(f"{kind}_temp_path {self.dir}/{kind};\n" for kind in
                            ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = self.write("nginx.conf", f"""
            user root;
            daemon off;
            worker_processes {workers};
            {f"worker_rlimit_nofile {files};" if files else ""}
            pid {self.dir}/pid;
            error_log {self.dir}/log;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                {temporary}
                server {{
                    listen {self.address}:{self.port} backlog={backlog};
                    root {self.dir}/www;
                }}
            }}
            """)
        return [self.binary, "-c", conf, "-e", self.log]


class Haproxy(Http):
    """In front of another, whose health it checks as it does: with connections that it resets
    half-open."""
    BINARY = "usr/sbin/haproxy"

    def command(self, behind=None, maxconn=1000, backlog=128):
        conf = self.write("haproxy.cfg", f"""
global
    maxconn {maxconn}
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
listen front
    bind {self.address}:{self.port} backlog {backlog}
    server behind {behind.address}:{behind.port} check inter 200ms
""")
        return [self.binary, "-db", "-f", conf]


class Gunicorn(Http):
    """/ is served at once, /slow after a fifth of a second; /hang holds a worker until the server
    ends."""
    BINARY = "usr/lib/python3/dist-packages/gunicorn"

    def command(self, workers=2, backlog=2048):
        self.write("app.py", """
import time
def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.2)
    while environ["PATH_INFO"] == "/hang":
        time.sleep(60)
    return [b"well\\n"]
""")
        return ["/usr/bin/python3", "-m", "gunicorn", "--workers", str(workers), "--backlog",
                str(backlog), "--timeout", "0", "--graceful-timeout", "1", "--bind",
                f"{self.address}:{self.port}", "--worker-tmp-dir", str(self.dir), "app:app"]

    def listens(self):
        """Its workers come after its listener."""
        return super().listens() and len(self.pids) > 1

    def hold(self):
        client = self.connect()
        client.sendall(b"GET /hang HTTP/1.1\r\nHost: test\r\n\r\n")
        return client


class PhpFpm(Server):
    """FastCGI on a UNIX socket; hang.php holds the one worker until the server ends."""
    BINARY = "usr/sbin/php-fpm*"

    def command(self, children=1, backlog=511):
        self.path = self.dir / "fpm.sock"
        self.write("well.php", "<?php echo 'well';\n")
        self.write("hang.php", "<?php while (true) sleep(60);\n")
        conf = self.write("fpm.conf", f"""
[global]
error_log = {self.dir}/log
daemonize = no
[www]
user = root
listen = {self.path}
listen.backlog = {backlog}
pm = static
pm.max_children = {children}
""")
        return [self.binary, "-n", "-R", "-F", "-y", conf]

    def listens(self):
        return self.path.exists() and len(self.pids) > 1

    def request(self, script):
        """One FastCGI request: begin, parameters, no body."""
        def record(kind, content):
            return struct.pack("!BBHHBx", 1, kind, 1, len(content), 0) + content
        begin, params, stdin = 1, 4, 5
        pairs = b"".join(struct.pack("!BB", len(name), len(value)) + name + value for name, value in
                         ((b"SCRIPT_FILENAME", os.fsencode(self.dir / script)),
                          (b"REQUEST_METHOD", b"GET")))
        return (record(begin, struct.pack("!HB5x", 1, 0)) + record(params, pairs) +
                record(params, b"") + record(stdin, b""))

    def once(self):
        answer = self.ask(self.request("well.php"))
        if b"well" not in answer:
            raise AssertionError(f"php-fpm: {answer[:200]}")

    def hold(self):
        client = self.connect()
        client.sendall(self.request("hang.php"))
        return client


class Postgres(Server):
    """It refuses to be root. Where nobody else may get to the build tree, that is bound to a place
    where all may go."""
    BINARY = "usr/lib/postgresql/*/bin/postgres"
    AS_NOBODY = True

    def command(self, backlog=None):
        self.top = None
        data = self.dir / "data"
        data.mkdir()
        if not USERNS:
            os.chown(data, NOBODY, NOBODY)
        bin_ = self.binary.parent
        if subprocess.run(self.user(["test", "-x", self.binary])).returncode:
            self.top = self.dir / "root"
            self.top.mkdir()
            bin_ = self.top / bin_.relative_to(UNPACKED)
            self.env["LD_LIBRARY_PATH"] = self.env["LD_LIBRARY_PATH"].replace(
                str(UNPACKED), str(self.top))
        initdb = [bin_ / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-N", "--locale=C",
                  "-E", "UTF8"]
        done = subprocess.run(self.user(initdb), env=self.env, cwd=self.dir,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=60)
        if done.returncode:
            raise AssertionError(f"initdb: {done.stdout.decode(errors='replace')}")
        more = ["-c", f"max_connections={backlog}"] if backlog else []
        return [bin_ / "postgres", "-D", data, "-h", self.address, "-p", str(self.port), "-k", data,
                "-F", *more]

    def user(self, command):
        drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        if USERNS:
            drop = ["unshare", "-U", "--map-user=1000", "--map-group=1000"]
        mount = []
        if self.top:
            mount = ["unshare", "-m", "sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"',
                     UNPACKED, self.top]
        return [*mount, *drop, *command]

    def listens(self):
        return b"ready to accept connections" in self.log.read_bytes()

    @staticmethod
    def _message(sock):
        """The kind of the next message; it is read whole."""
        kind, length = struct.unpack("!cI", sock.recv(5, socket.MSG_WAITALL))
        sock.recv(length - 4, socket.MSG_WAITALL)
        return kind

    def once(self):
        with self.connect() as client:
            text = b"user\0postgres\0database\0postgres\0\0"
            client.sendall(struct.pack("!II", len(text) + 8, 3 << 16) + text)
            kinds = list(iter(lambda: self._message(client), b"Z"))
            client.sendall(struct.pack("!cI", b"Q", 13) + b"select 1\0")
            kinds += iter(lambda: self._message(client), b"Z")
            client.sendall(struct.pack("!cI", b"X", 4))
            if b"D" not in kinds:
                raise AssertionError(f"postgres: {kinds}")


class Redis(Server):
    BINARY = "usr/bin/redis-server"

    def command(self, backlog=511):
        return [self.binary, "--bind", self.address, "--port", str(self.port), "--tcp-backlog",
                str(backlog), "--save", "", "--appendonly", "no", "--dir", self.dir,
                "--lua-time-limit", "0"]

    def once(self):
        with self.connect() as client:
            client.sendall(b"PING\r\n")
            if client.recv(100) != b"+PONG\r\n":
                raise AssertionError("redis: no PONG")

    def hold(self):
        """A script that does not end: there is one thread for all clients."""
        client = self.connect()
        script = b"while true do end"
        client.sendall(b"*3\r\n$4\r\nEVAL\r\n$%d\r\n%s\r\n$1\r\n0\r\n" % (len(script), script))
        return client
