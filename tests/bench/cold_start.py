# SPDX-License-Identifier: Apache-2.0
"""How long the first request waits when it starts the proxy: from connect() to the whole answer.

A launcher holds the listening socket as the service manager does and becomes the proxy when somebody
connects: no fork and no manager is measured, only exec, the start of the proxy and one request. A bare
copy opens its socket itself and has no part in it.
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

from rounds import rotated
from subjects import LISTEN_FD, Failure, Place, Sockgate, all_subjects, ask, connect, raise_nofile

COLD = ("haproxy-users", "haproxy-tuned", "proxyd", "sockgate")
COLD_ROUNDS = 15            # at least: one takes a tenth of a second
PAUSE = 0.01                # until the launcher waits, in seconds


def answer_whole(client):
    """An answer with a length; more than its head may be still to come."""
    data = ask(client)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *(\d+)", head)
    if not head.startswith(b"HTTP/1.1 200 ") or not length:
        raise Failure(f"it answers {head[:100]!r}")
    while len(body) < int(length.group(1)):
        more = client.recv(65536)
        if not more:
            raise Failure("the answer ended early")
        body += more


def first_answer(address):
    """In seconds."""
    start = time.monotonic()
    with connect(address) as client:
        answer_whole(client)
        return time.monotonic() - start


def launch(place, subject, listener, log):
    command = [place.tool("launch"), *subject.command()]

    def prepare():
        raise_nofile()
        os.dup2(listener.fileno(), LISTEN_FD)

    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, pass_fds=[LISTEN_FD],
                            env={**os.environ, **subject.environment()}, preexec_fn=prepare)


def start_cold(place, subject):
    """One start, of a copy of the subject: the subject itself is not touched."""
    subject = subject.another()
    with tempfile.TemporaryFile(dir=place.folder) as log:
        with subject.listen() as listener:
            process = launch(place, subject, listener, log)
        try:
            with process.stdout as out:
                if out.readline() != b"ready\n":
                    raise Failure("the launcher does not start")
            time.sleep(PAUSE)
            return {"ms": first_answer(subject.address) * 1000}
        except (OSError, Failure) as error:
            log.seek(0)
            text = " ".join(log.read().decode(errors="replace").split())
            raise Failure(f"cold start of {subject.name}: {error}: {text[-300:]}") from error
        finally:
            process.kill()
            process.wait()


def measure_cold(place, subjects, n_rounds, failures):
    """{subject: [{"ms": time} or None, for each round]}; of all subjects those that are meant."""
    return measure_starts(place, [s for s in subjects if s.name in COLD], n_rounds, failures)


def measure_starts(place, subjects, n_rounds, failures):
    samples = {s.name: [] for s in subjects}
    for n in range(max(n_rounds, COLD_ROUNDS)):
        for subject in rotated(subjects, n):
            try:
                samples[subject.name].append(start_cold(place, subject))
            except Failure as error:
                failures.append(str(error))
                samples[subject.name].append(None)
    return samples


def render(samples):
    """A table of name: times in ms."""
    lines = [f"{'first answer, ms':24} {'starts':>6} {'best':>8} {'median':>8} {'quartiles':>15}"]
    for name, times in samples.items():
        first, median, third = statistics.quantiles(times, n=4, method="inclusive")
        lines.append(f"{name:24} {len(times):6} {min(times):8.2f} {median:8.2f} {first:7.2f}..{third:.2f}")
    return "\n".join(lines)


def other(place, path, number):
    """One more sockgate, to hold builds against each other."""
    subject = Sockgate(place, path)
    subject.name = f"sockgate-{number}"
    return subject


def main():
    """cold_start.py TOOLS N_ROUNDS SOCKGATED...: further ones are other builds of it."""
    tools, n_rounds, sockgated, *others = sys.argv[1:]
    failures = []
    with tempfile.TemporaryDirectory() as folder, Place(folder, os.path.abspath(tools)) as place:
        subjects = [s for s in all_subjects(place, sockgated) if s.name in COLD]
        subjects += [other(place, path, n) for n, path in enumerate(others, 2)]
        samples = measure_starts(place, subjects, int(n_rounds), failures)
    times = {name: [s["ms"] for s in each if s] for name, each in samples.items()}
    print(render({name: each for name, each in times.items() if len(each) > 1}))
    for text in failures:
        print(f"FAILED {text}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
