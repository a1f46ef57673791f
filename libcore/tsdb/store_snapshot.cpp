// SPDX-License-Identifier: Apache-2.0
// A store changes in three ways while it is copied: logs grow, blocks come and go, and what is in a block leaves the
// log. So the blocks are linked first; then one commit of the head is taken and every file of the logs that it rests on
// is opened; and if the blocks are still the same after that, they and the open files are the store as of that commit.
// What is left, copying, can take its time: a log changes only behind the commit's marks, and an open file goes
// nowhere.
#include "tsdb/store_snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "base/directory.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/file_copy.h"
#include "base/file_lock.h"
#include "tsdb/block_list.h"
#include "tsdb/head_home.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_flush.h"
#include "tsdb/log_reader.h"
#include "tsdb/store_writer.h"
#include "tsdb/upkeep.h"

namespace mcore {
namespace {

constexpr int kMostAttempts = 50;
constexpr std::chrono::milliseconds kPause(2);

std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

/// Where the snapshot grows before it appears: beside the place it will have, or inside it where that is a folder that
/// may be a file system of its own.
class SnapshotStage {
 public:
  explicit SnapshotStage(std::string to) : to_(std::move(to)) {
    while (to_.size() > 1 && to_.ends_with('/')) {
      to_.pop_back();
    }
    is_inside_ = path_exists(to_);
    if (is_inside_ && !list_directory(to_).empty()) {
      throw Error(ErrorKind::kUsage, "snapshot", to_, "this folder is not empty");
    }
    folder_ = is_inside_ ? to_ + "/incomplete" : to_ + ".incomplete";
    const std::size_t slash = to_.rfind('/');
    parent_ = is_inside_ ? to_ : slash == std::string::npos ? "." : slash == 0 ? "/" : to_.substr(0, slash);
    owner_ = owner_of_new_files(parent_);
    (void)remove_tree(folder_);  // what a killed one left
    create_owned_folder(folder_, owner_);
  }
  SnapshotStage(const SnapshotStage&) = delete;
  SnapshotStage& operator=(const SnapshotStage&) = delete;
  ~SnapshotStage() { (void)remove_tree(folder_); }

  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  void set_owner(const NewFileOwner& owner) { owner_ = owner; }
  [[nodiscard]] const NewFileOwner& owner() const noexcept { return owner_; }

  void commit() {
    sync_all(folder_);
    if (is_inside_) {
      for (const DirectoryEntry& entry : list_directory(folder_)) {
        rename_file(folder_ + "/" + entry.name, to_ + "/" + entry.name);
      }
    } else {
      rename_file(folder_, to_);
    }
    sync_directory(parent_);
  }

 private:
  static void sync_all(const std::string& folder) {
    for (const DirectoryEntry& entry : list_directory(folder)) {
      if (entry.is_directory) {
        sync_all(folder + "/" + entry.name);
      }
    }
    sync_directory(folder);
  }

  std::string to_;
  std::string folder_;
  std::string parent_;
  NewFileOwner owner_;
  bool is_inside_ = false;
};

/// A file of a log, open, and how much of it counts.
struct OpenSegment {
  Fd file;
  std::string path;
  std::string name;  // below the store
  std::uint64_t size = 0;
};

/// The files of both logs, open, as of one moment.
class OpenLogs {
 public:
  explicit OpenLogs(std::string store) : store_(std::move(store)) {}

  /// False if they change just now.
  bool open() {
    wal_.clear();
    wbl_.clear();
    head_ = open_newest_head(store_ + "/head", false);
    if (head_.has_value()) {
      commit_ = head_->published();
      const HeadStanding standing = compare_with_logs(commit_, look_at_logs(store_));
      if (standing == HeadStanding::kCurrent || standing == HeadStanding::kBehind) {
        return open_as_of_commit();
      }
      // A server's log, or one to which a cut just adds a segment.
      if (!describe_lock_holder(store_ + "/head/upkeep").empty() && waits_++ < kMostAttempts / 2) {
        return false;
      }
      head_.reset();
    }
    return open_as_they_are();
  }

