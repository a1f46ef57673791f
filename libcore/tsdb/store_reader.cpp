// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_reader.h"

#include <algorithm>
#include <iterator>

#include "storage/sample_merge.h"
#include "tsdb/block_list.h"
#include "tsdb/head_access.h"
#include "tsdb/store_writer.h"

namespace mcore {
namespace {

bool is_block(const std::string& path) {
  return path_exists(path + "/meta.json") && path_exists(path + "/index");
}

void unite(std::vector<std::string>& into, std::vector<std::string> more) {
  std::vector<std::string> both;
  both.reserve(into.size() + more.size());
  std::ranges::set_union(into, more, std::back_inserter(both));
  into = std::move(both);
}

}  // namespace

StoreReader::StoreReader(const std::string& path, DamageReport on_damage)
    : path_(path), on_damage_(on_damage ? std::move(on_damage) : [](const Error&) {}), blocks_(path, on_damage_) {
  if (is_block(path)) {
    blocks_.set_single(path);
    return;
  }
  if (!is_store(path)) {
    (void)list_directory(path);  // says what is wrong with the folder, if anything
    throw Error(ErrorKind::kUsage, "open store", path, "neither a log nor blocks are here");
  }
  // A head that must be built drops what blocks hold already, so it needs a first look at them.
  const std::int64_t in_blocks = min_valid_t_ms(list_blocks(path, [](const Error&) {}));
  files_ = open_head_for_reading(path, in_blocks, on_damage_);
  if (files_.has_value()) {
    head_.emplace(*files_, kNoTime);
  }
  (void)blocks_.refresh();
  if (head_.has_value()) {
    // What is in blocks may have been deleted there since. A block that others brought counts only when a writer has
    // logged once more what it endangers; what a cut has put into a block, only when the block is here.
    head_->set_in_order_from(std::min(head_->commit().in_blocks_t_ms, blocks_.min_valid_t_ms()));
  }
}

template <typename Use>
void StoreReader::each_block(TimeRange range, bool with_chunks, const Use& use) {
  blocks_.open(range, with_chunks);
  for (std::size_t i = 0; i < blocks_.entries().size(); ++i) {
    const BlockMeta& meta = blocks_.entries()[i].meta;
    if (!range.overlaps({meta.min_t_ms, meta.end_t_ms - 1})) {
      continue;
    }
    try {
      use(blocks_.reader(i));
    } catch (const Error& error) {
      on_damage_(error);
    }
  }
}

std::unique_ptr<SeriesSet> StoreReader::select(std::span<const Selector> selectors, TimeRange range) {
  std::vector<std::unique_ptr<SeriesSet>> sets;
  if (head_.has_value()) {
    // The head first: a block that is younger than the head's view may be asked for what the head holds too.
    sets.push_back(head_->select(selectors, range));
  }
  each_block(range, true, [&](BlockReader& block) { sets.push_back(block.select(selectors, range, on_damage_)); });
  if (head_.has_value()) {
    std::ranges::rotate(sets, sets.begin() + 1);  // what is in a block stays as it is
  }
  return merge_series(std::move(sets));
}

std::vector<std::string> StoreReader::label_names(std::span<const Selector> selectors, TimeRange range) {
  std::vector<std::string> names;
  if (head_.has_value()) {
    names = head_->label_names(selectors, range);
  }
  each_block(range, false, [&](BlockReader& block) { unite(names, block.label_names(selectors, on_damage_)); });
  return names;
}

std::vector<std::string> StoreReader::label_values(const std::string& name, std::span<const Selector> selectors,
                                                   TimeRange range) {
  std::vector<std::string> values;
  if (head_.has_value()) {
    values = head_->label_values(name, selectors, range);
  }
  each_block(range, false, [&](BlockReader& block) { unite(values, block.label_values(name, selectors, on_damage_)); });
  return values;
}

std::optional<TimeRange> StoreReader::time_range() const {
  std::optional<TimeRange> all;
  const auto add = [&](std::int64_t min_t_ms, std::int64_t max_t_ms) {
    if (min_t_ms <= max_t_ms) {
      all = all.has_value() ? TimeRange{std::min(all->min_t_ms, min_t_ms), std::max(all->max_t_ms, max_t_ms)}
                            : TimeRange{min_t_ms, max_t_ms};
    }
  };
  for (const BlockEntry& entry : blocks_.entries()) {
    add(entry.meta.min_t_ms, entry.meta.end_t_ms - 1);
  }
  if (head_.has_value()) {
    add(head_->commit().min_t_ms, head_->commit().max_t_ms);
  }
  return all;
}

}  // namespace mcore
