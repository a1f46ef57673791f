# SPDX-License-Identifier: Apache-2.0
"""What a disk may hold after a loss of power, from the journal of tests/support/fault_shim.cpp.

Each file has what the programs saw (the cache) and what is surely on the disk; between the two, each page that was
written since the last fsync may be there, not be there, or be zeros. A failed fsync leaves its pages clean and lost. Names
are kept in one of two ways: any fsync settles all names before it, and the others come in their order (ext4, xfs); or
each folder is settled by its own fsync alone (what POSIX promises).
"""
import os
import struct

HEADER = struct.Struct("=8sqQQIHHII")
SECTOR = 512
PAGE = 4096


class Event:
    __slots__ = ("call", "result", "inode", "offset", "data", "path", "path2", "flags")


def read_journal(path):
    with open(path, "rb") as file:
        blob = file.read()
    events, at = [], 0
    while at + HEADER.size <= len(blob):
        call, result, inode, offset, size, path_size, path2_size, _, flags = HEADER.unpack_from(blob, at)
        at += HEADER.size
        event = Event()
        event.call = call.rstrip(b"\0").decode()
        event.result, event.inode, event.offset, event.flags = result, inode, offset, flags
        event.path = blob[at:at + path_size].decode()
        event.path2 = blob[at + path_size:at + path_size + path2_size].decode()
        at += path_size + path2_size
        event.data = blob[at:at + size]
        at += size
        events.append(event)
    return events


