# SPDX-License-Identifier: Apache-2.0
"""Many writers in a closed loop: nobody starves, and one flush serves them all."""
import subprocess

from common import Failure, Store

WRITERS = 32


def run_herd(settings, name, faults):
    store = Store(settings, "herd", histograms=False)
    store.append(0, 0, 3)
    processes = []
    for writer in range(WRITERS):
        options = store.options(writer=writer, first=100, seconds=int(settings.seconds), late=0, acks="", tries="",
                                timeout=60_000, now=settings.start_ms + 400 * 24 * 3_600_000)
        processes.append(subprocess.Popen([settings.driver, "loop", *options], env=store.environment(faults),
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
    counts, longest = [], 0.0
    for process in processes:
        text = process.communicate(timeout=settings.seconds + 120)[0].strip()
        if process.returncode != 0:
            raise Failure(f"{name}: a writer: exit {process.returncode}: {text}")
        number, wait, _ = text.split(" ")
        counts.append(int(number))
        longest = max(longest, float(wait))
    if settings.strict and (longest > 1000 or max(counts) > 2 * min(counts) or
                            (faults and sum(counts) < 250 * settings.seconds)):
        raise Failure(f"{name}: {describe(counts, longest, settings.seconds)}")
    if min(counts) == 0:
        raise Failure(f"{name}: a writer starves: {describe(counts, longest, settings.seconds)}")
    return f"{name}: {describe(counts, longest, settings.seconds)}"


def describe(counts, longest, seconds):
    return (f"{sum(counts) / seconds:.0f} appends/s, {min(counts)} to {max(counts)} by each of {len(counts)}, longest wait "
            f"{longest:.0f} ms")


def herd(settings):
    return (run_herd(settings, "flushes as they come", None) + "; " +
            run_herd(settings, "flushes of 10 ms", {"FSYNC_DELAY_MS": 10}))
