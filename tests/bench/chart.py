#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The chart of the table, as SVG: chart.py TABLE.json prints it.

Two panels, in both a shorter bar is better. The first says how many times longer things take than with
the engine alone; the second what the proxy itself uses, as a share of what HAProxy uses as users run it.
Bars that would leave the picture are cut, and say so; each has its number beside it. The picture brings
its background along, for pages of any colour.
"""
import json
import statistics
import sys
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, MARGIN = 860, 28
NAMES, VALUES = 176, 210    # columns left and right of the bars
BAR, BAR_STEP = 10, 14
TITLE_STEP, GROUP_GAP, PANEL_GAP = 18, 10, 28
FONT = "font-family=\"'DejaVu Sans', Verdana, 'Segoe UI', sans-serif\""
PAPER, EDGE, INK, SOFT = "#fbfbf9", "#d4d4ce", "#22262b", "#5c636b"

SUBJECTS = (("direct", "engine alone", "#aeb4bb"), ("haproxy-users", "HAProxy as users run it", "#d9793c"),
            ("haproxy-tuned", "HAProxy tuned", "#ecb78f"), ("proxyd", "systemd-socket-proxyd", "#98a4cf"),
            ("sockgate", "sockgate", "#157a5b"))


class Metric(NamedTuple):
    text: str
    measure: str
    key: str
    unit: str
    more_is_better: bool = False
    scale: float = 1


class Panel(NamedTuple):
    title: str
    base: str
    end: float                  # of the scale; longer bars are cut
    metrics: tuple


PANELS = (
    Panel("How long it takes, engine alone = 1", "direct", 10, (
        Metric("A request, 32 clients at once", "ping_32", "rate", "requests/s", True),
        Metric("An answer to one client", "ping_1", "p50_us", "\u00b5s"),
        Metric("A list of 64 KiB, 8 clients at once", "list_8", "rate", "lists/s", True),
        Metric("A connection and one request", "fresh_1", "rate", "a second", True),
        Metric("An event on an open stream", "events", "p50_ms", "ms"),
        Metric("An upload of known length", "upload_length", "gb_per_s", "GB/s", True),
        Metric("A byte there and back in a tunnel", "echo", "p50_us", "\u00b5s"))),
    Panel("What the proxy itself uses, HAProxy as users run it = 1", "haproxy-users", 1.25, (
        Metric("CPU time a request, 32 clients", "ping_32", "cpu_us_each", "\u00b5s"),
        Metric("CPU time of a gigabyte uploaded", "upload_length", "cpu_s_per_gb", "s"),
        Metric("Instructions a request", "instructions", "each", ""),
        Metric("Memory at start (Pss)", "memory", "pss", "MiB", False, 1 / 1024),
        Metric("Memory of an idle stream", "memory", "stream_bytes", "bytes"),
        Metric("First answer when started by its socket", "cold", "ms", "ms"))),
)


def medians(samples, metric):
    found = {}
    for subject, each in samples.get(metric.measure, {}).items():
        values = [sample[metric.key] for sample in each if sample and sample.get(metric.key) is not None]
        if values:
            found[subject] = statistics.median(values)
    return found


def times(metric, value, base):
    """How many times the base: of rates the inverse, which is the time that one takes."""
    if metric.more_is_better:
        return base / value if value > 0 else None
    return value / base if base > 0 else None


def figure(value):
    """Three digits that mean something; thousands parted by a narrow blank."""
    if abs(value) >= 99.5:
        return f"{value:,.0f}".replace(",", "\u2009")
    digits = 1 if abs(value) >= 9.95 else 2 if abs(value) >= 0.0995 else 3
    return f"{value:.{digits}f}"


class Drawing:
    def __init__(self):
        self.parts = []
        self.y = MARGIN

    def text(self, x, y, text, size=12, fill=INK, more=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" {FONT} {more}>{escape(text)}</text>')

    def box(self, x, y, width, height, fill, more=""):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}" {more}/>')

    def head(self, about):
        trial = "A short trial, not to be quoted. " if about["is_quick"] else ""
        self.text(MARGIN, self.y + 14, "What a proxy before the Docker engine costs", 19, INK, 'font-weight="bold"')
        self.text(MARGIN, self.y + 35, "Shorter bars are better. Medians of "
                  f"{about['rounds']} interleaved rounds with a synthetic engine that is never the bottleneck.", 12, SOFT)
        self.text(MARGIN, self.y + 52, f"{trial}{about['date']}, sockgate {about['commit']}, {about['versions']}", 10, SOFT)
        self.text(MARGIN, self.y + 66, f"{about['machine']}", 10, SOFT)
        self.y += 66 + PANEL_GAP

    def bar(self, panel, metric, subject, value, base):
        name, text, colour = subject
        left, right = MARGIN + NAMES, WIDTH - MARGIN - VALUES
        ratio = times(metric, value, base)
        is_cut = ratio > panel.end
        width = max(1.5, (right - left) * min(ratio, panel.end) / panel.end)
        is_ours = name == "sockgate"
        weight = 'font-weight="bold"' if is_ours else ""
        self.text(left - 8, self.y + 9, text, 10.5, INK if is_ours else SOFT, f'text-anchor="end" {weight}')
        self.box(left, self.y, width, BAR, colour, 'rx="1.5"')
        if is_cut:      # a gap near the end, and the number says the rest
            self.parts.append(f'<path d="M{right - 26:.1f} {self.y - 1:.1f} l-5 {BAR + 2} h5 l5 -{BAR + 2} z" fill="{PAPER}"/>')
        shown = f"{figure(ratio)}\u2009\u00d7"
        self.text(left + width + 7, self.y + 9, shown, 10.5, INK, weight)
        self.text(left + width + 7 + 6.6 * len(shown) + 9, self.y + 9, f"{figure(value * metric.scale)} {metric.unit}".strip(),
                  10.5, SOFT)
        self.y += BAR_STEP

    def group(self, panel, metric, found):
        base = found[panel.base]
        self.text(MARGIN, self.y + 11, metric.text, 12, INK, 'font-weight="bold"')
        self.y += TITLE_STEP
        top = self.y
        at = len(self.parts)
        for subject in SUBJECTS:
            if subject[0] in found and times(metric, found[subject[0]], base) is not None:
                self.bar(panel, metric, subject, found[subject[0]], base)
        scale = (WIDTH - 2 * MARGIN - NAMES - VALUES) / panel.end
        rule = (f'<line x1="{MARGIN + NAMES + scale:.1f}" x2="{MARGIN + NAMES + scale:.1f}" y1="{top - 3}" '
                f'y2="{self.y - 1}" stroke="{EDGE}" stroke-width="1.5"/>')
        self.parts.insert(at, rule)
        self.y += GROUP_GAP

    def panel(self, panel, samples):
        shown = [(metric, medians(samples, metric)) for metric in panel.metrics]
        shown = [(metric, found) for metric, found in shown if found.get(panel.base) and found.get("sockgate")]
        if not shown:
            return
        self.text(MARGIN, self.y + 6, panel.title, 14, INK, 'font-weight="bold"')
        self.box(MARGIN, self.y + 14, WIDTH - 2 * MARGIN, 1, EDGE)
        self.y += 28
        for metric, found in shown:
            self.group(panel, metric, found)
        self.y += PANEL_GAP - GROUP_GAP

    def svg(self):
        height = self.y - PANEL_GAP + MARGIN
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
            'role="img">',
            "<!-- SPDX-License-Identifier: Apache-2.0 -->",
            "<title>What a proxy before the Docker engine costs</title>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:.0f}" rx="8" fill="{PAPER}" stroke="{EDGE}"/>',
            *self.parts, "</svg>"]) + "\n"


def render(report):
    drawing = Drawing()
    drawing.head(report["about"])
    for panel in PANELS:
        drawing.panel(panel, report["samples"])
    return drawing.svg()


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        print(render(json.load(file)), end="")


if __name__ == "__main__":
    main()
