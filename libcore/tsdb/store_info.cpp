// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_info.h"

#include <algorithm>

#include "base/directory.h"
#include "base/error.h"
#include "base/file_lock.h"
#include "tsdb/head_access.h"
#include "tsdb/head_home.h"
#include "tsdb/log_directory.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

LogInfo look_at_log(const std::string& folder) {
  LogInfo info;
  const LogListing listing = list_log(folder);
  for (const LogSegment& segment : listing.segments) {
    ++info.segments;
    info.bytes += segment.size;
  }
  if (listing.checkpoint.has_value()) {
    info.has_checkpoint = true;
    info.bytes += tree_bytes(listing.checkpoint->path);
  }
  return info;
}

std::optional<HeadInfo> look_at_head(const std::string& store, const StoreInfo& info, std::uint64_t most_log_bytes,
                                     const DamageReport& report) {
  std::optional<HeadFiles> files = open_newest_head(store + "/head", false);
  bool is_own = files.has_value();
  if (is_own) {
    const HeadStanding standing = compare_with_logs(files->published(), look_at_logs(store));
    is_own = standing == HeadStanding::kCurrent || standing == HeadStanding::kBehind;
  }
  if (!is_own) {
    if (info.wal.segments + info.wbl.segments == 0 || info.wal.bytes + info.wbl.bytes > most_log_bytes) {
      return std::nullopt;
    }
    std::vector<BlockEntry> blocks;
    for (const BlockInfo& block : info.blocks) {
      blocks.push_back(block.block);
    }
    files = open_head_for_reading(store, min_valid_t_ms(blocks), report);
    if (!files.has_value()) {
      return std::nullopt;
    }
  }
  const HeadCommit commit = files->published();
  const bool has_samples = commit.min_t_ms <= commit.max_t_ms;
  return HeadInfo{.series = commit.series_count,
                  .samples = commit.samples,
                  .late_samples = commit.late_samples,
                  .floor_t_ms = commit.floor_t_ms,
                  .min_t_ms = has_samples ? commit.min_t_ms : kNoTime,
                  .max_t_ms = has_samples ? commit.max_t_ms : kNoTime,
                  .commit = commit.number,
                  .bytes = files->size(),
                  .is_own = is_own};
}

void widen(std::optional<TimeRange>& range, std::int64_t min_t_ms, std::int64_t max_t_ms) {
  if (min_t_ms > max_t_ms) {
    return;
  }
  range = range.has_value() ? TimeRange{std::min(range->min_t_ms, min_t_ms), std::max(range->max_t_ms, max_t_ms)}
                            : TimeRange{min_t_ms, max_t_ms};
}

}  // namespace

BlockStats StoreInfo::block_totals() const {
  BlockStats totals;
  for (const BlockInfo& block : blocks) {
    totals.samples += block.block.meta.stats.samples;
    totals.series += block.block.meta.stats.series;
    totals.chunks += block.block.meta.stats.chunks;
    totals.tombstones += block.block.meta.stats.tombstones;
  }
  return totals;
}

std::uint64_t StoreInfo::block_bytes() const {
  std::uint64_t bytes = 0;
  for (const BlockInfo& block : blocks) {
    bytes += block.bytes;
  }
  return bytes;
}

StoreInfo look_at_store(const std::string& path, std::uint64_t most_log_bytes, const DamageReport& report) {
  StoreInfo info;
  BlockListing listing;
  const bool is_block = path_exists(path + "/meta.json");
  if (is_block) {
    listing.blocks.push_back({.folder = path, .meta = read_block_meta(path)});
  } else if (is_store(path)) {
    listing = list_all_blocks(path, report);
  } else {
    (void)list_directory(path);  // says what is wrong with the folder, if anything
    throw Error(ErrorKind::kUsage, "open store", path, "neither a log nor blocks are here");
  }
  info.superseded = listing.superseded.size();
  for (BlockEntry& block : listing.blocks) {
    const std::uint64_t bytes = tree_bytes(block.folder);
    widen(info.range, block.meta.min_t_ms, block.meta.end_t_ms - 1);
    info.sure_t_ms = std::max(info.sure_t_ms.value_or(block.meta.min_t_ms), block.meta.min_t_ms);
    info.blocks.push_back({.block = std::move(block), .bytes = bytes});
  }
  if (!is_block) {
    info.wal = look_at_log(path + "/wal");
    info.wbl = look_at_log(path + "/wbl");
    info.lock_holder = describe_lock_holder(path + "/lock");
    info.head = look_at_head(path, info, most_log_bytes, report);
  }
  if (info.head.has_value() && info.head->max_t_ms != kNoTime) {
    widen(info.range, info.head->min_t_ms, info.head->max_t_ms);
    info.sure_t_ms = std::max(info.sure_t_ms.value_or(info.head->max_t_ms), info.head->max_t_ms);
  }
  return info;
}

}  // namespace mcore
