// SPDX-License-Identifier: Apache-2.0
#include "tsdb/compactor.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace mcore {
namespace {

std::vector<BlockMeta> metas_of(const std::vector<BlockEntry>& blocks) {
  std::vector<BlockMeta> metas;
  for (const BlockEntry& block : blocks) {
    metas.push_back(block.meta);
  }
  return metas;
}

bool lies_in(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

}  // namespace

std::vector<PlannedCompaction> plan_store_compactions(const std::string& store, std::int64_t longest_ms,
                                                      const DamageReport& report) {
  return plan_compactions(metas_of(list_blocks(store, report)), compaction_ranges(longest_ms));
}

Compactor::Compactor(Upkeep& upkeep, const Clock& clock, CompactorOptions options)
    : upkeep_(upkeep),
      clock_(clock),
      options_(std::move(options)),
      ranges_ms_(compaction_ranges(options_.longest_ms)) {}

CompactionReport Compactor::run() {
  upkeep_.remove_superseded();
  bool is_first = true;
  while (!is_cancelled()) {
    const std::optional<PlannedCompaction> planned = next();
    if (!planned) {
      return std::move(report_);
    }
    if (std::exchange(is_first, false)) {
      (void)upkeep_.lock_store();  // better to know that it cannot be had before the work than behind it
    }
    compact(*planned);
  }
  report_.cancelled = true;
  return std::move(report_);
}

std::optional<PlannedCompaction> Compactor::next() {
  blocks_ = upkeep_.blocks();
  std::vector<BlockMeta> metas = metas_of(blocks_);
  for (BlockMeta& meta : metas) {
    meta.failed = meta.failed || left_alone_.contains(meta.ulid);
  }
  std::vector<PlannedCompaction> all = plan_compactions(std::move(metas), ranges_ms_);
  progress_.planned = progress_.done + all.size();
  if (all.empty()) {
    return std::nullopt;
  }
  return std::move(all.front());
}

void Compactor::compact(const PlannedCompaction& planned) {
  std::vector<BlockEntry> inputs;
  for (const BlockMeta& meta : planned.inputs) {
    inputs.push_back(*std::ranges::find(blocks_, meta.ulid, [](const BlockEntry& block) { return block.meta.ulid; }));
  }
  BlockMergeOptions options;
  options.float_samples = options_.float_samples;
  options.cancel = options_.cancel;
  progress_.reason = planned.reason;
  if (options_.on_progress) {
    options.on_progress = [this](const MergeProgress& merge) {
      progress_.merge = merge;
      options_.on_progress(progress_);
    };
  }
  Replacement replacement;
  try {
    replacement = upkeep_.merge(inputs, clock_.now_ms(), std::move(options));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorrupt) {
      throw;
    }
    give_up_on(inputs, error);
    return;
  }
  constexpr int kMostAttempts = 10;
  switch (replacement.end) {
    case ReplaceEnd::kCancelled:
      return;
    case ReplaceEnd::kChanged:
      if (++changed_ == kMostAttempts) {
        throw Error(ErrorKind::kBusy, "compact", upkeep_.store(), "its blocks change under every attempt");
      }
      return;
    case ReplaceEnd::kKept:
      for (const BlockEntry& input : inputs) {
        left_alone_.insert(input.meta.ulid);
      }
      return;
    default:
      break;
  }
  changed_ = 0;
  ++progress_.done;
  CompactionResult result{.reason = planned.reason, .inputs = metas_of(inputs)};
  if (replacement.end == ReplaceEnd::kReplaced) {
    result.output = std::move(replacement.meta);
  }
  report_.done.push_back(std::move(result));
}

/// Marks the block that the error is about; all of them if it does not say.
void Compactor::give_up_on(std::span<const BlockEntry> inputs, const Error& error) {
  upkeep_.report(error);
  std::vector<BlockEntry> bad;
  std::ranges::copy_if(inputs, std::back_inserter(bad),
                       [&error](const BlockEntry& input) { return lies_in(error.where(), input.folder); });
  if (bad.empty()) {
    bad.assign(inputs.begin(), inputs.end());
  }
  for (const BlockEntry& block : bad) {
    left_alone_.insert(block.meta.ulid);
    upkeep_.mark_failed(block);
    ++report_.failed;
  }
}

}  // namespace mcore