  /// Whether what was copied meanwhile is what was opened: a failed flush cuts off what was not on the disk.
  [[nodiscard]] bool stand() const { return !head_.has_value() || head_->control().retired.load() <= kRetiredReplaced; }
  /// Whether both logs of the copy end with the records that the commit ends with.
  [[nodiscard]] bool matches(const std::string& copy) const {
    return !head_.has_value() || (ends_with(copy + "/wal", commit_.wal) && ends_with(copy + "/wbl", commit_.wbl));
  }

  [[nodiscard]] std::int64_t checkpoint() const noexcept { return checkpoint_; }
  [[nodiscard]] bool has_segment_behind_checkpoint() const noexcept {
    return !wal_.empty() && wal_.back().name.find("/checkpoint.") == std::string::npos;
  }
  template <typename Use>
  void each(const Use& use) const {
    std::ranges::for_each(wal_, use);
    std::ranges::for_each(wbl_, use);
  }

 private:
  static bool ends_with(const std::string& folder, const HeadLogMark& mark) {
    if (mark.segment < 0 || mark.offset == 0 || mark.crc == 0) {
      return true;
    }
    const std::string path = segment_path(folder, mark.segment);
    const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return file.is_open() && fragment_crc_before(file.get(), path, mark.offset) == mark.crc;
  }

  /// Adds a file; false if it has gone.
  static bool add(std::vector<OpenSegment>& to, const std::string& path, std::string name) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
      if (errno == ENOENT) {
        return false;
      }
      throw Error(ErrorKind::kIo, "open log", path, errno_text(errno));
    }
    const std::uint64_t size = file_size(file.get(), path);
    to.push_back({std::move(file), path, std::move(name), size});
    return true;
  }
  /// Opens the newest checkpoint and what follows it.
  bool add_wal() {
    const LogListing wal = list_log(store_ + "/wal");
    checkpoint_ = wal.checkpoint.has_value() ? wal.checkpoint->number : -1;
    if (wal.checkpoint.has_value()) {
      for (const LogSegment& segment : list_log(wal.checkpoint->path).segments) {
        if (!add(wal_, segment.path, "wal/" + name_of(wal.checkpoint->path) + "/" + name_of(segment.path))) {
          return false;
        }
      }
    }
    return std::ranges::all_of(wal.segments_from(checkpoint_ + 1), [this](const LogSegment& segment) {
      return add(wal_, segment.path, "wal/" + name_of(segment.path));
    });
  }
  bool add_wbl() {
    return std::ranges::all_of(list_log(store_ + "/wbl").segments, [this](const LogSegment& segment) {
      return add(wbl_, segment.path, "wbl/" + name_of(segment.path));
    });
  }

  bool open_as_of_commit() {
    if (!add_wal() || !add_wbl() || checkpoint_ != commit_.checkpoint) {
      return false;
    }
    cut_at(wal_, "wal", commit_.wal);
    cut_at(wbl_, "wbl", commit_.wbl);
    // Upkeep says so in a commit before it removes a file: what was there at the commit has been opened.
    const HeadCommit now = head_->published();
    return now.checkpoint == commit_.checkpoint && now.shrink_wal == commit_.shrink_wal &&
           now.shrink_wbl == commit_.shrink_wbl && head_->control().retired.load() == 0;
  }
  static void cut_at(std::vector<OpenSegment>& log, const std::string& folder, const HeadLogMark& mark) {
    const std::string last = segment_path(folder, std::max<std::int64_t>(mark.segment, 0));
    std::erase_if(log, [&](const OpenSegment& segment) {
      const bool is_segment = segment.name.find("/checkpoint.") == std::string::npos;
      return is_segment && (mark.segment < 0 || segment.name > last);
    });
    if (!log.empty() && log.back().name == last) {
      log.back().size = std::min(log.back().size, mark.offset);
    }
  }

