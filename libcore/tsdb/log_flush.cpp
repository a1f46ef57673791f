// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_flush.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.h"
#include "base/file_lock.h"

namespace mcore {
namespace {

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

/// Flushes one log from a known durable end to a mark. Segments before the last were flushed when the next was begun.
void sync_log(const std::string& folder, const HeadLogMark& durable, const HeadLogMark& mark) {
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
}

void set_durable(HeadFiles& files, const HeadCommit& commit) noexcept {
  HeadControl& control = files.control();
  const std::uint64_t turn = control.durable_turn.load(std::memory_order_relaxed) + 1;
  control.durable[turn & 1U] = {.commit = commit.number,
                                .series_count = commit.series_count,
                                .unused = 0,
                                .wal = commit.wal,
                                .wbl = commit.wbl};
  control.durable_turn.store(turn, std::memory_order_release);
}

void cut_back(const std::string& folder, const HeadLogMark& durable, const HeadLogMark& mark) {
  if (mark.segment < 0 || durable == mark) {
    return;
  }
  const std::string path = segment_path(folder, mark.segment);
  const off_t size = mark.segment == durable.segment ? static_cast<off_t>(durable.offset) : 0;
  if (::truncate(path.c_str(), size) != 0 && errno != ENOENT) {
    throw Error(ErrorKind::kIo, "cut log back", path, errno_text(errno));
  }
}

/// The pages of a failed flush are lost to the system's book-keeping: a second flush would succeed without them.
void give_up(const HeadHome& home, HeadFiles& files) {
  constexpr std::chrono::seconds kPatience(10);
  const auto writer = home.lock_writer(kPatience);
  const auto store = FileLock::lock_within(home.store() + "/lock", home.owner(), kPatience);
  if (!writer.has_value() || !store.has_value()) {
    return;  // a server has the log by now, and with it the say over its end
  }
  const HeadCommit commit = files.published();
  const HeadControl::Durable durable = durable_state(files);
  cut_back(home.store() + "/wal", durable.wal, commit.wal);
  cut_back(home.store() + "/wbl", durable.wbl, commit.wbl);
  files.control().retired.store(kRetiredLost, std::memory_order_release);
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

FlushOutcome flush_logs(const HeadHome& home, HeadFiles& files, std::uint64_t commit,
                        std::chrono::milliseconds timeout) {
  if (durable_state(files).commit >= commit) {
    return FlushOutcome::kDurable;
  }
  auto flushing = FileLock::lock_within(home.folder() + "/sync", home.owner(), timeout);
  if (!flushing.has_value()) {
    throw Error(ErrorKind::kBusy, "sync log", home.folder() + "/sync",
                "held by " + describe_lock_holder(home.folder() + "/sync"));
  }
  const HeadControl::Durable durable = durable_state(files);
  if (durable.commit >= commit) {
    return FlushOutcome::kDurable;
  }
  if (files.control().retired.load(std::memory_order_acquire) == kRetiredLost) {
    return FlushOutcome::kLost;
  }
  const HeadCommit newest = files.published();
  try {
    sync_log(home.store() + "/wal", durable.wal, newest.wal);
    sync_log(home.store() + "/wbl", durable.wbl, newest.wbl);
    if (durable.commit == 0) {
      sync_directory(home.store());
    }
  } catch (const Error&) {
    flushing->unlock();
    give_up(home, files);
    throw;
  }
  set_durable(files, newest);
  return FlushOutcome::kDurable;
}

}  // namespace mcore
