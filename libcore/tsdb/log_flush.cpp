// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_flush.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/file_lock.h"

namespace mcore {
namespace {

/// -1 if it is not there.
off_t file_size(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_size : -1;
}

void sync_file(const std::string& path) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) {
      return;  // a checkpoint took its place, after it was flushed
    }
    throw Error(ErrorKind::kIo, "sync log", path, errno_text(errno));
  }
  if (::fdatasync(file.get()) != 0) {
    throw Error(ErrorKind::kIo, "sync log", path, errno_text(errno));
  }
}

/// Flushes segments up to the one before `end`.
void sync_segments(const std::string& folder, std::int64_t first, std::int64_t end) {
  for (std::int64_t segment = first; first >= 0 && segment < end; ++segment) {
    sync_file(segment_path(folder, segment));
  }
}

/// Flushes one log from a known durable end to a mark. Segments before the last were flushed when the next was begun.
void sync_log(const std::string& store, std::string_view name, const HeadLogMark& durable, const HeadLogMark& mark) {
  const std::string folder = store + std::string(name);
  if (mark.segment < 0 || (mark.segment == durable.segment && mark.offset == durable.offset)) {
    return;
  }
  if (durable.segment >= 0 && durable.segment != mark.segment) {
    sync_file(segment_path(folder, durable.segment));
  }
  sync_file(segment_path(folder, mark.segment));
  if (durable.segment != mark.segment) {
    sync_directory(folder);
  }
  if (durable.segment < 0) {
    sync_directory(store);  // the folder may be new as well
  }
}

/// Whether a log still ends where our own left it, so that its end is ours to cut.
bool ends_with_ours(std::int64_t last_segment, std::uint64_t size, const HeadLogMark& mark) {
  return last_segment == mark.segment || (last_segment == mark.segment + 1 && size == 0);
}

void cut_back(const std::string& folder, const HeadLogMark& durable, const HeadLogMark& mark) {
  if (mark.segment < 0 || durable == mark) {
    return;
  }
  const std::string path = segment_path(folder, mark.segment);
  const off_t size = mark.segment == durable.segment ? static_cast<off_t>(durable.offset) : 0;
  if (file_size(path) > size && ::truncate(path.c_str(), size) != 0 && errno != ENOENT) {
    throw Error(ErrorKind::kIo, "cut log back", path, errno_text(errno));
  }
}

/// Lets go of the flush lock, then wakes those who wait for what was done under it.
class BellAtEnd {
 public:
  BellAtEnd(SharedQueue& queue, FileLock lock) noexcept : queue_(queue), lock_(std::move(lock)) {}
  ~BellAtEnd() {
    lock_.unlock();
    queue_.ring();
  }
  BellAtEnd(const BellAtEnd&) = delete;
  BellAtEnd& operator=(const BellAtEnd&) = delete;

 private:
  SharedQueue& queue_;
  FileLock lock_;
};

FlushOutcome flush_locked(const HeadHome& home, HeadFiles& files, std::uint64_t commit) {
  const HeadControl::Durable durable = durable_state(files);
  if (durable.commit >= commit) {
    return FlushOutcome::kDurable;
  }
  if (files.control().retired.load(std::memory_order_acquire) >= kRetiredLost) {
    return FlushOutcome::kLost;
  }
  const HeadCommit newest = files.published();
  const HeadLogMark nothing;
  try {
    sync_log(home.store(), "/wal", durable.commit == 0 ? nothing : durable.wal, newest.wal);
    sync_log(home.store(), "/wbl", durable.commit == 0 ? nothing : durable.wbl, newest.wbl);
  } catch (const Error&) {
    // The pages of a failed flush are lost to the system's book-keeping: a second flush would succeed without them. So
    // those who wait must know before they can try.
    files.control().retired.store(kRetiredLost, std::memory_order_release);
    throw;
  }
  set_durable(files, newest, true);
  return FlushOutcome::kDurable;
}

}  // namespace

HeadControl::Durable durable_state(const HeadFiles& files) noexcept {
  const HeadControl& control = files.control();
  for (;;) {
    const std::uint64_t turn = control.durable_turn.load(std::memory_order_acquire);
    const HeadControl::Durable copy = control.durable[turn & 1U];
    std::atomic_thread_fence(std::memory_order_acquire);
    if (control.durable_turn.load(std::memory_order_relaxed) == turn) {
      return copy;
    }
  }
}

void set_durable(HeadFiles& files, const HeadCommit& commit, bool is_on_disk) noexcept {
  HeadControl& control = files.control();
  const std::uint64_t turn = control.durable_turn.load(std::memory_order_relaxed) + 1;
  std::atomic_thread_fence(std::memory_order_release);  // as in HeadWriter::publish()
  control.durable[turn & 1U] = {.commit = is_on_disk ? commit.number : 0,
                                .series_count = is_on_disk ? commit.series_count : 0,
                                .unused = 0,
                                .wal = commit.wal,
                                .wbl = commit.wbl};
  control.durable_turn.store(turn, std::memory_order_release);
}

void keep_foreign(const std::string& store, HeadFiles& files, const HeadCommit& commit) {
  const HeadControl::Durable durable = durable_state(files);
  try {
    sync_segments(store + "/wal", durable.wal.segment, commit.wal.segment);
    sync_segments(store + "/wbl", durable.wbl.segment, commit.wbl.segment);
  } catch (const Error&) {
    files.control().retired.store(kRetiredCutBack, std::memory_order_release);
    throw;
  }
  set_durable(files, commit, false);
}

FlushOutcome flush_logs(const HeadHome& home, HeadFiles& files, std::uint64_t commit,
                        std::chrono::milliseconds timeout) {
  const std::string path = home.folder() + "/sync";
  const std::shared_ptr<SharedQueue> queue = home.queue();
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  // Whoever is served by another's flush must not stand in line for the lock: it would hold up the next flush.
  for (;;) {
    const std::uint32_t rings = queue->rings();
    if (durable_state(files).commit >= commit) {
      return FlushOutcome::kDurable;
    }
    if (files.control().retired.load(std::memory_order_acquire) >= kRetiredLost) {
      return FlushOutcome::kLost;
    }
    if (auto lock = FileLock::try_lock(path, home.owner()); lock.has_value()) {
      const BellAtEnd bell(*queue, std::move(*lock));
      return flush_locked(home, files, commit);
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(ErrorKind::kBusy, "sync log", path, "held by " + describe_lock_holder(path));
    }
    constexpr std::chrono::milliseconds kLook(20);  // for a flusher that was killed
    queue->wait_ring(rings, kLook);
  }
}

void cut_back_lost(const std::string& store, HeadFiles& files) {
  const HeadCommit commit = files.published();
  const LogState logs = look_at_logs(store);
  // Else a server has come since, and with it the say over the log's end.
  if (logs.checkpoint == commit.checkpoint && ends_with_ours(logs.wal_segment, logs.wal_size, commit.wal) &&
      ends_with_ours(logs.wbl_segment, logs.wbl_size, commit.wbl)) {
    const HeadControl::Durable durable = durable_state(files);
    cut_back(store + "/wal", durable.wal, commit.wal);
    cut_back(store + "/wbl", durable.wbl, commit.wbl);
  }
  files.control().retired.store(kRetiredCutBack, std::memory_order_release);
}

}  // namespace mcore
