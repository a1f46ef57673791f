// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <thread>

#include "base/error.h"
#include "tsdb/head_access.h"
#include "tsdb/head_index.h"
#include "tsdb/log_append.h"
#include "tsdb/log_flush.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

/// Makes the folder of a store where there is none yet; refuses folders that hold something else.
std::string ready_folder(const std::string& store) {
  // Several may be making it at once: what is there when one looks again was made by another.
  const std::vector<DirectoryEntry> entries = list_directory(store, true);
  if (!entries.empty() && !is_store(store)) {
    throw Error(ErrorKind::kUsage, "open store", store, "this folder holds something else: neither a log nor blocks");
  }
  for (std::size_t slash = store.find('/', 1); !path_exists(store); slash = store.find('/', slash + 1)) {
    const std::string made = store.substr(0, slash);
    if (!path_exists(made)) {
      create_owned_folder(made, NewFileOwner{});
    }
    if (slash == std::string::npos) {
      break;
    }
  }
  return store;
}

/// Waits that are shorter are nothing to speak of.
constexpr std::chrono::milliseconds kShortWait(1000);
/// A log of this size takes about as long to read.
constexpr std::uint64_t kShortLogBytes = 64U << 20U;

std::string holder_of(const std::string& lock) {
  const std::string holder = describe_lock_holder(lock);
  return holder.empty() ? "another process" : holder;
}

/// Times far from a time: as far as times go. Requires: by_ms >= 0.
std::int64_t later(std::int64_t t_ms, std::int64_t by_ms) noexcept {
  constexpr std::int64_t kLatest = std::numeric_limits<std::int64_t>::max();
  return t_ms > kLatest - by_ms ? kLatest : t_ms + by_ms;
}
std::int64_t earlier(std::int64_t t_ms, std::int64_t by_ms) noexcept {
  constexpr std::int64_t kEarliest = std::numeric_limits<std::int64_t>::min();
  return t_ms < kEarliest + by_ms ? kEarliest : t_ms - by_ms;
}

/// The oldest in-order sample of a series from `floor_t_ms` on, or an earlier time from there on.
std::int64_t oldest_in_order(const HeadFiles& files, const SeriesStateView& state, std::int64_t floor_t_ms) {
  std::int64_t oldest = state.last_t_ms;
  if (oldest < floor_t_ms) {
    return std::numeric_limits<std::int64_t>::max();
  }
  for (std::uint32_t unit = state.slab; unit != 0 && oldest > floor_t_ms;) {
    const SlabHeader& header = files.slab(unit);
    oldest = header.first_t_ms;
    unit = header.previous;
  }
  return std::max(oldest, floor_t_ms);
}

bool is_at(const HeadLogMark& a, const HeadLogMark& b) noexcept {
  return a.segment == b.segment && a.offset == b.offset;
}

}  // namespace

bool is_store(const std::string& folder) {
  for (const std::string_view name : {"/wal", "/wbl", "/head", "/chunks_head"}) {
    if (path_exists(folder + std::string(name))) {
      return true;
    }
  }
  try {
    return std::ranges::any_of(list_directory(folder, true), [](const DirectoryEntry& entry) {
      return entry.name == "lock" || (entry.is_directory && is_ulid(entry.name));
    });
  } catch (const Error&) {
    return false;
  }
}

StoreWriter::StoreWriter(const std::string& store, const Clock& clock, StoreWriterOptions options)
    : store_(ready_folder(store)),
      clock_(clock),
      options_(std::move(options)),
      home_(store_, head_folder_for_writing(store_), owner_of_new_files(store_)),
      blocks_(
          store_, options_.on_damage ? options_.on_damage : [](const Error&) {}) {}

void StoreWriter::lock_writer(WriterLock& writer) const {
  const std::string path = home_.writer_lock_path();
  const auto start = std::chrono::steady_clock::now();
  const auto left = [&](std::chrono::milliseconds most) {
    const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    return std::max(std::min(most, options_.lock_timeout) - waited, std::chrono::milliseconds::zero());
  };
  constexpr std::chrono::milliseconds kPatience(50);  // with one that was called
  bool told = false;
  while (!writer.lock.is_held() &&
         !writer.queue().wait_turn(writer.number(), std::min(kPatience, options_.lock_timeout))) {
    if (auto lock = home_.lock_writer(std::chrono::milliseconds::zero()); lock.has_value()) {
      writer.queue().pass_over();  // it was killed, and we need not wait for those behind it: they had the same chance
      writer.lock = std::move(*lock);
    } else if (left(options_.lock_timeout) == std::chrono::milliseconds::zero()) {
      break;
    } else if (!told && left(kShortWait) == std::chrono::milliseconds::zero()) {
      tell_wait(path);
      told = true;
    }
  }
  for (const auto most : {kShortWait, options_.lock_timeout}) {
    if (!writer.lock.is_held()) {
      if (!told && most > kShortWait) {
        tell_wait(path);
      }
      if (auto lock = home_.lock_writer(left(most)); lock.has_value()) {
        writer.lock = std::move(*lock);
      }
    }
  }
  if (!writer.lock.is_held()) {
    throw Error(
        ErrorKind::kBusy, "lock store", path,
        fmt::format("held by {} for {} s", holder_of(path), static_cast<double>(options_.lock_timeout.count()) / 1000));
  }
}

