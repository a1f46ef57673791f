# SPDX-License-Identifier: Apache-2.0
"""What the parts of scripts/check-crashes share. The standard library of python3-minimal is all there is."""
import os
import random
import subprocess
import time


class Failure(Exception):
    """A check that did not hold; the text says which and how to see it again."""


class Settings:
    """Where things are and how long to go on."""

    def __init__(self, binaries, library, work, peers, kills, seconds, seed, strict):
        self.driver = os.path.join(binaries, "store_driver")
        self.mstore = os.path.join(binaries, "mstore")
        self.shim = os.path.join(library, "fault_shim.so")
        self.work = work
        self.peers = peers
        self.kills = kills
        self.seconds = seconds
        self.strict = strict
        self.random = random.Random(seed)
        self.hours = 16
        self.start_ms = int(time.time() * 1000) - self.hours * 3_600_000

    def peer(self, name):
        path = os.path.join(self.peers, "bin", name)
        return path if os.access(path, os.X_OK) else None

    def has_command(self, name):
        """Whether mstore has that subcommand yet."""
        return f"\n  {name} " in run([self.mstore, "--help"]).stdout


class Store:
    """One store under test, with its notes of what was sent and what was acknowledged."""

    def __init__(self, settings, name, step_ms=15_000, histograms=True):
        self.settings = settings
        self.root = os.path.join(settings.work, name)
        self.path = os.path.join(self.root, "store")
        self.acks = os.path.join(self.root, "acks")
        self.tries = os.path.join(self.root, "tries")
        self.cache = os.path.join(self.root, "cache")
        self.step_ms = step_ms
        self.histograms = histograms
        remove(self.root)
        os.makedirs(self.cache)

    def options(self, **more):
        given = {"store": self.path, "start": self.settings.start_ms, "step": self.step_ms, "acks": self.acks,
                 "tries": self.tries, "histograms": int(self.histograms)}
        given.update(more)
        return [f"{key}={value}" for key, value in given.items()]

    def driver(self, mode, faults=None, **more):
        return run([self.settings.driver, mode, *self.options(**more)], self.environment(faults))

    def environment(self, faults=None):
        """`faults`: settings of the shim without their FAULT_; none: the shim is not there."""
        environment = dict(os.environ, XDG_CACHE_HOME=self.cache)
        if faults is not None:
            environment["LD_PRELOAD"] = self.settings.shim
            environment["FAULT_DIR"] = self.root if faults.get("ROOT") else self.path
            environment.update({"FAULT_" + key: str(value) for key, value in faults.items() if key != "ROOT"})
        return environment

    def append_text(self, writer, batch, faults=None, *options):
        """Appends a batch through `mstore append`; noted as tried and, on success, as acknowledged by the caller."""
        text = run([self.settings.driver, "text", *self.options(writer=writer, first=batch)], None).stdout
        return run([self.settings.mstore, "append", "-s", self.path, *options], self.environment(faults), text)

    def note(self, path, writer, batch):
        with open(path, "a", encoding="ascii") as file:
            file.write(f"{writer} {batch}\n")

    def append(self, writer, first, count=1):
        expect(self.driver("append", writer=writer, first=first, count=count), 0, "append")

    def check(self, what, **more):
        expect(self.driver("check", **more), 0, what)


class Outcome:
    def __init__(self, command, code, stdout, stderr):
        self.command, self.code, self.stdout, self.stderr = command, code, stdout, stderr

    def text(self):
        lines = (self.stdout + self.stderr).strip().splitlines()
        return f"exit {self.code}: " + " | ".join(lines[:10])


def run(command, environment=None, stdin="", timeout=120):
    done = subprocess.run(command, env=environment, input=stdin, capture_output=True, text=True, timeout=timeout)
    return Outcome(command, done.returncode, done.stdout, done.stderr)


def expect(outcome, code, what):
    if outcome.code != code:
        raise Failure(f"{what}: {outcome.text()}")
    return outcome


def remove(path):
    subprocess.run(["rm", "-rf", path], check=True)


def copy(source, target):
    remove(target)
    subprocess.run(["cp", "-a", source, target], check=True)


def read_lines(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []
