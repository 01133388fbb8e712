# SPDX-License-Identifier: Apache-2.0
"""What is measured: the engine itself and each proxy before it, how they are started and stopped, and
what a process has used of CPU time and memory.

Every proxy takes its listening socket from us, on TCP loopback, as users have theirs (the second
sockgate, for information, has a unix socket). They all stand before the same synthetic engine and run
at the same time; who is not asked sleeps.
"""
import copy
import itertools
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
START_TIMEOUT = 60          # until a proxy answers, in seconds: under valgrind it takes a while
STOP_TIMEOUT = 20
BACKLOG = 4096
LISTEN_FD = 3               # where the service manager's descriptors begin
NOFILE = 20000              # descriptors of each process, as far as the machine lets us
HAPROXY = "/usr/sbin/haproxy"
PROXYD = "/lib/systemd/systemd-socket-proxyd"
PING = b"GET /_ping HTTP/1.1\r\nHost: docker\r\n\r\n"
# What the switches of the rules in haproxy-users.cfg say; the others are off.
SWITCHES = {name: "1" for name in ("POST", "BUILD", "CONTAINERS", "EVENTS", "IMAGES", "PING", "VERSION")}


class Failure(Exception):
    pass


class Place:
    """The temporary folder with the synthetic engine and the reader of the logs. In tools are the
    programs that are built from the C files beside this one."""

    def __init__(self, folder, tools):
        self.folder = folder
        self.tools = tools
        self.numbers = itertools.count()
        self.engine_path = self.path("engine.sock")
        self.control_path = self.path("control.sock")
        self.log_path = self.path("log.sock")
        self.processes = []
        try:
            self.spawn("synthetic", self.engine_path, self.control_path)
            self.spawn("drain", self.log_path)
        except BaseException:
            self.close()
            raise

    def path(self, name):
        return os.path.join(self.folder, name)

    def tool(self, name):
        return os.path.join(self.tools, name)

    def spawn(self, name, *arguments):
        process = subprocess.Popen([self.tool(name), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   preexec_fn=raise_nofile)
        self.processes.append(process)
        if process.stdout.readline() != b"ready\n":
            raise Failure(f"{name} does not start")

    def close(self):
        for process in self.processes:
            process.kill()
            process.wait()
            process.stdout.close()
        self.processes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def raise_nofile():
    """As many descriptors as every subject gets; more would help nobody but be unlike."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = NOFILE if hard == resource.RLIM_INFINITY else min(NOFILE, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def connect(address, timeout=START_TIMEOUT):
    """A connected socket to unix:PATH or tcp:HOST:PORT."""
    kind, _, rest = address.partition(":")
    family, where = socket.AF_UNIX, rest
    if kind == "tcp":
        host, _, port = rest.rpartition(":")
        family, where = socket.AF_INET, (host, int(port))
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(timeout)
    try:
        client.connect(where)
    except BaseException:
        client.close()
        raise
    return client


def ask(client, message=PING):
    """The head of the answer and what came with it of the body; the connection stays open."""
    client.sendall(message)
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(65536)
        if not more:
            raise Failure(f"the connection ended after {data[-200:]!r}")
        data += more
    return data


class Subject:
    """The engine without a proxy, and what all subjects share."""
    name = "direct"
    text = "the engine, directly"

    def __init__(self, place):
        self.place = place
        self.address = f"unix:{place.engine_path}"

    def start(self, tool=()):
        """Returns when it answers. tool: the command of what it is to run under."""

    def stop(self):
        pass

    def pids(self):
        return []

    def cpu_ns(self):
        """CPU time of all its threads until now."""
        return sum(cpu_ns(pid) for pid in self.pids())

    def memory(self):
        """What it holds, in KiB."""
        return add_up(memory(pid) for pid in self.pids())

    def n_descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in self.pids())

    def another(self):
        """Of the same kind; from one that is not started."""
        return copy.copy(self)


def cpu_ns(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


def memory(pid):
    fields = {}
    for name in ("smaps_rollup", "status"):
        with open(f"/proc/{pid}/{name}", encoding="ascii") as file:
            fields.update(re.findall(r"^(\w+):\s+(\d+) kB$", file.read(), re.M))
    names = {"pss": "Pss", "anonymous": "Anonymous", "private_dirty": "Private_Dirty", "rss_peak": "VmHWM"}
    return {key: int(fields[field]) for key, field in names.items()}


def add_up(dicts):
    total = {}
    for each in dicts:
        for key, value in each.items():
            total[key] = total.get(key, 0) + value
    return total


class Proxy(Subject):
    """A process that takes a listening socket as descriptor 3."""
    is_unix = False
    takes_listener = True

    def __init__(self, place):
        super().__init__(place)
        self.process = None
        self.tool = ()
        self.log = None

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def listen(self):
        """A fresh listening socket; the address is that of the subject from now on."""
        number = next(self.place.numbers)
        if self.is_unix:
            path = self.place.path(f"{self.name}-{number}.sock")
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(path)
            self.address = f"unix:{path}"
        else:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.bind(("127.0.0.1", 0))
            self.address = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
        listener.listen(BACKLOG)
        return listener

    def start(self, tool=()):
        self.tool = tuple(tool)
        self.log = tempfile.TemporaryFile(dir=self.place.folder)
        with self.listen() as listener:
            self.spawn(listener)
        try:
            self.wait_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def spawn(self, listener):
        # A shell in between: LISTEN_PID must be the id of what becomes the proxy, under a tool too.
        command = [*self.tool, "/bin/sh", "-c", 'LISTEN_PID=$$ exec "$@"', "sh", *self.command()]

        def prepare():
            raise_nofile()
            if self.takes_listener:
                os.dup2(listener.fileno(), LISTEN_FD)

        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            pass_fds=[LISTEN_FD] if self.takes_listener else [],
            env={**os.environ, **self.environment()}, preexec_fn=prepare)

    def wait_ready(self):
        """The socket listens all the time, so that the first answer is the sign."""
        try:
            with connect(self.address) as client:
                answer = ask(client)
        except (OSError, Failure) as error:
            self.fail(str(error))
        if not answer.startswith(b"HTTP/1.1 200 "):
            self.fail(f"it answers {answer[:100]!r}")

    def fail(self, why):
        self.log.seek(0)
        text = " ".join(self.log.read().decode(errors="replace").split())
        raise Failure(f"{self.name} does not work: {why}: {text[-500:]}")

    def pids(self):
        """Of the proxy itself, not of the tool that it runs under."""
        if self.process is None:
            return []
        return children(self.process.pid) if self.tool and self.tool[0] == "strace" else [self.process.pid]

    def stop(self):
        if self.process is None:
            return
        for pid in self.pids():
            os.kill(pid, signal.SIGTERM)
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.fail("it does not end")
        finally:
            self.process = None
            self.log.close()


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(word) for word in file.read().split()]


class Haproxy(Proxy):
    """As users run it: the rules of the common images, a connection to the engine for each request."""
    name = "haproxy-users"
    text = "HAProxy as users run it"
    rules = "haproxy-users.cfg"
    is_logging = False

    def command(self):
        return [HAPROXY, "-db", "-f", os.path.join(HERE, self.rules)]

    def environment(self):
        log = {"LOG": self.place.log_path} if self.is_logging else {}
        return {"LISTENER": str(LISTEN_FD), "ENGINE": self.place.engine_path, **SWITCHES, **log}


class HaproxyLog(Haproxy):
    name = "haproxy-users-log"
    text = "the same, each request logged"
    is_logging = True


class HaproxyTuned(Haproxy):
    name = "haproxy-tuned"
    text = "HAProxy tuned"
    rules = "haproxy-tuned.cfg"


class Proxyd(Proxy):
    """Bytes only, no judgement."""
    name = "proxyd"
    text = "systemd-socket-proxyd"

    def command(self):
        return [PROXYD, "--connections-max=10000", self.place.engine_path]

    def environment(self):
        return {"LISTEN_FDS": "1"}


class Copy(Proxy):
    """The least that a relay of bytes can do. It opens its listening socket itself."""
    name = "copy"
    text = "bare copy"
    takes_listener = False

    def command(self):
        return [self.place.tool("copy"), self.address, f"unix:{self.place.engine_path}"]

    def spawn(self, listener):
        listener.close()
        super().spawn(listener)

    def wait_ready(self):
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connect(self.address).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.02)
        super().wait_ready()


class Sockgate(Proxy):
    """The audit records what is denied."""
    name = "sockgate"
    text = "sockgate"
    is_logging = False

    def __init__(self, place, sockgated):
        super().__init__(place)
        self.sockgated = os.path.abspath(sockgated)

    def config(self):
        with open(os.path.join(HERE, "sockgate.conf"), encoding="utf-8") as file:
            text = file.read()
        if not self.is_unix:
            text += "[peers]\naddresses = 127.0.0.0/8\n"
        if self.is_logging:
            text += "[audit]\nlog = all\n"
        return text

    def command(self):
        path = self.place.path(f"{self.name}.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.config())
        return [self.sockgated, f"--config={path}", f"--upstream={self.place.engine_path}",
                f"--journal={self.place.log_path}"]

    def environment(self):
        return {"LISTEN_FDS": "1"}


class SockgateAll(Sockgate):
    """The audit records every request."""
    name = "sockgate-all"
    text = "sockgate, each request recorded"
    is_logging = True


class SockgateUnix(Sockgate):
    name = "sockgate-unix"
    text = "sockgate, by a unix socket"
    is_unix = True


def all_subjects(place, sockgated):
    """Every subject, not started, in the order of the table."""
    return [
        Subject(place), Haproxy(place), HaproxyLog(place), HaproxyTuned(place), Proxyd(place), Copy(place),
        Sockgate(place, sockgated), SockgateAll(place, sockgated), SockgateUnix(place, sockgated)]


def main():
    """subjects.py TOOLS SOCKGATED: starts each and asks it once, to see that all work here."""
    with tempfile.TemporaryDirectory() as folder, Place(folder, sys.argv[1]) as place:
        for subject in all_subjects(place, sys.argv[2]):
            subject.start()
            try:
                with connect(subject.address) as client:
                    answer = ask(client)
                print(f"{subject.name} at {subject.address}: {answer.splitlines()[0].decode()}, {subject.memory()}")
            finally:
                subject.stop()


if __name__ == "__main__":
    main()
