# SPDX-License-Identifier: Apache-2.0
"""What others may do to a store while we work on it: stop, truncate, fill the disk, remove, copy, set the clock."""
import os
import signal
import subprocess
import time

from common import Failure, Store, copy, expect, remove, run

YEAR_MS = 365 * 24 * 3_600_000


def stopped(settings):
    """A writer that is stopped while it has the lock is named as such; readers do not mind."""
    store = Store(settings, "stopped", histograms=False)
    store.append(0, 0, 5)
    trace = store.root + "/trace"
    faults = {"STOP_AT": 1, "CALLS": "write", "TRACE": trace}
    holder = subprocess.Popen([settings.driver, "append", *store.options(writer=0, first=5)],
                              env=store.environment(faults))
    try:
        wait_until(lambda: state_of(holder.pid) == "T", "the writer does not stop")
        begin = time.monotonic()
        refused = store.append_text(1, 0, None, "--lock-timeout", "300ms")
        if refused.code != 75 or f"process {holder.pid}, stopped" not in refused.stderr:
            raise Failure(f"want exit 75 and the name of the stopped holder: {refused.text()}")
        if time.monotonic() - begin > 5:
            raise Failure("--lock-timeout 300ms took longer than five seconds")
        store.check("a reader beside a stopped writer")
    finally:
        holder.send_signal(signal.SIGCONT)
        code = holder.wait(30)
    if code != 0:
        raise Failure(f"the writer that went on: exit {code}")
    store.check("after it went on")
    return stopped_reader(settings, store)


def stopped_reader(settings, store):
    """A reader that is stopped holds up nobody, and shows one moment when it goes on."""
    reader = subprocess.Popen([settings.driver, "watch", *store.options(until=store.root + "/done", pause=0)],
                              env=store.environment(), stdout=subprocess.PIPE, text=True)
    try:
        time.sleep(0.05)
        reader.send_signal(signal.SIGSTOP)
        store.append(0, 6, 60)
        if settings.has_command("compact"):
            expect(run([settings.mstore, "compact", "-s", store.path], store.environment()), 0, "mstore compact")
        store.append(0, 66, 60)
    finally:
        reader.send_signal(signal.SIGCONT)
        open(store.root + "/done", "w", encoding="ascii").close()
        text = reader.communicate(timeout=30)[0]
    if reader.returncode != 0:
        raise Failure(f"the reader that was stopped: exit {reader.returncode}: {text}")
    return "a writer and a reader"