class File:
    """Content as the programs see it and as the disk surely has it."""

    def __init__(self, content=b""):
        self.cache = bytearray(content)
        self.disk = bytearray(content)
        self.dirty = set()

    def resize(self, size):
        if size < len(self.cache):
            del self.cache[size:]
        else:
            self.cache.extend(bytes(size - len(self.cache)))
        self.dirty.add(size // SECTOR)

    def write(self, offset, data):
        if len(self.cache) < offset + len(data):
            self.cache.extend(bytes(offset + len(data) - len(self.cache)))
        self.cache[offset:offset + len(data)] = data
        if data:
            # A page is written back whole.
            first, last = offset // PAGE, (offset + len(data) - 1) // PAGE
            self.dirty.update(range(first * PAGE // SECTOR, (last + 1) * PAGE // SECTOR))

    def sync(self):
        self.disk = self._with(self.dirty, len(self.cache))
        self.dirty.clear()

    def lose(self):
        """A failed fsync: the pages count as clean, and are not there."""
        self.disk = self._with((), len(self.cache)) if len(self.cache) < len(self.disk) else self.disk
        self.dirty.clear()

    def _with(self, sectors, size):
        disk = bytearray(self.disk[:size])
        disk.extend(bytes(size - len(disk)))
        for sector in sectors:
            part = self.cache[sector * SECTOR:min((sector + 1) * SECTOR, size)]
            disk[sector * SECTOR:sector * SECTOR + len(part)] = part
        return disk

    def after_cut(self, random):
        way = random.choice(("none", "all", "pages", "sectors", "front", "zeros"))
        if way == "none" or not self.dirty:
            return bytes(self.disk)
        if way == "all":
            return bytes(self._with(self.dirty, len(self.cache)))
        size = len(self.cache) if random.random() < 0.7 else random.choice((len(self.disk), len(self.cache)))
        if way == "zeros":
            return bytes(self._with((), size))
        if way == "front":
            end = random.randrange(len(self.disk), size + 1) if size > len(self.disk) else size
            return bytes(self._with([sector for sector in self.dirty if sector * SECTOR < end], end))
        unit = PAGE // SECTOR if way == "pages" else 1
        kept = {part: random.random() < 0.6 for part in sorted({sector // unit for sector in self.dirty})}
        return bytes(self._with([sector for sector in self.dirty if kept[sector // unit]], size))


class Disk:
    """A folder with all below it, as the journal changes it."""

    def __init__(self, root):
        self.root = root
        self.objects = {}  # by number of our own
        self.of_inode = {}
        self.top = self._load(root)
        self.pending = []  # changes of names: (what, folder, name, object)
        self.settled = {number: dict(names) for number, names in self.objects.items() if isinstance(names, dict)}

    def _load(self, path):
        info = os.lstat(path)
        number = len(self.objects)
        if os.path.isdir(path):
            names = self.objects[number] = {}
            for name in os.listdir(path):
                names[name] = self._load(os.path.join(path, name))
        else:
            with open(path, "rb") as file:
                self.objects[number] = File(file.read())
        self.of_inode[info.st_ino] = number
        return number

    def _place(self, path):
        """The folder of a path, and the name in it; nothing if it is outside."""
        path = path.removesuffix(" (deleted)")
        if not path.startswith(self.root + "/"):
            return None, None
        parts = path[len(self.root) + 1:].split("/")
        folder = self.top
        for part in parts[:-1]:
            folder = self.objects[folder][part]
        return folder, parts[-1]

    def _change(self, what, folder, name, number=None):
        names = self.objects[folder]
        if what == "add":
            names[name] = number
        else:
            names.pop(name, None)
        self.pending.append((what, folder, name, number))

    def apply(self, event):
        if event.result < 0:
            if event.call == "fsync" and event.inode in self.of_inode:
                found = self.objects[self.of_inode[event.inode]]
                if isinstance(found, File):
                    found.lose()
            return
        method = getattr(self, "_" + event.call, None)
        if method is not None:
            method(event)

    def _open(self, event):
        if event.flags & 1:
            self._make(event, File())
        elif event.flags & 2:
            self.objects[self.of_inode[event.inode]].resize(0)

    def _mkdir(self, event):
        self._make(event, {})

    def _make(self, event, made):
        folder, name = self._place(event.path)
        if folder is None:
            return
        number = len(self.objects)
        self.objects[number] = made
        self.of_inode[event.inode] = number
        if isinstance(made, dict):
            self.settled[number] = {}
        self._change("add", folder, name, number)

    def _write(self, event):
        self.objects[self.of_inode[event.inode]].write(event.offset, event.data)

    def _truncate(self, event):
        self.objects[self.of_inode[event.inode]].resize(event.offset)

    def _reserve(self, event):
        found = self.objects[self.of_inode[event.inode]]
        found.resize(max(event.offset, len(found.cache)))

    def _unlink(self, event):
        folder, name = self._place(event.path)
        if folder is not None:
            self._change("remove", folder, name)

    def _rename(self, event):
        folder, name = self._place(event.path)
        to, to_name = self._place(event.path2)
        number = self.objects[folder][name]
        self.objects[folder].pop(name)
        self.objects[to][to_name] = number
        self.pending.append(("move", (folder, name), (to, to_name), number))

    def _link(self, event):
        folder, name = self._place(event.path)
        to, to_name = self._place(event.path2)
        self._change("add", to, to_name, self.objects[folder][name])

    def _fsync(self, event):
        found = self.objects[self.of_inode[event.inode]]
        if isinstance(found, File):
            found.sync()

    @staticmethod
    def _do(settled, change):
        what, folder, name, number = change
        if what == "add":
            settled[folder][name] = number
        elif what == "remove":
            settled[folder].pop(name, None)
        else:
            if settled[folder[0]].get(folder[1]) == number:
                settled[folder[0]].pop(folder[1])
            settled[name[0]][name[1]] = number

    def settle(self, event, any_sync):
        """What an fsync settles of the names. `any_sync`: of all of them, not only of the folder it was asked of."""
        if event.call != "fsync" or event.result < 0 or event.inode not in self.of_inode:
            return
        synced = self.of_inode[event.inode]
        kept = []
        for change in self.pending:
            folder = change[1] if change[0] != "move" else change[2][0]
            if any_sync or folder == synced:
                self._do(self.settled, change)
            else:
                kept.append(change)
        self.pending = kept

    def names_after_cut(self, random, any_sync):
        names = {number: dict(entries) for number, entries in self.settled.items()}
        if any_sync:
            for change in self.pending[:random.randint(0, len(self.pending))]:
                self._do(names, change)
            return names
        stopped = {}
        for change in self.pending:  # within a folder in order, as far as that one came
            folder = change[1] if change[0] != "move" else change[2][0]
            if folder not in stopped:
                stopped[folder] = random.random() < 0.2
            stopped[folder] = stopped[folder] or random.random() < 0.1
            if not stopped[folder]:
                self._do(names, change)
        return names

    def write_after_cut(self, target, random, any_sync):
        names = self.names_after_cut(random, any_sync)

        def put(number, path):
            os.mkdir(path)
            for name, child in names[number].items():
                if isinstance(self.objects[child], dict):
                    put(child, os.path.join(path, name))
                else:
                    with open(os.path.join(path, name), "wb") as file:
                        file.write(self.objects[child].after_cut(random))

        put(self.top, target)
