// SPDX-License-Identifier: Apache-2.0
#include "tsdb/upkeep.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tsdb/block_reader.h"
#include "tsdb/file_writer.h"
#include "tsdb/ulid.h"

namespace mcore {
namespace {

constexpr std::string_view kForDeletion = ".tmp-for-deletion";
constexpr std::string_view kForCreation = ".tmp-for-creation";
constexpr std::string_view kBefore221 = ".tmp";  // what servers before 2.21 called both

bool is_block_with(const DirectoryEntry& entry, std::string_view suffix) {
  const std::string_view name = entry.name;
  return entry.is_directory && name.size() == kUlidSize + suffix.size() && name.ends_with(suffix) &&
         is_ulid(name.substr(0, kUlidSize));
}

void rename_or_throw(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) {
    throw Error(ErrorKind::kIo, "rename", from, errno_text(errno));
  }
}

/// A staged block that goes away unless it was put in place.
class StagedBlock {
 public:
  explicit StagedBlock(std::string folder) : folder_(std::move(folder)) { (void)remove_tree(folder_); }
  StagedBlock(const StagedBlock&) = delete;
  StagedBlock& operator=(const StagedBlock&) = delete;
  ~StagedBlock() { (void)remove_tree(folder_); }
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

 private:
  std::string folder_;
};

/// Whether a block can be used: nobody may remove what it replaces else.
void open_whole(const BlockEntry& block) {
  BlockReader reader(block.folder, block.meta);
  (void)reader.index();
  (void)reader.tombstones();
  reader.chunks().open_all();
}

std::string prepare_stage(const std::string& store, std::string stage, const NewFileOwner& owner) {
  create_owned_folder(store + "/head", owner);
  if (stage.empty()) {
    stage = store + "/head/stage";
  }
  create_owned_folder(stage, owner);
  return stage;
}

}  // namespace

BlockStamp stamp_of_block(const std::string& folder) {
  const std::string tombstones = folder + "/tombstones";
  return {read_file(folder + "/meta.json"), path_exists(tombstones) ? read_file(tombstones) : std::string()};
}

Upkeep::Upkeep(std::string store, UpkeepOptions options)
    : store_(std::move(store)), owner_(owner_of_new_files(store_)), options_(std::move(options)) {
  options_.stage = prepare_stage(store_, std::move(options_.stage), owner_);
  const std::string path = store_ + "/head/upkeep";
  auto lock = FileLock::lock_within(path, owner_, options_.upkeep_timeout);
  if (!lock) {
    throw Error(ErrorKind::kBusy, "lock upkeep", path,
                fmt::format("held by {}, which is at work on the store's blocks", describe_lock_holder(path)));
  }
  upkeep_ = std::move(*lock);
  (void)(::utimensat(AT_FDCWD, path.c_str(), nullptr, 0) == 0);  // tells others that one has begun
  remove_leftovers();
}

/// The stage is ours alone. What is called for deletion is nobody's any more, whoever called it so.
void Upkeep::remove_leftovers() const {
  for (const DirectoryEntry& entry : list_directory(options_.stage)) {
    (void)remove_tree(stage(entry.name));
  }
  for (const DirectoryEntry& entry : list_directory(store_)) {
    if (is_block_with(entry, kForDeletion)) {
      (void)remove_tree(store_ + "/" + entry.name);
    }
  }
}

StoreLock Upkeep::lock_store() const {
  const auto deadline = std::chrono::steady_clock::now() + options_.lock_timeout;
  const std::string turnstile_path = store_ + "/head/writer";
  StoreLock lock;
  if (auto turnstile = FileLock::lock_within(turnstile_path, owner_, options_.lock_timeout)) {
    lock.turnstile = std::move(*turnstile);
  } else {
    throw Error(ErrorKind::kBusy, "lock store", turnstile_path,
                fmt::format("held by {}", describe_lock_holder(turnstile_path)));
  }
  const std::string path = store_ + "/lock";
  for (;;) {
    if (auto store = FileLock::try_lock(path, owner_)) {
      lock.store = std::move(*store);
      return lock;
    }
    if (std::chrono::steady_clock::now() >= deadline) {
      throw Error(
          ErrorKind::kBusy, "lock store", path,
          fmt::format("held by {}; a running Prometheus looks after its blocks itself", describe_lock_holder(path)));
    }
    constexpr std::chrono::milliseconds kPause(5);
    std::this_thread::sleep_for(kPause);
  }
}

