# SPDX-License-Identifier: Apache-2.0
"""One append that is killed, or meets an error, at each of its file calls in turn."""
import os

from common import Failure, Store, copy, expect, read_lines, remove, run

# Batches of which kind come next; see support/crash_workload.h for what they hold.
KINDS = {
    "first": (0, 1),         # a store that is not there yet
    "in order": (101, 1),
    "new series": (200, 20),
    "late": (27, 10),        # behind batch 5000 of the same writer
    "late and new": (27, 0),  # a writer that was never seen before
    "rebuild": (301, 1),     # there is no head
    "reboot": (401, 1),      # the head is another boot's
}


class Sequence:
    """Batches of one kind, one after the other, in one store."""

    def __init__(self, settings, kind, histograms):
        self.kind = kind
        self.store = Store(settings, "every-call", step_ms=5_000, histograms=histograms)
        self.writer = 1
        self.first, self.stride = KINDS[kind]
        self.batch = self.first
        self.boots = 0
        if kind != "first":
            self.store.append(0, 0, 3)
            self.store.append(1, 0, 26)
            self.store.append(1, 5000 if kind == "late" else 30)

    def next(self):
        """Prepares the store for one more append; returns its writer and batch."""
        if self.kind == "first":
            for path in (self.store.path, self.store.acks, self.store.tries):
                remove(path)
        elif self.kind == "rebuild":
            remove(self.store.path + "/head")
        elif self.kind == "late and new":
            self.writer += 1
        else:
            self.batch += self.stride
            if self.kind in ("in order", "reboot", "rebuild"):
                while self.batch % 10 == 7 or self.batch % 20 == 0:
                    self.batch += 1
        if self.kind == "rebuild":
            self.batch += 1 if (self.batch + 1) % 10 != 7 and (self.batch + 1) % 20 != 0 else 2
        return self.writer, self.batch

    def faults(self, more):
        if self.kind == "reboot":
            self.boots += 1
            return dict(more, BOOT_ID=f"boot-{self.boots}")
        return more


def trace_of(path):
    """Calls by number: (name, path)."""
    calls = {}
    for line in read_lines(path):
        number, name, file, _ = line.split(" ", 3)
        calls[int(number)] = (name, file)
    return calls


def kill_everywhere(settings):
    """An append that is killed leaves a store that has all that was acknowledged, shows whole batches, and takes more."""
    kills = 0
    for kind in KINDS:
        sequence = Sequence(settings, kind, True)
        store = sequence.store
        for when in ("before", "half", "after"):
            number, wanted = 1, None
            while True:
                writer, batch = sequence.next()
                trace = store.root + "/trace"
                remove(trace)
                faults = sequence.faults({"KILL_AT": number, "KILL_WHEN": when, "TRACE": trace})
                if wanted is not None and wanted.get(number, ("",))[0] not in _worth(when):
                    number += 1
                    if number > max(wanted):
                        break
                    continue
                done = store.driver("append", faults, writer=writer, first=batch)
                wanted = wanted or full_trace(store, sequence)
                where = f"{kind}, killed {when} call {number} {trace_of(trace).get(number, ('none', ''))}"
                if done.code == 0:
                    break
                expect(done, -9, where)
                kills += 1
                expect(store.driver("retry", writer=writer, first=batch, keep=store.root + "/dump"), 0, where)
                number += 1
    return f"{kills} kills"


def _worth(when):
    return {"before": {"write", "fsync", "rename", "truncate", "reserve", "unlink", "mkdir", "open"},
            "half": {"write"},
            "after": {"write", "rename", "truncate"}}[when]


def full_trace(store, sequence):
    """The calls of an append that nothing befalls."""
    writer, batch = sequence.next()
    trace = store.root + "/full-trace"
    remove(trace)
    done = store.driver("append", sequence.faults({"TRACE": trace}), writer=writer, first=batch)
    expect(done, 0, f"{sequence.kind}: append")
    return trace_of(trace)


def fail_everywhere(settings):
    """An append that meets an error says so in one line, exit 3, and nothing of its batch counts."""
    errors = 0
    for kind in KINDS:
        sequence = Sequence(settings, kind, False)
        store = sequence.store
        for name, faults in (("ENOSPC", {"ERRNO": "ENOSPC"}), ("EIO", {"ERRNO": "EIO"}),
                             ("ENOSPC in the middle", {"ERRNO": "ENOSPC", "FAIL_HALF": 1, "CALLS": "write"}),
                             ("ENOSPC from then on", {"ERRNO": "ENOSPC", "FAIL_COUNT": 0}),
                             ("EIO from then on", {"ERRNO": "EIO", "FAIL_COUNT": 0})):
            number = 1
            while True:
                writer, batch = sequence.next()
                trace = store.root + "/trace"
                remove(trace)
                given = sequence.faults(dict(faults, FAIL_AT=number, TRACE=trace))
                done = store.append_text(writer, batch, given)
                calls = trace_of(trace)
                where = f"{kind}, {name} at call {number} {calls.get(number, ('none', ''))}"
                if done.code == 0:
                    store.note(store.tries, writer, batch)
                    store.note(store.acks, writer, batch)
                else:
                    errors += 1
                    judge_failure(done, where)
                if not any(is_open_question(call, faults) for n, call in calls.items() if n >= number):
                    expect_no_more(store, where)
                store.note(store.tries, writer, batch)
                expect(store.driver("retry", writer=writer, first=batch, keep=store.root + "/dump"), 0, where)
                if number >= max(calls, default=0) + 1:
                    break
                number += 1
    return f"{errors} errors"


def judge_failure(done, where):
    lines = [line for line in done.stderr.strip().splitlines() if not line.endswith("building the head from the log")]
    if done.code != 3 or len(lines) != 1 or not lines[0].startswith("mstore: ") or done.stdout:
        raise Failure(f"{where}: want one line and exit 3, not {done.text()}")


def is_open_question(call, faults):
    """Whether the batch was published, and either only the word that it is on the disk lacks, or it cannot be taken back."""
    return call[1].endswith("/head/sync") or (faults.get("FAIL_COUNT") == 0 and call[0] in ("fsync", "truncate"))


def expect_no_more(store, where):
    """Nothing of the batch that failed is seen. A store that was never begun has nothing to look at."""
    if os.path.isdir(store.path + "/wal"):
        store.check(where + ": nothing of it may be there")


def short_writes(settings):
    """Writes that write only a part of what they were asked to are gone on with."""
    store = Store(settings, "short", histograms=True)
    for batch in range(40):
        expect(store.driver("append", {"SHORT": 1}, writer=0, first=batch), 0, "append with short writes")
    expect(store.driver("retry", writer=0, first=40), 0, "after short writes")
    return "40 appends"