def state_of(process):
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def wait_until(holds, otherwise, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failure(otherwise)
        time.sleep(0.005)


def truncated(settings):
    """Files that lose their end before or under a reader or writer end in an error line or an answer, never in a crash."""
    tried = 0
    model = Store(settings, "truncated-model")
    model.append(0, 0, 500)
    if settings.has_command("compact"):
        expect(run([settings.mstore, "compact", "-s", model.path], model.environment()), 0, "mstore compact")
    model.append(0, 500, 300)
    files = []
    for folder, _, names in os.walk(model.path):
        files += [os.path.relpath(os.path.join(folder, name), model.path) for name in names]
    for name in sorted(files):
        for share in (0.0, 0.5, 0.97):
            store = Store(settings, "truncated")
            for part in ("store", "acks", "tries"):
                copy(os.path.join(model.root, part), os.path.join(store.root, part))
            store.append(0, 800)  # makes a head of its own: a copied one is not trusted
            path = os.path.join(store.path, name)
            if name.startswith("head/"):
                path = newest_head_file(store, name)
            if path is None or not os.path.exists(path):
                continue
            os.truncate(path, int(os.path.getsize(path) * share))
            for what, done in (("dump", store.driver("dump")), ("append", store.driver("append", writer=0, first=801)),
                               ("export", run([settings.mstore, "export", "-s", store.path], store.environment()))):
                tried += 1
                if done.code not in (0, 1, 3):
                    raise Failure(f"{name} cut to {share:.0%}: {what}: {done.text()}")
                if done.code == 3 and len(done.stderr.strip().splitlines()) < 1:
                    raise Failure(f"{name} cut to {share:.0%}: {what} says nothing: {done.text()}")
    tried += truncated_under_reader(settings, model)
    return f"{tried} looks at cut files"



def newest_head_file(store, name):
    base = os.path.join(store.path, "head", "1")
    generations = [entry for entry in os.listdir(base) if entry.isdigit()] if os.path.isdir(base) else []
    last = os.path.basename(name)
    if not generations or last in ("writer", "sync", "upkeep"):
        return None
    return os.path.join(base, max(generations, key=int), last)


def truncated_under_reader(settings, model):
    """The reader has the files mapped already when they are cut."""
    tried = 0
    for name in ("control", "series", "labels", "slabs", "tables", "index"):
        store = Store(settings, "truncated")
        for part in ("store", "acks", "tries"):
            copy(os.path.join(model.root, part), os.path.join(store.root, part))
        store.append(0, 800)
        mapped = store.root + "/mapped"
        reader = subprocess.Popen([settings.driver, "hold", *store.options(ready=mapped, until=store.root + "/cut")],
                                  env=store.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: os.path.exists(mapped) or reader.poll() is not None, "the reader does not begin")
        path = newest_head_file(store, "head/1/1/" + name)
        os.truncate(path, 0)
        open(store.root + "/cut", "w", encoding="ascii").close()
        text, errors = reader.communicate(timeout=30)
        tried += 1
        if reader.returncode not in (0, 3) or (reader.returncode == 3 and len(errors.strip().splitlines()) != 1):
            raise Failure(f"head file {name} cut under a reader: exit {reader.returncode}: {text[-300:]} {errors}")
    return tried


def full_disk(settings):
    """A file system that is really full: an error line, no SIGBUS, nothing half written; with room it goes on."""
    store = Store(settings, "full", histograms=False)
    os.makedirs(store.path)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", store.path], capture_output=True)
    if mounted.returncode != 0:
        return "SKIPPED: no right to mount a small file system"
    try:
        refused = fills = 0
        batch = 0
        while fills < 4:
            done = store.append_text(0, batch)
            if done.code == 0:
                store.note(store.tries, 0, batch)
                store.note(store.acks, 0, batch)
                batch += 1
                grow(store.path + "/fill", 16384)
                continue
            lines = [line for line in done.stderr.strip().splitlines() if "building the head" not in line]
            if done.code != 3 or len(lines) != 1 or "No space left" not in lines[0]:
                raise Failure(f"on a full disk: {done.text()}")
            refused += 1
            store.check("on a full disk")
            if refused % 6 == 0:
                fills += 1
                os.truncate(store.path + "/fill", 0)
                remove(store.path + ("/head" if fills % 2 else "/fill"))  # a head is to be built on a disk that fills
            else:
                grow(store.path + "/fill", 4096)
        os.path.exists(store.path + "/fill") and os.truncate(store.path + "/fill", 0)
        expect(store.driver("retry", writer=0, first=batch), 0, "with room again")
    finally:
        subprocess.run(["umount", store.path], check=False)
    return f"{batch} appends, {refused} refusals"


def grow(path, size):
    try:
        with open(path, "ab") as file:
            file.write(bytes(size))
    except OSError:
        pass


def copies(settings):
    """Copies, made at any time, moved stores and old heads put back: the head is what the log says."""
    store = Store(settings, "copied")
    store.append(0, 0, 50)
    made = 0
    writer = subprocess.Popen([settings.driver, "append", *store.options(writer=0, first=50, count=300)],
                              env=store.environment())
    taken = []
    while writer.poll() is None and made < 12:
        target = f"{store.root}-copy-{made}"
        remove(target)
        known = len(open(store.acks, encoding="ascii").readlines())
        subprocess.run(["cp", "-a", store.root, target], check=False, capture_output=True)
        taken.append((target, known))
        made += 1
    if writer.wait(60) != 0:
        raise Failure("the writer of a store that is copied fails")
    for target, known in taken:
        other = Store(settings, "copy")
        copy(target, other.root)
        remove(target)
        keep_lines(other.acks, known)
        copy(store.tries, other.tries)
        expect(other.driver("check", parts=1, damage=1), 0, "a copy made while others write")
        expect(other.driver("retry", writer=0, first=400, parts=1, damage=1), 0, "an append to such a copy")
    old = store.root + "/old-head"
    copy(store.path + "/head", old)
    store.append(0, 350, 30)
    remove(store.path + "/head")
    os.rename(old, store.path + "/head")
    expect(store.driver("retry", writer=0, first=380), 0, "an old head put back")
    moved = Store(settings, "moved")
    os.rename(store.path, moved.path)
    copy(store.acks, moved.acks)
    copy(store.tries, moved.tries)
    expect(moved.driver("retry", writer=0, first=381), 0, "a moved store")
    return f"{made} copies"


def keep_lines(path, number):
    with open(path, encoding="ascii") as file:
        lines = file.readlines()[:number]
    with open(path, "w", encoding="ascii") as file:
        file.writelines(lines)


def clocks(settings):
    """A clock that shows next year for a while."""
    store = Store(settings, "clock")
    now = int(time.time() * 1000)
    store.append(0, 0, 100)
    expect(store.driver("append", writer=0, first=100, now=now + YEAR_MS), 0, "a clock a year ahead")
    refused = store.append_text(0, 200_000, None)
    if "too far ahead of the clock" not in refused.stderr:
        raise Failure(f"a sample a month ahead is taken: {refused.text()}")
    store.note(store.tries, 0, 200_000)
    done = store.append_text(0, 200_000, None, "--now", str(now + YEAR_MS))
    expect(done, 0, "a sample of a month ahead with the clock there")
    for batch in range(101, 140):
        store.append(0, batch)
    if settings.has_command("compact"):
        expect(run([settings.mstore, "compact", "-s", store.path], store.environment()), 0, "mstore compact")
        store.append(0, 140, 20)
    expect(store.driver("retry", writer=0, first=160, parts=1), 0, "back in the present")
    return "a year ahead and back"


def vanishing_head(crowd):
    """Removes the head of a store that others work on."""
    time.sleep(0.05)
    remove_loosely(crowd.store.path + "/head")


def remove_loosely(path):
    subprocess.run(["rm", "-rf", path], check=False, capture_output=True)