  /// The WBL first: whatever it refers to is in the WAL by then.
  bool open_as_they_are() {
    if (!add_wbl() || !add_wal()) {
      return false;
    }
    const LogListing wal = list_log(store_ + "/wal");
    const LogListing wbl = list_log(store_ + "/wbl");
    const bool stands = (wal.checkpoint.has_value() ? wal.checkpoint->number : -1) == checkpoint_ &&
                        (wbl_.empty() || (!wbl.segments.empty() && wbl.segments.front().path == wbl_.front().path));
    if (stands) {
      cut_torn_end(wal_);
      cut_torn_end(wbl_);
    }
    return stands;
  }
  /// A damaged segment stays as it is: it is not for a copy to say what of it counts.
  static void cut_torn_end(std::vector<OpenSegment>& log) {
    if (log.empty()) {
      return;
    }
    LogReader reader(log.back().file.get(), log.back().path);
    LogReadStatus status = reader.next();
    std::uint64_t end = 0;
    while (status == LogReadStatus::kRecord && !reader.is_padded()) {
      end = reader.end();
      status = reader.next();
    }
    if (status != LogReadStatus::kCorrupt) {
      log.back().size = std::min(log.back().size, end);
    }
  }

  std::string store_;
  std::optional<HeadFiles> head_;
  HeadCommit commit_{};
  std::int64_t checkpoint_ = -1;
  int waits_ = 0;
  std::vector<OpenSegment> wal_;  // the checkpoint's first
  std::vector<OpenSegment> wbl_;
};

class Snapshot {
 public:
  Snapshot(const std::string& store, SnapshotStage& stage, const SnapshotOptions& options)
      : store_(store), stage_(stage), options_(options) {}