void Upkeep::report(const Error& error) {
  if (options_.on_damage && std::ranges::find(reported_, error.what()) == reported_.end()) {
    reported_.emplace_back(error.what());
    options_.on_damage(error);
  }
}

std::vector<BlockEntry> Upkeep::blocks() {
  std::vector<BlockEntry> blocks = list_blocks(store_, [this](const Error& error) { report(error); });
  // A copy of a block under another name: what replaces the one would count for the other as well.
  std::erase_if(blocks, [this](const BlockEntry& block) {
    if (block.folder == store_ + "/" + block.meta.ulid) {
      return false;
    }
    report(Error(ErrorKind::kCorrupt, "list blocks", block.folder,
                 fmt::format("the block calls itself {}; it is left alone", block.meta.ulid)));
    return true;
  });
  return blocks;
}

bool Upkeep::stand(std::span<const BlockEntry> blocks, std::span<const BlockStamp> stamps) const {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    try {
      if (stamp_of_block(blocks[i].folder) != stamps[i]) {
        return false;
      }
    } catch (const Error&) {
      if (path_exists(blocks[i].folder + "/meta.json")) {
        throw;
      }
      return false;
    }
  }
  return true;
}

/// Gives blocks names under which nobody loads them. Requires: the store's lock.
std::vector<std::string> Upkeep::put_aside(std::span<const BlockEntry> blocks) const {
  std::vector<std::string> aside;
  for (const BlockEntry& block : blocks) {
    std::string name = block.folder + std::string(kForDeletion);
    (void)remove_tree(name);
    if (std::rename(block.folder.c_str(), name.c_str()) == 0) {
      aside.push_back(std::move(name));
    } else if (errno != ENOENT) {
      throw Error(ErrorKind::kIo, "rename", block.folder, errno_text(errno));
    }
  }
  return aside;
}

bool Upkeep::remove(std::span<const BlockEntry> blocks, std::span<const BlockStamp> stamps) {
  std::vector<std::string> aside;
  {
    const StoreLock lock = lock_store();
    if (!stamps.empty() && !stand(blocks, stamps)) {
      return false;
    }
    aside = put_aside(blocks);
    sync_directory(store_);
  }
  for (const std::string& folder : aside) {
    (void)remove_tree(folder);
  }
  return true;
}

bool Upkeep::replace(std::span<const BlockEntry> old, std::span<const BlockStamp> stamps, const std::string& ulid) {
  std::vector<std::string> aside;
  {
    const StoreLock lock = lock_store();
    if (!stand(old, stamps)) {
      return false;
    }
    // Once the new block stands, the old ones count no more, for they are its parents; so the order is free of risk.
    rename_or_throw(stage(ulid), store_ + "/" + ulid);
    sync_directory(store_);
    aside = put_aside(old);
    sync_directory(store_);  // a block that lost its meta.json before its name would keep a server from starting
  }
  for (const std::string& folder : aside) {
    (void)remove_tree(folder);
  }
  return true;
}

/// Whether without these blocks the time before which the log does not count would step back: samples that were moved
/// from the log to a block, and deleted there, would be back as long as the log still holds them.
bool Upkeep::holds_min_valid(std::span<const BlockEntry> removed) {
  const std::vector<BlockEntry> all = blocks();
  std::vector<BlockEntry> rest;
  std::ranges::copy_if(all, std::back_inserter(rest), [removed](const BlockEntry& block) {
    return std::ranges::none_of(removed, [&](const BlockEntry& other) { return other.folder == block.folder; });
  });
  return min_valid_t_ms(rest) != min_valid_t_ms(all);
}

