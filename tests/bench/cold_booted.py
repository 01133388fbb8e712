# SPDX-License-Identifier: Apache-2.0
"""cold_booted.py LEADER ROOT N_ROUNDS: how long the first request waits in a booted box.

A socket unit listens and its service is stopped; measured is from connect() to the whole answer, so
that the service manager, its fork and the sandbox of the unit count. Each proxy is started by a unit
without a sandbox and, where it runs in that, by one that is sockgate's own but for the command.
"""
import os
import re
import sys

from cold_start import first_answer, render
from rounds import rotated
from subjects import HAPROXY, HERE, SWITCHES, Failure

sys.path.insert(0, os.path.join(HERE, "..", "systemd"))
from box import Box, Fail, expect    # noqa: E402

ENGINE = "/run/docker.sock"
ENGINE_UNIT = f"""[Service]
ExecStart=/opt/bench/synthetic {ENGINE} /run/control.sock
ExecStartPost=/bin/sh -c 'until [ -S {ENGINE} ]; do sleep 0.05; done; chgrp docker {ENGINE}; chmod 0660 {ENGINE}'
"""
SOCKET = "[Socket]\nListenStream=/run/{name}.sock\nTriggerLimitIntervalSec=0\n"
BARE = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType={kind}\nExecStart={command}\n{more}"
HAPROXY_MORE = "".join(f"Environment={key}={value}\n" for key, value in {"LISTENER": 3, "ENGINE": ENGINE, **SWITCHES}.items())
# name, how it says that it is ready, command, more lines of its unit
PROXIES = (
    ("sockgate", "notify", "/usr/sbin/sockgated --config=/etc/sockgate.conf", ""),
    ("proxyd", "simple", f"/lib/systemd/systemd-socket-proxyd {ENGINE}", ""),
    ("haproxy", "simple", f"{HAPROXY} -db -f /etc/haproxy-users.cfg", HAPROXY_MORE))

UNCONFINED = ("haproxy",)   # it wants a socket of the internet kind even when it uses none


def confined(unit, name, kind, command, more):
    """Sockgate's unit with another command; one that does not start fails instead of trying for ever."""
    unit = re.sub(r"(?m)^(Requires|After|WatchdogSec|NotifyAccess|ExecReload|Restart|RestartSec)=.*\n", "", unit)
    unit = re.sub(r"(?m)^Type=.*$", f"Type={kind}", unit)
    unit = re.sub(r"(?m)^ExecStart=.*\n", f"ExecStart={command}\n{more}", unit)
    return unit.replace("User=sockgate-default", f"User=cold-{name}")


def install(box):
    """Returns the names of the units."""
    shipped = box.read("/lib/systemd/system/sockgate.service")
    box.write("/etc/systemd/system/docker.service", ENGINE_UNIT)
    names = []
    for name, kind, command, more in PROXIES:
        units = {f"{name}-bare": BARE.format(kind=kind, command=command, more=more)}
        if name not in UNCONFINED:
            units[f"{name}-confined"] = confined(shipped, f"{name}-confined", kind, command, more)
        for each, unit in units.items():
            box.write(f"/etc/systemd/system/{each}.service", unit)
            box.write(f"/etc/systemd/system/{each}.socket", SOCKET.format(name=each))
            names.append(each)
    box.reload_units()
    box.systemctl("start", "docker.service", "sockgate.socket", *(f"{each}.socket" for each in names))
    return ["sockgate", *names]


def path(box, name):
    return box.socket_path("default") if name == "sockgate" else f"/proc/{box.leader}/root/run/{name}.sock"


def start_cold(box, name):
    """In ms."""
    box.systemctl("stop", f"{name}.service")
    box.run("systemctl", "reset-failed", f"{name}.service", check=False)    # some end by the signal
    box.wait_show(f"{name}.service", "ActiveState", "inactive")
    taken = first_answer(f"unix:{path(box, name)}") * 1000
    expect(box.is_active(f"{name}.service"), f"{name}.service does not stay")
    return taken


def main():
    leader, root, n_rounds = sys.argv[1:]
    box = Box(int(leader), root)
    names = install(box)
    times = {name: [] for name in names}
    for n in range(int(n_rounds)):
        for name in rotated(names, n):
            try:
                times[name].append(start_cold(box, name))
            except (Fail, Failure, OSError) as error:
                print(f"FAILED {name}: {error}: {box.run('journalctl', '-n', '9', '-o', 'cat', '-u', name)}")
                return 1
    print(render(times))
    return 0


if __name__ == "__main__":
    sys.exit(main())
