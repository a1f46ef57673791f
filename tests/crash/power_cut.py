# SPDX-License-Identifier: Apache-2.0
"""Loss of power at random moments of a run: whatever of the possible disks is left, what was acknowledged is on it."""
import os
import random as random_module
import threading

from common import Failure, Store, copy, expect, remove, run
from journal import Disk, read_journal
from server import check_with_server

WRITERS = 3


def run_journaled(settings, store, batches, fail):
    """Appends by several writers at once with upkeep in between, all written down; returns the journal."""
    journal = os.path.join(settings.work, store.root + ".journal")
    remove(journal)
    faults = {"ROOT": 1, "LOG": journal}
    problems = []

    def write(writer):
        first = 0
        while first < batches and not problems:
            # A burst is not told that another's failed flush has cut off what it had not flushed yet.
            mode, most = ("append", 9) if fail else random_module.choice((("append", 9), ("burst", 60)))
            count = min(random_module.randint(1, most), batches - first)
            more = dict(faults)
            if fail and random_module.random() < 0.2:
                more.update(ERRNO="EIO", FAIL_AT=1, CALLS="fsync")
            done = store.driver(mode, more, writer=writer, first=first, count=count, timeout=60_000)
            if done.code not in (0, 3) or (done.code == 3 and not fail):
                problems.append(f"writer {writer}: {done.text()}")
            first = first + count if done.code == 0 else acknowledged(store, writer) + 1

    def keep_up(stop):
        while not stop.wait(0.15):
            if store.settings.has_command("compact") and acknowledged(store, 0) > 0:
                done = run([settings.mstore, "compact", "-s", store.path], store.environment(faults))
                if done.code not in (0, 75):
                    problems.append(f"mstore compact: {done.text()}")

    stop = threading.Event()
    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(WRITERS)]
    upkeep = threading.Thread(target=keep_up, args=(stop,))
    for thread in [*writers, upkeep]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    upkeep.join()
    if problems:
        raise Failure(problems[0])
    return journal


def acknowledged(store, writer):
    found = -1
    with open(store.acks, encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{writer} "):
                found = max(found, int(line.split(" ")[1]))
    return found


class Cut:
    """One possible disk after one moment."""

    def __init__(self, settings, store, number):
        self.settings = settings
        self.store = Store(settings, "power-cut-after", step_ms=store.step_ms, histograms=store.histograms)
        self.name = f"cut {number}"

    def check(self, head, random, with_server, batches, where):
        store = self.store
        if os.path.isdir(store.path + "/head/1") and head is not None and random.random() < 0.7:
            copy(head, store.path + "/head/1")  # pages of another moment, and of another boot
        faults = {"BOOT_ID": "after-the-cut"}
        where = f"power cut at {where}"
        expect(store.driver("check", faults, damage=1, parts=1), 0, where)
        if with_server:
            other = Store(self.settings, "power-cut-server", step_ms=store.step_ms, histograms=store.histograms)
            copy(store.root, other.root)
            check_with_server(self.settings, other, compacts=False, parts=1)
        again = {"writer": 0, "first": batches, "keep": store.root + "/dump", "damage": 1, "parts": 1}
        done = store.driver("retry", faults, **again)
        is_damaged = done.code == 3 and ": read log: " in done.stderr
        if is_damaged and self.settings.has_command("repair"):
            repaired = run([self.settings.mstore, "repair", "-s", store.path], store.environment(faults))
            expect(repaired, 1 if repaired.code == 1 else 0, where)  # 1: it moved something aside
            done = store.driver("retry", faults, **again)
        elif is_damaged:
            return True
        expect(done, 0, where)
        return is_damaged


def power_cuts(settings):
    """Runs several times, once in a while with failed flushes, and cuts each at many moments."""
    random = settings.random
    cuts = servers = damaged = 0
    rounds = max(2, settings.kills // 60)
    for number in range(rounds):
        cuts_here = settings.kills // rounds
        batches = 200
        store = Store(settings, "power-cut", step_ms=settings.hours * 3_600_000 // (batches + 1))
        if number % 2 == 0:
            store.append(0, 0, 2)
        else:
            os.mkdir(store.path)
        first = copy_root(store)
        journal = run_journaled(settings, store, batches, fail=number % 3 == 2)
        events = read_journal(journal)
        any_sync = number % 2 == 0
        disk = load_disk(first, store.root)
        # Before there is a log the folder is no store yet, and nothing was promised.
        first = next((i for i, event in enumerate(events, 1) if "/wal" in str(event.path)), 1)
        moments = sorted(random.randrange(first, len(events) + 1) for _ in range(cuts_here - 1)) + [len(events)]
        at = 0
        for moment in moments:
            while at < moment:
                disk.apply(events[at])
                disk.settle(events[at], any_sync)
                at += 1
            cut = Cut(settings, store, cuts)
            seed = random.randrange(1 << 30)
            remove(cut.store.root)
            disk.write_after_cut(cut.store.root, random_module.Random(seed), any_sync)
            where = f"event {moment} of {len(events)}, {events[moment - 1].call} {events[moment - 1].path}, seed {seed}"
            write_notes(disk, store, cut.store)
            os.makedirs(cut.store.cache, exist_ok=True)
            server = cuts % 10 == 0
            damaged += cut.check(store.path + "/head/1", random, server, batches, where + (", any fsync" if any_sync else ""))
            cuts += 1
            servers += server and settings.peer("prometheus") is not None
    text = f"{cuts} cuts, {servers} shown to a server" if servers else f"{cuts} cuts; THE REAL SERVER IS NOT HERE: SKIPPED"
    if damaged:
        text += f"; {damaged} had a damaged log"
        text += "" if settings.has_command("repair") else ": WRITERS REFUSE IT, AND mstore repair IS NOT THERE YET"
    return text


def write_notes(disk, store, after):
    """The notes are kept whole: what the world was told does not vanish with the disk."""
    for name in ("acks", "tries"):
        number = disk.objects[disk.top].get(name)
        content = bytes(disk.objects[number].cache) if number is not None else b""
        with open(os.path.join(after.root, name), "wb") as file:
            file.write(content)
    if not os.path.exists(after.path):
        os.mkdir(after.path)


def copy_root(store):
    """The folder as it was before; inodes are those of the original, so they are noted."""
    inodes = {}
    for folder, folders, files in os.walk(store.root):
        for name in [*folders, *files, ""]:
            path = os.path.join(folder, name) if name else folder
            inodes[os.path.relpath(path, store.root)] = os.lstat(path).st_ino
    target = store.root + ".before"
    copy(store.root, target)
    return target, inodes


def load_disk(first, root):
    before, inodes = first
    disk = Disk(before)
    numbers = {}
    for folder, folders, files in os.walk(before):
        for name in [*folders, *files, ""]:
            path = os.path.join(folder, name) if name else folder
            numbers[inodes[os.path.relpath(path, before)]] = disk.of_inode[os.lstat(path).st_ino]
    disk.of_inode = numbers
    disk.root = root
    return disk