  SnapshotResult run() {
    for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
      if (attempt > 0) {
        std::this_thread::sleep_for(kPause);
      }
      if (place_blocks(list()) && logs_.open() && is_unchanged(list()) && copy_logs()) {
        result_.blocks = placed_.size();
        return result_;
      }
      if (result_.cancelled) {
        return result_;
      }
    }
    throw Error(ErrorKind::kBusy, "snapshot", store_, "blocks and logs change faster than they can be copied");
  }

 private:
  std::vector<BlockEntry> list() {
    return list_blocks(store_, [this](const Error& damage) {
      if (options_.on_damage && reported_.insert(damage.what()).second) {
        options_.on_damage(damage);
      }
    });
  }

  /// Links what is not there yet and removes what is not wanted any more; false if a block goes meanwhile.
  bool place_blocks(const std::vector<BlockEntry>& blocks) {
    std::set<std::string> wanted;
    for (const BlockEntry& block : blocks) {
      wanted.insert(name_of(block.folder));
    }
    for (auto it = placed_.begin(); it != placed_.end();) {
      if (wanted.contains(it->first)) {
        ++it;
        continue;
      }
      (void)remove_tree(stage_.folder() + "/" + it->first);
      it = placed_.erase(it);
    }
    return std::ranges::all_of(blocks, [this](const BlockEntry& block) { return place(block); });
  }

  bool place(const BlockEntry& block) {
    const std::string name = name_of(block.folder);
    const std::string to = stage_.folder() + "/" + name;
    try {
      const BlockStamp stamp = stamp_of_block(block.folder);
      if (const auto known = placed_.find(name); known != placed_.end() && known->second == stamp) {
        return true;
      }
      placed_.erase(name);
      (void)remove_tree(to);
      copy_folder(block.folder, to);
      if (result_.cancelled || stamp_of_block(to) != stamp) {
        return false;
      }
      placed_.emplace(name, stamp);
      return true;
    } catch (const Error&) {
      if (path_exists(block.folder + "/meta.json")) {
        throw;
      }
      return false;  // another block has taken its place
    }
  }

  void copy_folder(const std::string& from, const std::string& to) {
    create_owned_folder(to, stage_.owner());
    for (const DirectoryEntry& entry : list_directory(from)) {
      const std::string path = from + "/" + entry.name;
      if (entry.is_directory) {
        copy_folder(path, to + "/" + entry.name);
      } else if (!entry.name.ends_with(".tmp")) {  // of somebody who is replacing a file
        add_file(path, to + "/" + entry.name);
      }
      if (result_.cancelled) {
        return;
      }
    }
  }
  void add_file(const std::string& from, const std::string& to) {
    if (options_.link && link_file(from, to)) {
      ++result_.linked;
      return;
    }
    const Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.is_open()) {
      throw Error(ErrorKind::kIo, "copy", from, errno_text(errno));
    }
    copy(file.get(), from, file_size(file.get(), from), to);
  }
  void copy(int from, const std::string& path, std::uint64_t size, const std::string& to) {
    const bool whole = copy_file(from, path, size, to, stage_.owner(), [this](std::uint64_t bytes) {
      result_.copied_bytes += bytes;
      if (options_.on_progress) {
        options_.on_progress(result_.copied_bytes);
      }
      return !(options_.is_cancelled && options_.is_cancelled());
    });
    result_.cancelled = result_.cancelled || !whole;
    ++result_.copied;
  }

  [[nodiscard]] bool is_unchanged(const std::vector<BlockEntry>& blocks) const {
    if (blocks.size() != placed_.size()) {
      return false;
    }
    try {
      return std::ranges::all_of(blocks, [this](const BlockEntry& block) {
        const auto known = placed_.find(name_of(block.folder));
        return known != placed_.end() && known->second == stamp_of_block(block.folder);
      });
    } catch (const Error&) {
      return false;
    }
  }

  /// False if what was copied is not what was opened, or it was called off.
  bool copy_logs() {
    for (const char* const name : {"/wal", "/wbl"}) {
      (void)remove_tree(stage_.folder() + name);
    }
    create_owned_folder(stage_.folder() + "/wal", stage_.owner());
    logs_.each([this](const OpenSegment& segment) {
      if (!result_.cancelled) {
        copy_segment(segment);
      }
    });
    if (result_.cancelled || !logs_.stand() || !logs_.matches(stage_.folder())) {
      return false;
    }
    if (logs_.checkpoint() >= 0 && !logs_.has_segment_behind_checkpoint()) {
      // Without one a server begins at 0, which its next start takes for covered by the checkpoint.
      (void)create_owned_file(segment_path(stage_.folder() + "/wal", logs_.checkpoint() + 1), O_WRONLY, stage_.owner());
    }
    return true;
  }
  void copy_segment(const OpenSegment& segment) {
    const std::string to = stage_.folder() + "/" + segment.name;
    create_owned_folder(to.substr(0, to.rfind('/')), stage_.owner());
    copy(segment.file.get(), segment.path, segment.size, to);
  }

  const std::string& store_;
  SnapshotStage& stage_;
  const SnapshotOptions& options_;
  OpenLogs logs_{store_};
  std::map<std::string, BlockStamp> placed_;
  std::set<std::string> reported_;
  SnapshotResult result_;
};

}  // namespace

SnapshotResult take_snapshot(const std::string& store, const std::string& to, const SnapshotOptions& options) {
  if (!is_store(store)) {
    (void)list_directory(store);  // says what is wrong with the folder, if anything
    throw Error(ErrorKind::kUsage, "snapshot", store, "neither a log nor blocks are here");
  }
  SnapshotStage stage(to);
  stage.set_owner(owner_of_new_files(store));
  const SnapshotResult result = Snapshot(store, stage, options).run();
  if (!result.cancelled) {
    stage.commit();
  }
  return result;
}

}  // namespace mcore
