// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_home.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstdio>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <limits>

#include "base/error.h"
#include "tsdb/head_index.h"
#include "tsdb/known_refs.h"
#include "tsdb/log_flush.h"
#include "tsdb/log_sequence.h"

namespace mcore {
namespace {

/// Folders that are built beside the writers, who leave them alone.
constexpr std::string_view kAside = "aside.";

/// Where a log ends, taken from how its reading ended.
struct LogEnd {
  HeadLogMark mark;
  bool has_tail = false;
};

/// Reads a log to its end into the head.
class LogRead {
 public:
  LogRead(const std::string& folder, LogKind kind, LogApplier& applier, const DamageReport& on_damage)
      : sequence_(folder, kind), kind_(kind), applier_(applier), on_damage_(on_damage) {}

  /// False if the log does not go on at `from`.
  [[nodiscard]] bool open(LogPosition from) {
    for (int tries = 0; tries < 100; ++tries) {
      const LogOpenStatus status = sequence_.open(from);
      if (status == LogOpenStatus::kPositionGone) {
        return false;
      }
      if (status == LogOpenStatus::kOpened) {
        return true;
      }
    }
    throw Error(ErrorKind::kBusy, "read log", sequence_.path(), "its segments change faster than they can be opened");
  }

  /// Reads up to the end, or to `limit`.
  LogEnd run(const HeadLogMark& known, std::optional<LogPosition> limit, HeadCatchUp& result) {
    LogEnd end{.mark = known};
    std::int64_t crc_segment = known.segment;
    std::uint32_t crc = known.crc;
    for (;;) {
      const LogReadStatus status = sequence_.next();
      const bool is_record = status == LogReadStatus::kRecord;
      const bool is_cut = is_record && is_cut_record();
      const bool is_beyond = is_record && !is_cut && limit.has_value() && sequence_.end() > *limit;
      if (is_record && !is_beyond && !is_cut) {
        apply(result);
        crc_segment = sequence_.in_checkpoint() ? -1 : sequence_.start().segment;
        crc = sequence_.last_crc().value_or(0);
        continue;
      }
      if (status == LogReadStatus::kCorrupt) {
        report(sequence_.fault(), result);
        sequence_.skip_damage();
        continue;
      }
      if (sequence_.last_segment() >= 0) {
        const LogPosition at = is_record ? sequence_.start() : sequence_.end();
        end.mark.segment = is_beyond ? at.segment : sequence_.last_segment();
        end.mark.offset = sequence_.in_checkpoint() ? 0 : at.offset;
        end.mark.crc = crc_segment == end.mark.segment ? crc : 0;
      }
      end.has_tail = status != LogReadStatus::kEnd && !is_beyond;
      return end;
    }
  }

  [[nodiscard]] std::int64_t checkpoint() const noexcept { return sequence_.checkpoint(); }

 private:
  /// A record at the very end of the log whose missing rest is zeros reads as a whole one. But it was promised to
  /// nobody, and a mark behind the file's end could not be gone on from: it is a torn end like any other.
  [[nodiscard]] bool is_cut_record() const noexcept {
    return sequence_.is_padded() && !sequence_.in_checkpoint() && sequence_.start().segment == sequence_.last_segment();
  }

  void apply(HeadCatchUp& result) {
    const std::string_view record = sequence_.record();
    const bool whole = kind_ == LogKind::kWal ? applier_.apply_wal(record) : applier_.apply_wbl(record);
    if (!whole) {
      report(
          Error(ErrorKind::kCorrupt, "read log",
                fmt::format("{} at byte {}", sequence_.path(), sequence_.start().offset), "a record does not decode"),
          result);
    }
  }

  void report(const Error& error, HeadCatchUp& result) const {
    ++result.damages;
    if (!on_damage_) {
      throw Error(error.kind(), "read log", error.where(), error.why() + "; 'mstore repair' saves what is intact");
    }
    on_damage_(error);
  }