// Only the writer contends for the server's lock, so nobody of ours is pushed aside by polling.
FileLock StoreWriter::lock_store() const {
  const std::string path = store_ + "/lock";
  const auto start = std::chrono::steady_clock::now();
  bool told = false;
  for (;;) {
    if (auto lock = FileLock::try_lock(path, home_.owner()); lock.has_value()) {
      return std::move(*lock);
    }
    const auto waited = std::chrono::steady_clock::now() - start;
    if (!told && waited > kShortWait) {
      tell_wait(path);
      told = true;
    }
    if (options_.is_cancelled && options_.is_cancelled()) {
      throw Error(ErrorKind::kBusy, "lock store", path, "interrupted while " + holder_of(path) + " held it");
    }
    if (waited >= options_.lock_timeout) {
      throw Error(ErrorKind::kBusy, "lock store", path,
                  fmt::format("held by {}; a running Prometheus shuts out writers", holder_of(path)));
    }
    constexpr std::chrono::milliseconds kPause(5);
    std::this_thread::sleep_for(kPause);
  }
}

void StoreWriter::tell_wait(const std::string& lock) const {
  if (options_.on_wait) {
    options_.on_wait("waiting for " + holder_of(lock) + " to release " + lock);
  }
}

void StoreWriter::prepare_head() {
  (void)blocks_.refresh();
  const bool had_head = files_.has_value() && files_->control().retired.load() == 0;
  if (!had_head && options_.on_wait && !home_.open(false).has_value() &&
      tree_bytes(store_ + "/wal") + tree_bytes(store_ + "/wbl") > kShortLogBytes) {
    options_.on_wait("building the head from the log");
  }
  const HeadCatchUp result = home_.catch_up(files_, blocks_.min_valid_t_ms(), {});
  if (result.rebuilt || result.foreign) {
    // What a server wrote it seldom flushed; from here on it is ours to cut back after a failure, so it must be safe.
    (void)flush_logs(home_, *files_, files_->published().number, options_.lock_timeout);
  }
}

AppendOutcome StoreWriter::append(const SampleBatch& batch) {
  constexpr int kMostAttempts = 100;
  std::uint64_t series_logged = 0;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    try {
      AppendOutcome outcome;
      const Step step = try_append(batch, outcome);
      if (step == Step::kAgain) {
        continue;
      }
      if ((options_.sync || step == Step::kSeriesLogged) && !options_.dry_run && flush() == FlushOutcome::kLost) {
        continue;
      }
      if (step == Step::kDone) {
        outcome.new_series += series_logged;
        return outcome;
      }
      series_logged += outcome.new_series;
    } catch (const Error& error) {
      if (!has_head_vanished(error)) {
        throw;
      }
      files_.reset();
      home_.make_folders();
    }
  }
  throw Error(ErrorKind::kBusy, "append", store_, "the log changes under every attempt");
}

/// Removing the head is harmless, at any time.
bool StoreWriter::has_head_vanished(const Error& error) const {
  return error.kind() == ErrorKind::kIo && error.where().starts_with(home_.folder()) &&
         error.why() == errno_text(ENOENT);
}

FlushOutcome StoreWriter::flush() {
  try {
    return flush_logs(home_, *files_, last_commit_.number, options_.lock_timeout);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo) {
      try {
        WriterLock writer(home_.queue());
        lock_writer(writer);
        home_.cut_back_lost();
      } catch (const Error&) {
        // the next writer does it
      }
    }
    throw;
  }
}

std::optional<std::int64_t> StoreWriter::oldest_only_in_log() {
  WriterLock writer(home_.queue());
  lock_writer(writer);
  prepare_head();
  HeadWriter head(*files_, HeadWriter::Mode::kShared);
  head.begin();
  const std::int64_t floor_t_ms = std::min(head.next().in_blocks_t_ms, blocks_.min_valid_t_ms());
  std::int64_t oldest = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t id = 0; id < head.next().series_count; ++id) {
    const SeriesStateView state = head.state(id);
    if (state.last_t_ms != kNoTime) {
      oldest = std::min(oldest, oldest_in_order(*files_, state, floor_t_ms));
    }
  }
  head.abandon();
  last_commit_ = files_->published();
  return oldest == std::numeric_limits<std::int64_t>::max() ? std::nullopt : std::optional(oldest);
}

