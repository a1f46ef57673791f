# SPDX-License-Identifier: Apache-2.0
"""A real server on a store: what it shows at its start, after its own compaction, and after another start."""
import os
import signal
import socket
import subprocess
import time

from common import Failure, expect, run

CONFIGURATION = """
global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs:
- job_name: itself
  static_configs: [{targets: ["127.0.0.1:PORT"]}]
"""


class Server:
    """A running server; its own samples make it compact at once instead of after a minute."""

    def __init__(self, settings, store, name):
        self.store = store
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        configuration = os.path.join(store.root, "prometheus.yml")
        with open(configuration, "w", encoding="ascii") as file:
            file.write(CONFIGURATION.replace("PORT", str(self.port)))
        self.log_path = os.path.join(store.root, f"server-{name}.log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [settings.peer("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={store.path}",
                 "--storage.tsdb.retention.time=3650d", f"--web.listen-address=127.0.0.1:{self.port}"],
                stdout=log, stderr=log)
        self.wait_for("/-/ready", 60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def get(self, path, *options):
        return run(["curl", "-sf", "-m", "60", f"http://127.0.0.1:{self.port}{path}", *options])

    def has_said(self, text):
        with open(self.log_path, encoding="utf-8") as log:
            return text in log.read()

    def wait_for(self, path, seconds):
        end = time.monotonic() + seconds
        while self.get(path).code != 0:
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"the server does not start: see {self.log_path}")
            time.sleep(0.1)

    def metric(self, name):
        for line in self.get("/metrics").stdout.splitlines():
            if line.startswith(name + " "):
                return float(line.split(" ")[1])
        return 0.0

    def wait_for_compaction(self, start_ms):
        """Until the head holds the last hours only, or twenty seconds have passed without."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if self.metric("prometheus_tsdb_head_min_time") > start_ms and self.metric("prometheus_tsdb_head_min_time") > (
                    time.time() * 1000 - 5 * 3_600_000):
                return True
            time.sleep(0.3)
        return False

    def check(self, hours, what, more):
        answer = os.path.join(self.store.root, "answer.json")
        expect(self.get("/api/v1/query", "-o", answer, "--data-urlencode",
                        'query={__name__=~"crash_.*"}[' + f"{hours}h]", "--data-urlencode",
                        f"time={time.time() + 60:.0f}"), 0, what + ": the query failed")
        expect(run([self.store.settings.driver, "server", answer, *self.store.options(**more)]), 0,
               f"{what}: the server does not show what was acknowledged (see {answer}, {self.log_path})")


def check_with_server(settings, store, compacts=True, **more):
    """Says what was done; the store belongs to the server afterwards, and must still be ours too."""
    if settings.peer("prometheus") is None:
        return "THE REAL SERVER IS NOT HERE: SKIPPED"
    hours = settings.hours + 4
    with Server(settings, store, "repairing") as server:
        has_repaired = server.has_said("corruption repair")
        if not has_repaired:
            server.check(hours, "at its start", more)
    # A server that has to repair its WAL does not read the WBL before its next start.
    with Server(settings, store, "first") as server:
        server.check(hours, "at its start", more)
        done = "shown after its repair" if has_repaired else "shown"
        if compacts:
            compacted = server.wait_for_compaction(settings.start_ms)
            done += ", compacted" if compacted else ", NOT COMPACTED"
            server.check(hours, "after its compaction", more)
    if compacts:
        with Server(settings, store, "second") as server:
            server.check(hours, "after its second start", more)
    store.check("after the server", foreign=1, **more)
    return "server: " + done
