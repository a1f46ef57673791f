# SPDX-License-Identifier: Apache-2.0
"""The two that are asked: a real server on a directory, and mquery on the same one."""
import http.client
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.parse

QUERY_SECONDS = 20
SERVER_PREFIX = re.compile(r'^invalid parameter "query": (\d+:\d+: parse error: )?')
MQUERY_PREFIX = re.compile(r"^mquery: (evaluate query: |parse query: (\d+:\d+: )?)?")


class Failure(Exception):
    """The comparison cannot go on; the text says why."""


class Question:
    """An expression and the time or times it is asked for, in milliseconds."""

    def __init__(self, text, start_ms, end_ms=None, step_ms=None):
        self.text = text
        self.start_ms = start_ms
        self.end_ms = end_ms
        self.step_ms = step_ms

    @property
    def is_range(self):
        return self.step_ms is not None

    def about(self, text):
        """The same question about another expression."""
        return Question(text, self.start_ms, self.end_ms, self.step_ms)

    def times(self):
        if not self.is_range:
            return {"time": seconds(self.start_ms)}
        return {"start": seconds(self.start_ms), "end": seconds(self.end_ms), "step": seconds(self.step_ms)}

    def __str__(self):
        return self.text + "  " + " ".join(f"--{name} {value}" for name, value in self.times().items())


class Reply:
    """What came back: the parsed data or an error text, and the texts of warnings and infos."""

    def __init__(self, data=None, error=None, notes=()):
        self.data = data
        self.error = error
        self.notes = list(notes)


class Server:
    """A Prometheus on 127.0.0.1; `close` ends it."""

    def __init__(self, program, folder, work, features):
        configuration = os.path.join(work, "prometheus.yml")
        with open(configuration, "w", encoding="ascii") as file:
            file.write("global: {}\n")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = os.path.join(work, "prometheus.log")
        self.connections = threading.local()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [program, f"--config.file={configuration}", f"--storage.tsdb.path={folder}", "--storage.tsdb.retention.time=100y",
                 f"--web.listen-address=127.0.0.1:{self.port}", f"--enable-feature={features}",
                 f"--query.timeout={QUERY_SECONDS}s"], stdout=log, stderr=log)
        self.wait()

    def wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.request("/-/ready")[0] == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.close()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            raise Failure("the server does not start: " + " ".join(log.read()[-500:].split("\n")))

    def request(self, path):
        for attempt in (1, 2):
            connection = getattr(self.connections, "one", None) or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            self.connections.one = connection
            try:
                connection.request("GET", path)
                answer = connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.connections.one = None
                if attempt == 2:
                    raise OSError(str(error)) from error
        return None

    def get(self, path, parameters):
        """An answer of the API; numbers outside of quotes stay as they are written there."""
        body = self.request(f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}")[1]
        return json.loads(body, parse_float=str)

    def ask(self, question):
        answer = self.get("query_range" if question.is_range else "query", {"query": question.text, **question.times()})
        notes = answer.get("warnings", []) + answer.get("infos", [])
        if answer["status"] == "success":
            return Reply(data=answer["data"], notes=notes)
        return Reply(error=SERVER_PREFIX.sub("", answer["error"]), notes=notes)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Mquery:
    """One process for each question."""

    def __init__(self, program, folder, work, features):
        self.command = [program, "query", "-s", folder, "-o", "json", "-v", "--timeout", f"{QUERY_SECONDS}s"]
        for feature in features:
            self.command += ["--enable-feature", feature]
        self.environment = {name: value for name, value in os.environ.items() if name != "MQUERY_LOOKBACK"}
        self.environment["XDG_CACHE_HOME"] = os.path.join(work, "cache")

    def ask(self, question):
        times = [word for name, value in question.times().items() for word in ("--" + name, value)]
        done = subprocess.run([*self.command, *times, "--expr", question.text], env=self.environment, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=120, check=False)
        lines = done.stderr.decode("utf-8", "replace").split("\n")
        notes = [line.removeprefix("mquery: ") for line in lines if line.startswith("mquery: PromQL ")]
        if done.returncode == 0:
            return Reply(data=json.loads(done.stdout, parse_float=str), notes=notes)
        said = MQUERY_PREFIX.sub("", next((line for line in lines if line and not line.startswith("mquery: PromQL ")), ""))
        if done.returncode not in (2, 3):
            said = f"exit {done.returncode}: {said}"
        return Reply(error=said, notes=notes)


def seconds(ms):
    """A time as text, exact."""
    return f"{ms // 1000}.{ms % 1000:03}" if ms % 1000 else str(ms // 1000)