void StoreWriter::put_blocks(std::int64_t end_t_ms, const std::function<void()>& put) {
  constexpr int kMostAttempts = 100;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    WriterLock writer(home_.queue());
    lock_writer(writer);
    prepare_head();
    if (secure_before(end_t_ms)) {
      const FileLock lock = lock_store();
      put();
      return;
    }
  }
  throw Error(ErrorKind::kBusy, "add blocks", store_, "the log changes under every attempt");
}

/// Requires: the writer's lock. False if something came in between.
bool StoreWriter::secure_before(std::int64_t end_t_ms) {
  // Series first: what is late rests on their records, which lie in the other log.
  if (flush_logs(home_, *files_, files_->published().number, options_.lock_timeout) == FlushOutcome::kLost) {
    return false;
  }
  HeadWriter head(*files_, HeadWriter::Mode::kShared);
  head.begin();
  try {
    AppendBatch job(*files_, head, blocks_, {});
    job.raise_floor(std::max(end_t_ms, blocks_.min_valid_t_ms()));
    if (!commit(head, job)) {
      return false;
    }
  } catch (...) {
    head.abandon();
    throw;
  }
  return flush_logs(home_, *files_, last_commit_.number, options_.lock_timeout) == FlushOutcome::kDurable;
}

StoreWriter::Step StoreWriter::try_append(const SampleBatch& batch, AppendOutcome& outcome) {
  WriterLock writer(home_.queue());
  lock_writer(writer);
  prepare_head();
  if (!writer.lock.is_in_place(home_.writer_lock_path())) {
    files_.reset();  // somebody removed the head: another may hold the lock of its place by now, and write in this very
                     // head
    return Step::kAgain;
  }
  HeadWriter head(*files_, HeadWriter::Mode::kShared);
  head.begin();
  AppendRules rules;
  rules.newest_t_ms = later(clock_.now_ms(), options_.max_ahead.count());
  rules.durable_series = durable_state(*files_).series_count;
  if (options_.ooo_window.has_value() && head.next().max_t_ms != kNoTime) {
    rules.oldest_t_ms = earlier(head.next().max_t_ms, options_.ooo_window->count());
  }
  try {
    AppendBatch job(*files_, head, blocks_, rules);
    job.raise_floor(blocks_.min_valid_t_ms());
    job.apply(batch);
    if (options_.dry_run) {
      outcome = job.outcome();
      head.abandon();
      last_commit_ = files_->published();
      return Step::kDone;
    }
    if (job.needs_durable_series()) {
      head.abandon();
      head.begin();
      AppendBatch series(*files_, head, blocks_, rules);
      series.apply_series(batch);
      outcome.new_series = series.outcome().new_series;
      return commit(head, series) ? Step::kSeriesLogged : Step::kAgain;
    }
    outcome = job.outcome();
    return commit(head, job) ? Step::kDone : Step::kAgain;
  } catch (...) {
    head.abandon();
    throw;
  }
}

bool StoreWriter::commit(HeadWriter& head, const AppendBatch& batch) {
  if (batch.wal().empty() && batch.wbl().empty()) {
    head.abandon();
    last_commit_ = files_->published();
    return true;
  }
  const FileLock lock = lock_store();
  switch (compare_with_logs(head.next(), look_at_logs(store_))) {
    case HeadStanding::kCurrent:
      break;
    case HeadStanding::kBehind:
      head.abandon();
      home_.cut_tails(files_, blocks_.min_valid_t_ms());
      return false;
    case HeadStanding::kForeign:
    case HeadStanding::kGone:
      head.abandon();
      return false;
  }
  const HeadControl::Durable durable = durable_state(*files_);
  HeadCommit& next = head.next();
  LogAppend wal(store_ + "/wal", next.wal, next.checkpoint + 1, is_at(durable.wal, next.wal), home_.owner());
  LogAppend wbl(store_ + "/wbl", next.wbl, 0, is_at(durable.wbl, next.wbl), home_.owner());
  extend_index(*files_, next, false);
  wal.write(batch.wal());
  try {
    wbl.write(batch.wbl());
  } catch (...) {
    wal.take_back();
    throw;
  }
  if (batch.outcome().new_series > 0) {
    // A server that starts fast would hand out refs from it that are in use by now (tsdb-format 5.4).
    ::unlink((store_ + "/wal/series_state.json").c_str());
  }
  next.wal = wal.mark();
  next.wbl = wbl.mark();
  head.publish();
  last_commit_ = next;
  return true;
}

}  // namespace mcore
