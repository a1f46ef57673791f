# SPDX-License-Identifier: Apache-2.0
"""Writers, readers and upkeep at once, all of them killed at random; then the balance."""
import os
import random
import signal
import subprocess
import threading
import time

from common import Failure, Store, expect, read_lines
from server import check_with_server

WRITERS = 4
READERS = 2


class Crowd:
    """Processes that are started again and again, each killed after a random while."""

    def __init__(self, settings, store, kills):
        self.settings = settings
        self.store = store
        self.kills_left = kills
        self.kills = 0
        self.lock = threading.Lock()
        self.problems = []
        self.head_vanishes = False
        self.writing = WRITERS
        self.done = os.path.join(store.root, "done")
        self.appends = self.upkeeps = self.reads = 0

    def may_kill(self):
        with self.lock:
            self.kills_left -= 1
            return self.kills_left >= 0 and not self.problems

    def run(self, command, chance, patience):
        """Runs a process; with a `chance` it is killed after up to `patience` seconds. None: it was."""
        process = subprocess.Popen(command, env=self.store.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                   text=True)
        if random.random() < chance and self.may_kill():
            try:
                process.wait(random.random() * patience)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        try:
            text = process.communicate(timeout=120)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            self.problem(f"hangs: {command}")
            return None
        if process.returncode == -signal.SIGKILL:
            with self.lock:
                self.kills += 1
            return None
        return process.returncode, text.strip()

    def problem(self, text):
        with self.lock:
            self.problems.append(text)

    def acknowledged(self, writer):
        return {int(line.split(" ")[1]) for line in read_lines(self.store.acks) if line.startswith(f"{writer} ")}

    def write(self, writer, appends):
        while not self.problems:
            there = self.acknowledged(writer)
            first = max(there, default=-1) + 1
            if first >= appends:
                break
            count = min(random.randrange(1, 13), appends - first)
            command = [self.settings.driver, "append",
                       *self.store.options(writer=writer, first=first, count=count, timeout=60_000)]
            outcome = self.run(command, 0.5, 0.03)
            if outcome is not None and outcome[0] != 0:
                self.problem(f"writer {writer} from batch {first}: exit {outcome[0]}: {outcome[1]}")
        with self.lock:
            self.writing -= 1
            if self.writing == 0:
                open(self.done, "w", encoding="ascii").close()

    def read(self):
        while not os.path.exists(self.done):
            outcome = self.run([self.settings.driver, "watch", *self.store.options(until=self.done)], 0.5, 0.3)
            if outcome is not None and outcome[0] != 0 and self.acknowledged(0):
                self.problem(f"a reader: exit {outcome[0]}: {outcome[1]}")
            self.reads += 1
            time.sleep(0.01)

    def may_lose_head(self, text):
        """Upkeep whose head is removed under it may give up; the next one goes on."""
        return self.head_vanishes and "No such file or directory" in text and "/store/head" in text

    def keep_up(self):
        if not self.settings.has_command("compact"):
            return
        while not os.path.exists(self.done):
            time.sleep(random.random() * 0.05)
            if not self.acknowledged(0):
                continue
            outcome = self.run([self.settings.mstore, "compact", "-s", self.store.path], 0.6, 0.06)
            if outcome is not None and outcome[0] not in (0, 75) and not self.may_lose_head(outcome[1]):
                self.problem(f"mstore compact: exit {outcome[0]}: {outcome[1]}")
            self.upkeeps += 1


def random_kills(settings, disturbance=None, name="crowd", kills=None, with_server=True):
    """`disturbance`: what else is done to the store meanwhile, called again and again with the crowd."""
    appends = 960
    store = Store(settings, name, step_ms=settings.hours * 3_600_000 // appends)
    crowd = Crowd(settings, store, settings.kills if kills is None else kills)
    crowd.head_vanishes = disturbance is not None
    threads = [threading.Thread(target=crowd.write, args=(writer, appends)) for writer in range(WRITERS)]
    threads += [threading.Thread(target=crowd.read) for _ in range(READERS)]
    threads.append(threading.Thread(target=crowd.keep_up))
    if disturbance is not None:
        threads.append(threading.Thread(target=lambda: disturb(crowd, disturbance)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if crowd.problems:
        raise Failure(crowd.problems[0])
    balance(store, appends)
    blocks = sum(1 for entry in os.listdir(store.path) if len(entry) == 26)
    text = f"{crowd.kills} kills, {crowd.reads} readers, {crowd.upkeeps} upkeeps, {blocks} blocks"
    return text + ("; " + check_with_server(settings, store) if with_server else "")


def disturb(crowd, disturbance):
    while not os.path.exists(crowd.done):
        disturbance(crowd)


def balance(store, appends):
    expect(store.driver("retry", writer=0, first=appends, keep=store.root + "/dump"), 0, "in the end")
    if store.settings.has_command("compact"):
        from common import run
        expect(run([store.settings.mstore, "compact", "-s", store.path], store.environment()), 0, "mstore compact")
        store.check("after the last upkeep")