  LogSequence sequence_;
  LogKind kind_;
  LogApplier& applier_;
  const DamageReport& on_damage_;
};

void cut_to(const std::string& folder, const HeadLogMark& mark) {
  if (mark.segment < 0) {
    return;
  }
  const std::string path = segment_path(folder, mark.segment);
  if (::truncate(path.c_str(), static_cast<off_t>(mark.offset)) != 0) {
    throw Error(ErrorKind::kIo, "cut torn end off", path, errno_text(errno));
  }
}

bool log_matches(const HeadLogMark& mark, const std::string& folder) {
  if (mark.segment < 0 || mark.offset == 0 || mark.crc == 0) {
    return true;
  }
  const std::string path = segment_path(folder, mark.segment);
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.is_open() && fragment_crc_before(file.get(), path, mark.offset) == mark.crc;
}

/// The highest number among the generations in a folder, 0 if there is none.
std::uint64_t newest_number(const std::string& generations) {
  std::uint64_t newest = 0;
  for (const DirectoryEntry& entry : list_directory(generations, true)) {
    std::uint64_t number = 0;
    const char* const end = entry.name.data() + entry.name.size();
    const auto [at, error] = std::from_chars(entry.name.data(), end, number);
    if (error == std::errc() && at == end) {
      newest = std::max(newest, number);
    }
  }
  return newest;
}

}  // namespace

std::optional<HeadFiles> open_newest_head(const std::string& home, bool writable) {
  const std::string generations = home + "/" + std::to_string(kHeadFormat);
  constexpr int kTries = 10;
  for (int tries = 0; tries < kTries; ++tries) {
    const std::uint64_t number = newest_number(generations);
    if (number == 0) {
      return std::nullopt;
    }
    try {
      auto files = HeadFiles::open(fmt::format("{}/{}", generations, number), writable);
      if (files.has_value() || newest_number(generations) == number) {
        return files;
      }
    } catch (const Error&) {
      // It was replaced while its files were being opened; or it is damaged, and there is no newer one.
      if (newest_number(generations) == number && tries > 0) {
        return std::nullopt;
      }
    }
  }
  return std::nullopt;
}

LogState look_at_logs(const std::string& store) {
  LogState state;
  const LogListing wal = list_log(store + "/wal");
  if (wal.checkpoint.has_value()) {
    state.checkpoint = wal.checkpoint->number;
  }
  if (!wal.segments.empty()) {
    state.wal_segment = wal.segments.back().number;
    state.wal_size = wal.segments.back().size;
  }
  const LogListing wbl = list_log(store + "/wbl");
  if (!wbl.segments.empty()) {
    state.wbl_segment = wbl.segments.back().number;
    state.wbl_size = wbl.segments.back().size;
  }
  return state;
}

HeadStanding compare_with_logs(const HeadCommit& commit, const LogState& logs) {
  if (commit.checkpoint != logs.checkpoint || logs.wal_segment < commit.wal.segment ||
      logs.wbl_segment < commit.wbl.segment ||
      (logs.wal_segment == commit.wal.segment && logs.wal_size < commit.wal.offset) ||
      (logs.wbl_segment == commit.wbl.segment && logs.wbl_size < commit.wbl.offset)) {
    return HeadStanding::kGone;
  }
  if (logs.wal_segment != commit.wal.segment || logs.wbl_segment != commit.wbl.segment) {
    return HeadStanding::kForeign;
  }
  const bool current = (commit.wal.segment < 0 || logs.wal_size == commit.wal.offset) &&
                       (commit.wbl.segment < 0 || logs.wbl_size == commit.wbl.offset);
  return current ? HeadStanding::kCurrent : HeadStanding::kBehind;
}

HeadHome::HeadHome(std::string store, std::string home, NewFileOwner owner, bool serves_writers)
    : store_(std::move(store)), home_(std::move(home)), owner_(owner), serves_writers_(serves_writers) {
  make_folders();
}

/// Removing a head is harmless at any time.
void HeadHome::make_folders() const {
  if (!path_exists(generations())) {
    create_owned_folder(home_, owner_);
    create_owned_folder(generations(), owner_);
    queue_.reset();
  }
}

std::shared_ptr<SharedQueue> HeadHome::queue() const {
  if (queue_ == nullptr) {
    queue_ = std::make_shared<SharedQueue>(home_ + "/queue", owner_);
  }
  return queue_;
}

std::optional<FileLock> HeadHome::lock_writer(std::chrono::milliseconds timeout) const {
  make_folders();
  return FileLock::lock_within(writer_lock_path(), owner_, timeout);
}

// The WBL's series are in the WAL, logged there first. Others may be writing: what the WBL holds before the WAL is read
// to its end has its series in what is read; what comes later is left for the next time.
LogPosition HeadHome::end_of_wbl() const {
  const LogState logs = look_at_logs(store_);
  return {logs.wbl_segment, logs.wbl_size};
}

bool HeadHome::bring_forward(HeadFiles& files, std::int64_t floor_t_ms, const DamageReport& on_damage,
                             HeadCatchUp& result) const {
  const HeadCommit known = files.published();
  const LogState logs = look_at_logs(store_);
  const HeadStanding standing = compare_with_logs(known, logs);
  // A server may have used refs again that a cut has retired, as long as the log still had them.
  const bool is_revived = standing == HeadStanding::kForeign && known.shrink_wal >= 0;
  if (standing == HeadStanding::kGone || is_revived || !log_matches(known.wal, store_ + "/wal") ||
      !log_matches(known.wbl, store_ + "/wbl")) {
    return false;
  }
  if (standing == HeadStanding::kCurrent) {
    return true;
  }
  HeadWriter head(files, HeadWriter::Mode::kShared);
  head.begin();  // with the floor it has: whoever raises it looks after what that endangers
  if (standing == HeadStanding::kForeign) {
    // A server knows nothing of a floor that was raised for blocks to come.
    head.next().floor_t_ms = std::min(head.next().floor_t_ms, floor_t_ms);
  }
  LogApplier applier(head);
  const LogPosition wbl_limit = end_of_wbl();
  LogRead wal(store_ + "/wal", LogKind::kWal, applier, on_damage);
  LogRead wbl(store_ + "/wbl", LogKind::kWbl, applier, on_damage);
  if (!wal.open({known.wal.segment, known.wal.offset}) || !wbl.open({known.wbl.segment, known.wbl.offset}) ||
      wal.checkpoint() != known.checkpoint) {
    head.abandon();
    return false;
  }
  const LogEnd wal_end = wal.run(known.wal, std::nullopt, result);
  const LogEnd wbl_end = wbl.run(known.wbl, wbl_limit, result);
  applier.finish();
  head.next().wal = wal_end.mark;
  head.next().wbl = wbl_end.mark;
  extend_index(files, head.next(), false);
  head.publish();
  if (standing == HeadStanding::kForeign) {
    keep_from_cutting(files, head.next());
  }
  result.counts = applier.counts();
  result.foreign = standing == HeadStanding::kForeign;
  result.wal_has_tail = wal_end.has_tail;
  result.wbl_has_tail = wbl_end.has_tail;
  return true;
}

void HeadHome::keep_from_cutting(HeadFiles& files, const HeadCommit& commit) const {
  constexpr std::chrono::seconds kPatience(10);
  if (const auto flushing = FileLock::lock_within(home_ + "/sync", owner_, kPatience); flushing.has_value()) {
    keep_foreign(store_, files, commit);
  }
}

HeadCatchUp HeadHome::catch_up(std::optional<HeadFiles>& files, std::int64_t floor_t_ms,
                               const DamageReport& on_damage) const {
  if (!files.has_value() || files->control().retired.load() != 0 || !files->is_in_place()) {
    files.reset();
    cut_back_lost();
    files = open(true);
  }
  HeadCatchUp result;
  if (files.has_value() && bring_forward(*files, floor_t_ms, on_damage, result)) {
    return result;
  }
  return rebuild(files, floor_t_ms, on_damage);
}

HeadCatchUp HeadHome::rebuild(std::optional<HeadFiles>& files, std::int64_t floor_t_ms,
                              const DamageReport& on_damage) const {
  HeadCatchUp result;
  HeadFiles built = build("building.", floor_t_ms, on_damage, result);
  switch_to(files, std::move(built));
  return result;
}

HeadFiles HeadHome::build_aside(std::int64_t floor_t_ms, const DamageReport& on_damage, HeadCatchUp& result) const {
  for (const DirectoryEntry& entry : list_directory(generations())) {
    if (entry.name.starts_with(kAside)) {
      (void)remove_tree(generations() + "/" + entry.name);  // of one that was killed
    }
  }
  return build(kAside, floor_t_ms, on_damage, result);
}

HeadFiles HeadHome::build(std::string_view prefix, std::int64_t floor_t_ms, const DamageReport& on_damage,
                          HeadCatchUp& result) const {
  const std::uint64_t number = newest_number(generations()) + 1;
  const std::string folder = fmt::format("{}/{}{}", generations(), prefix, number);
  (void)remove_tree(folder);
  HeadFiles files = HeadFiles::create(folder, number, owner_);
  HeadWriter head(files, HeadWriter::Mode::kBuilding);
  head.begin();
  head.next().floor_t_ms = floor_t_ms;
  head.next().in_blocks_t_ms = floor_t_ms;
  if (serves_writers_) {
    head.note_ref(largest_known_ref(store_));
  }
  LogApplier applier(head);
  const LogPosition wbl_limit = end_of_wbl();
  LogRead wal(store_ + "/wal", LogKind::kWal, applier, on_damage);
  LogRead wbl(store_ + "/wbl", LogKind::kWbl, applier, on_damage);
  (void)wal.open({});
  (void)wbl.open({});
  const LogEnd wal_end = wal.run({}, std::nullopt, result);
  const LogEnd wbl_end = wbl.run({}, wbl_limit, result);
  applier.finish();
  head.next().checkpoint = wal.checkpoint();
  head.next().wal = wal_end.mark;
  head.next().wbl = wbl_end.mark;
  extend_index(files, head.next(), true);
  head.publish();
  set_durable(files, head.next(), false);
  files.control().ready = 1;
  result.counts = applier.counts();
  result.rebuilt = true;
  result.foreign = true;
  result.wal_has_tail = wal_end.has_tail;
  result.wbl_has_tail = wbl_end.has_tail;
  return files;
}

bool HeadHome::bring_up(HeadFiles& built) const {
  HeadCatchUp result;
  return bring_forward(built, built.published().floor_t_ms, {}, result);
}

// A record may have been finished since the logs were looked at: so they are read once more first.
void HeadHome::cut_tails(std::optional<HeadFiles>& files, std::int64_t floor_t_ms) const {
  const HeadCatchUp result = catch_up(files, floor_t_ms, {});
  const HeadCommit commit = files->published();
  if (result.wal_has_tail) {
    cut_to(store_ + "/wal", commit.wal);
  }
  if (result.wbl_has_tail) {
    cut_to(store_ + "/wbl", commit.wbl);
  }
}

void HeadHome::cut_back_lost() const {
  const std::uint64_t number = newest_number(generations());
  std::optional<HeadFiles> lost;
  if (number != 0) {
    lost = HeadFiles::open_control(fmt::format("{}/{}", generations(), number));
  }
  if (!lost.has_value() || lost->control().retired.load(std::memory_order_acquire) != kRetiredLost) {
    return;
  }
  constexpr std::chrono::seconds kPatience(10);
  const auto lock = FileLock::lock_within(store_ + "/lock", owner_, kPatience);
  if (!lock.has_value()) {
    throw Error(ErrorKind::kBusy, "cut log back", store_ + "/lock",
                "held by " + describe_lock_holder(store_ + "/lock"));
  }
  mcore::cut_back_lost(store_, *lost);
}

void HeadHome::switch_to(std::optional<HeadFiles>& files, HeadFiles built) const {
  const std::uint64_t number = built.control().generation;
  const std::string folder = fmt::format("{}/{}", generations(), number);
  // Retired first: whoever is killed in between leaves no head at all, never two.
  if (files.has_value()) {
    files->control().retired.store(kRetiredReplaced, std::memory_order_release);
  }
  if (std::rename(built.folder().c_str(), folder.c_str()) != 0) {
    throw Error(ErrorKind::kIo, "rename", built.folder(), errno_text(errno));
  }
  files = std::move(built);
  files->set_folder(folder);
  for (const DirectoryEntry& entry : list_directory(generations(), true)) {
    if (entry.name != std::to_string(number) && !entry.name.starts_with(kAside)) {
      (void)remove_tree(generations() + "/" + entry.name);
    }
  }
}

}  // namespace mcore
