# SPDX-License-Identifier: Apache-2.0
"""The rows of the table: what is held against what, the floor that must hold and the target.

Samples are {measure: {subject: [{key: value} or None, for each round]}}; an exact count is a measure of
one round. A row takes one key of one measure. What is compared are pairs of one round; the median of
the pairs counts, and their quartiles say how far to trust it.
"""
import statistics
import sys
from typing import NamedTuple, Optional

KIB, MIB = 1024, 1024 * 1024
USERS, LOGGED, TUNED = "haproxy-users", "haproxy-users-log", "haproxy-tuned"
AT_MOST, AT_LEAST = "<=", ">="
RATIO, DIFFERENCE, VALUE = "ratio", "difference", "value"
MISSED, FLOOR, TARGET, UNMEASURED = "missed", "floor met", "target met", "unmeasured"


class Row(NamedTuple):
    name: str
    text: str
    measure: str
    key: str
    bound: str
    floor: Optional[float]
    target: Optional[float]
    how: str = VALUE
    against: str = ""
    subject: str = "sockgate"
    scale: float = 1            # of the values that are shown; never of a ratio


class Judged(NamedTuple):
    row: Row
    values: dict                # median of each subject
    value: Optional[float]
    quartiles: Optional[tuple]
    verdict: str


def values_of(samples, measure, subject, key):
    """One for each round, None where there is none."""
    return [sample.get(key) if sample else None for sample in samples.get(measure, {}).get(subject, [])]


def pairs(values, others):
    return [(a, b) for a, b in zip(values, others) if a is not None and b is not None]


def compared(row, samples):
    """What the row judges, for each round in which it was measured."""
    own = [v for v in values_of(samples, row.measure, row.subject, row.key) if v is not None]
    if row.how == VALUE:
        return [v * row.scale for v in own]
    both = pairs(values_of(samples, row.measure, row.subject, row.key),
                 values_of(samples, row.measure, row.against, row.key))
    if row.how == RATIO:
        return [a / b for a, b in both if b]
    return [(a - b) * row.scale for a, b in both]


def quartiles(values):
    if len(values) < 2:
        return None
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def meets(value, bound, limit):
    if limit is None:
        return True
    return value <= limit if bound == AT_MOST else value >= limit


def verdict(row, value):
    if value is None:
        return UNMEASURED
    if not meets(value, row.bound, row.floor):
        return MISSED
    return TARGET if meets(value, row.bound, row.target) else FLOOR


def judge(row, samples):
    medians = {}
    for subject in samples.get(row.measure, {}):
        values = [v for v in values_of(samples, row.measure, subject, row.key) if v is not None]
        if values:
            medians[subject] = statistics.median(values) * row.scale
    values = compared(row, samples)
    value = statistics.median(values) if values else None
    return Judged(row, medians, value, quartiles(values), verdict(row, value))


def by_users(name, text, measure, key, bound, floor, target, letters="ab"):
    """The same against HAProxy as users run it, without a log, and with a record for each request on
    both sides."""
    return [
        Row(name + letters[0], text, measure, key, bound, floor, target, RATIO, USERS),
        Row(name + letters[1], f"{text}, logged", measure, key, bound, floor, target, RATIO, LOGGED, "sockgate-all")]