Replacement Upkeep::merge(std::span<const BlockEntry> inputs, std::int64_t now_ms, BlockMergeOptions options) {
  const std::string ulid = make_ulid(now_ms);
  const StagedBlock staged(stage(ulid));
  std::vector<BlockStamp> stamps;
  for (const BlockEntry& input : inputs) {
    stamps.push_back(stamp_of_block(input.folder));
  }
  options.writer.owner = owner_;
  BlockMerge merged = merge_blocks(inputs, staged.folder(), ulid, options);
  switch (merged.end) {
    case MergeEnd::kCancelled:
      return {.end = ReplaceEnd::kCancelled};
    case MergeEnd::kEmpty:
      if (holds_min_valid(inputs)) {
        return {.end = ReplaceEnd::kKept};
      }
      return {.end = remove(inputs, stamps) ? ReplaceEnd::kRemoved : ReplaceEnd::kChanged};
    default:
      break;
  }
  if (!replace(inputs, stamps, ulid)) {
    return {.end = ReplaceEnd::kChanged};
  }
  return {.end = ReplaceEnd::kReplaced, .meta = std::move(merged.meta)};
}

bool Upkeep::set_tombstones(const BlockEntry& block, const BlockStamp& stamp, const Tombstones& tombstones) {
  const StoreLock lock = lock_store();
  if (!stand({&block, 1}, {&stamp, 1})) {
    return false;
  }
  write_tombstones(block.folder, tombstones, owner_);
  touch();
  return true;
}

void Upkeep::mark_failed(const BlockEntry& block) {
  const StoreLock lock = lock_store();
  BlockMeta meta = read_block_meta(block.folder);
  meta.failed = true;
  replace_file(block.folder + "/meta.json", block_meta_text(meta), owner_);
  touch();
}

/// Others list the blocks again when the store's folder has changed; a change inside of a block does not show there.
void Upkeep::touch() const {
  (void)(::utimensat(AT_FDCWD, store_.c_str(), nullptr, 0) == 0);
}

/// Whether a block that others call replaced may go. A server does not look; but a replacement that cannot be read is
/// no reason to remove what can be.
bool Upkeep::is_replaced(const BlockEntry& old, const BlockListing& listing) {
  if (old.meta.deletable) {
    return true;
  }
  for (const auto* const list : {&listing.blocks, &listing.superseded}) {
    for (const BlockEntry& block : *list) {
      if (std::ranges::find(block.meta.parents, old.meta.ulid, &BlockParent::ulid) == block.meta.parents.end()) {
        continue;
      }
      try {
        open_whole(block);
        return true;
      } catch (const Error& error) {
        report(error);
      }
    }
  }
  return false;
}

void Upkeep::remove_superseded() {
  const BlockListing listing = list_all_blocks(store_, [this](const Error& error) { report(error); });
  std::vector<BlockEntry> gone;
  std::ranges::copy_if(listing.superseded, std::back_inserter(gone),
                       [&](const BlockEntry& old) { return is_replaced(old, listing); });
  std::vector<std::string> unfinished;
  for (const DirectoryEntry& entry : list_directory(store_)) {
    if (is_block_with(entry, kForCreation) || is_block_with(entry, kBefore221)) {
      unfinished.push_back(entry.name);
    }
  }
  if (gone.empty() && unfinished.empty()) {
    return;
  }
  std::vector<std::string> aside;
  try {
    const StoreLock lock = lock_store();
    aside = put_aside(gone);
    for (const std::string& name : unfinished) {
      std::string to = store_ + "/" + name.substr(0, kUlidSize) + std::string(kForDeletion);
      if (!path_exists(to) && std::rename((store_ + "/" + name).c_str(), to.c_str()) == 0) {
        aside.push_back(std::move(to));
      }
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kBusy) {
      throw;
    }
    return;  // a server does it
  }
  for (const std::string& folder : aside) {
    (void)remove_tree(folder);
  }
}

}  // namespace mcore