ROWS = [
    Row("G1", "user instructions a kept request", "instructions", "each", AT_MOST, 12000, 8000),
    Row("G2a", "system calls a kept request", "calls_kept", "each", AT_MOST, 8, 6),
    Row("G2b", "system calls a connection+request", "calls_fresh", "each", AT_MOST, 19, 17),
    Row("G3", "heap allocations a kept request", "allocations", "each", AT_MOST, 1, 0),
    *by_users("G4", "CPU us/request, 32 clients", "ping_32", "cpu_us_each", AT_MOST, 0.45, 0.35, "ad"),
    Row("G4b", "... / HAProxy tuned", "ping_32", "cpu_us_each", AT_MOST, 0.8, 0.65, RATIO, TUNED),
    Row("G4c", "... / bare copy", "ping_32", "cpu_us_each", AT_MOST, 1.4, 1.15, RATIO, "copy"),
    *by_users("G5", "requests/s, 32 clients", "ping_32", "rate", AT_LEAST, 1.8, 2.3, "ae"),
    Row("G5b", "... / HAProxy tuned", "ping_32", "rate", AT_LEAST, 1.3, 1.6, RATIO, TUNED),
    Row("G5c", "... / proxies in Go, not in Debian", "go", "rate", AT_LEAST, 4, 6, RATIO, "go"),
    Row("G5d", "... / direct", "ping_32", "rate", AT_LEAST, 0.2, 0.28, RATIO, "direct"),
    Row("G6a", "us to an answer, 1 client / direct", "ping_1", "p50_us", AT_MOST, 3.2, 2.5, RATIO, "direct"),
    *by_users("G6", "us to an answer, 1 client", "ping_1", "p50_us", AT_MOST, 0.7, 0.55, "bc"),
    *by_users("G7", "64 KiB lists/s, 8 clients", "list_8", "rate", AT_LEAST, 1.5, 1.7, "ac"),
    *by_users("G7", "... CPU us/request", "list_8", "cpu_us_each", AT_MOST, 0.55, 0.45, "bd"),
    *by_users("G8", "connection+request/s", "fresh_1", "rate", AT_LEAST, 1.3, 1.6, "ac"),
    *by_users("G8", "... CPU us/request", "fresh_1", "cpu_us_each", AT_MOST, 0.7, 0.55, "bd"),
    *by_users("G9", "denied requests/s", "denied_8", "rate", AT_LEAST, 3, 4, "ad"),
    *by_users("G9", "... CPU us/request", "denied_8", "cpu_us_each", AT_MOST, 0.3, 0.2, "be"),
    Row("G9c", "... connections lost by it", "denied_8", "reconnects", AT_MOST, 0, 0),
    Row("G10a", "event later than direct, p50 ms", "events", "p50_ms", AT_MOST, 1, 0.3, DIFFERENCE, "direct"),
    Row("G10b", "event later than direct, p99 ms", "events", "p99_ms", AT_MOST, 20, 5, DIFFERENCE, "direct"),
    Row("G11a", "upload of known length, GB/s", "upload_length", "gb_per_s", AT_LEAST, 1.5, 3, RATIO, USERS),
    Row("G11b", "... CPU s/GB", "upload_length", "cpu_s_per_gb", AT_MOST, 0.6, 0.2, RATIO, USERS),
    Row("G12", "upload in chunks, CPU s/GB", "upload_chunked", "cpu_s_per_gb", AT_MOST, 0.65, 0.55, RATIO, USERS),
    Row("G13a", "download, known length, CPU s/GB", "download_length", "cpu_s_per_gb", AT_MOST, 0.95, 0.8, RATIO, USERS),
    Row("G13b", "download in chunks, CPU s/GB", "download_chunked", "cpu_s_per_gb", AT_MOST, 0.7, 0.6, RATIO, USERS),
    Row("G13c", "download, known length, GB/s", "download_length", "gb_per_s", AT_LEAST, 1.0, 1.2, RATIO, USERS),
    Row("G13d", "download in chunks, GB/s", "download_chunked", "gb_per_s", AT_LEAST, 1.0, 1.2, RATIO, USERS),
    Row("G14a", "tunnel, 1 byte there and back, us", "echo", "p50_us", AT_MOST, 1.0, 0.85, RATIO, USERS),
    Row("G14b", "tunnel, CPU s/GB", "flood", "cpu_s_per_gb", AT_MOST, 0.6, 0.5, RATIO, USERS),
    Row("G15a", "user bytes an idle stream", "memory", "stream_bytes", AT_MOST, 1.5 * KIB, KIB),
    Row("G15b", "user bytes an idle connection", "memory", "connection_bytes", AT_MOST, 1.5 * KIB, KIB),
    Row("G16a", "Pss at start, MiB", "memory", "pss", AT_MOST, 1.5, 0.6, scale=1 / KIB),
    Row("G16b", "peak RSS, 1000 streams+load, MiB", "memory", "rss_peak", AT_MOST, 6, 4, scale=1 / KIB),
    Row("G17a", "first answer, activated / HAProxy", "cold", "ms", AT_MOST, 0.35, 0.15, RATIO, USERS),
    Row("G17b", "first answer, activated, ms", "cold", "ms", AT_MOST, None, 12),
    Row("G18a", "idle streams at 20000 descriptors", "streams", "alive", AT_LEAST, 9000, 9400),
    Row("G18b", "... descriptors a stream", "streams", "descriptors_each", AT_MOST, None, 2),
    Row("G19", "stripped binary, kB", "binary", "bytes", AT_MOST, 500, 300, scale=1 / 1000),
]


def ordered(rows):
    """G4a, G4b ... as they are named, not as they are written."""
    return sorted(rows, key=lambda row: (int(row.name.rstrip("abcdefgh")[1:]), row.name))


def judge_all(samples):
    return [judge(row, samples) for row in ordered(ROWS)]


# ---- the table's own arithmetic

def check(condition, what):
    if not condition:
        raise AssertionError(what)


def self_check():
    """What the verdicts rest on; run before each table."""
    row = Row("G0", "", "m", "v", AT_MOST, 0.5, 0.25, RATIO, "them", "us")
    samples = {"m": {"us": [{"v": 1}, {"v": 2}, None, {"v": 9}], "them": [{"v": 4}, {"v": 4}, {"v": 1}, {"v": 12}]}}
    check(compared(row, samples) == [0.25, 0.5, 0.75], "pairs_are_of_one_round")
    check(judge(row, samples).value == 0.5, "the_median_of_the_pairs_counts")
    check(judge(row, samples).values == {"us": 2, "them": 4}, "medians_are_shown")
    check(judge(row, samples).quartiles == (0.375, 0.625), "quartiles_are_of_the_pairs")
    check([verdict(row, v) for v in (0.25, 0.26, 0.5, 0.51)] == [TARGET, FLOOR, FLOOR, MISSED], "at_most_holds_at_its_limit")
    least = row._replace(bound=AT_LEAST, floor=2, target=3)
    check([verdict(least, v) for v in (3, 2.9, 2, 1.9)] == [TARGET, FLOOR, FLOOR, MISSED], "at_least_holds_at_its_limit")
    check(judge(row._replace(against="nobody"), samples).verdict == UNMEASURED, "nothing_to_compare_is_no_success")
    check(judge(row._replace(measure="none"), samples).verdict == UNMEASURED, "what_was_not_measured_is_no_success")
    later = row._replace(how=DIFFERENCE, scale=10)
    check(compared(later, samples) == [-30, -20, -30], "differences_are_of_one_round_and_scaled")
    zero = {"m": {"us": [{"v": 1}], "them": [{"v": 0}]}}
    check(judge(row, zero).verdict == UNMEASURED, "no_ratio_to_nothing")
    names = [r.name for r in ordered(ROWS)]
    check(len(set(names)) == len(names), "each_row_has_a_name_of_its_own")
    check({int(n.rstrip("abcdefgh")[1:]) for n in names} == set(range(1, 20)), "every_row_from_G1_to_G19_is_there")


if __name__ == "__main__":
    self_check()
    print("ok rows")
    sys.exit(0)
