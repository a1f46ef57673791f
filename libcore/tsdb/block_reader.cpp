// SPDX-License-Identifier: Apache-2.0
#include "tsdb/block_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace mcore {
namespace {

/// Sorted, each once.
std::vector<std::string> to_strings(std::vector<std::string_view>& views) {
  std::ranges::sort(views);
  const auto repeated = std::ranges::unique(views);
  views.erase(repeated.begin(), repeated.end());
  return {views.begin(), views.end()};
}

}  // namespace

void BlockReader::open(bool with_chunks) {
  (void)index();
  (void)tombstones();
  if (with_chunks) {
    chunks().open_all();
  }
}

IndexReader& BlockReader::index() {
  if (index_ == nullptr) {
    // Servers 2.1 gave blocks of version 2 a wrong version byte in the index; version 2 it is.
    auto index = std::make_unique<IndexReader>(folder_ + "/index", meta_.version == 2 ? 2 : 0);
    index->load();
    index_ = std::move(index);
  }
  return *index_;
}

ChunkSegments& BlockReader::chunks() {
  if (!chunks_) {
    chunks_.emplace(folder_ + "/chunks");
  }
  return *chunks_;
}

const Tombstones& BlockReader::tombstones() {
  if (!tombstones_) {
    tombstones_ = Tombstones::read(folder_);
  }
  return *tombstones_;
}

std::vector<SeriesRef> BlockReader::find(std::span<const Selector> selectors, const DamageReport& report) {
  IndexReader& index = this->index();
  try {
    return select_postings(selectors, index);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorrupt) {
      throw;
    }
    report(error);
  }
  // Some list is lost: ask each series.
  std::vector<SeriesRef> found;
  IndexSeries series;
  LabelBuilder builder;
  for (const SeriesRef ref : index.scan_series(report)) {
    try {
      index.read_series(ref, series);
      const LabelsView labels = index.labels(series, builder);
      if (selectors.empty() || std::ranges::any_of(selectors, [labels](const Selector& selector) {
            return matches_all(selector, labels);
          })) {
        found.push_back(ref);
      }
    } catch (const Error& error) {
      report(error);
    }
  }
  return found;
}

BlockCursor BlockReader::series(DamageReport report) {
  std::vector<SeriesRef> refs = find({}, report);
  return {*this, std::move(refs), TimeRange(), std::move(report)};
}

std::vector<std::string> BlockReader::label_names(std::span<const Selector> selectors, const DamageReport& report) {
  IndexReader& index = this->index();
  if (selectors.empty()) {
    const std::vector<std::string_view> names = index.label_names();
    return {names.begin(), names.end()};
  }
  std::set<std::uint32_t> symbols;
  IndexSeries series;
  for (const SeriesRef ref : find(selectors, report)) {
    try {
      index.read_series(ref, series);
      for (std::size_t i = 0; i < series.symbols.size(); i += 2) {
        symbols.insert(series.symbols[i]);
      }
    } catch (const Error& error) {
      report(error);
    }
  }
  std::vector<std::string_view> names;
  for (const std::uint32_t symbol : symbols) {
    try {
      names.push_back(index.symbol(symbol));
    } catch (const Error& error) {
      report(error);
    }
  }
  return to_strings(names);
}

std::vector<std::string> BlockReader::label_values(const std::string& name, std::span<const Selector> selectors,
                                                   const DamageReport& report) {
  IndexReader& index = this->index();
  std::vector<std::string_view> values;
  if (selectors.empty()) {
    values = index.label_values(name);
    return to_strings(values);
  }
  const std::vector<SeriesRef> refs = find(selectors, report);
  index.for_each_value(name, [&](std::string_view value, std::uint64_t offset) {
    try {
      std::vector<SeriesRef> kept = refs;
      intersect_postings(kept, index.postings_at(offset));
      if (!kept.empty()) {
        values.push_back(value);
      }
    } catch (const Error& error) {
      report(error);
    }
  });
  return to_strings(values);
}

BlockCursor::BlockCursor(BlockReader& block, std::vector<SeriesRef> refs, TimeRange range, DamageReport report)
    : block_(&block), refs_(std::move(refs)), range_(range), report_(std::move(report)) {}

bool BlockCursor::next() {
  while (next_ < refs_.size()) {
    ++next_;
    try {
      if (read_entry()) {
        return true;
      }
    } catch (const Error& error) {
      report_(error);
    }
  }
  return false;
}

/// Reads the entry of ref(); false if nothing of it is in the range.
bool BlockCursor::read_entry() {
  IndexReader& index = block_->index();
  index.read_series(ref(), series_);
  deleted_ = block_->tombstones().of(ref());
  std::erase_if(series_.chunks, [this](const ChunkMeta& chunk) {
    const TimeRange chunk_range{chunk.min_t_ms, chunk.max_t_ms};
    return !chunk_range.overlaps(range_) || std::ranges::any_of(deleted_, [chunk_range](const TimeRange& deleted) {
      return deleted.contains(chunk_range.min_t_ms) && deleted.contains(chunk_range.max_t_ms);
    });
  });
  if (series_.chunks.empty()) {
    return false;
  }
  const LabelsView labels = index.labels(series_, builder_);
  if (labels.empty()) {
    throw Error(ErrorKind::kCorrupt, "read index", index.path(), fmt::format("series {} has no label", ref()));
  }
  // Whoever merges this set with others relies on the order.
  if (!labels_.empty() && LabelsView(labels_) >= labels) {
    throw Error(ErrorKind::kCorrupt, "read index", index.path(),
                fmt::format("series {} is out of order", labels_text(labels)));
  }
  labels_ = labels.bytes();
  return true;
}

std::optional<ChunkBytes> BlockCursor::chunk(const ChunkMeta& meta) {
  const std::size_t segment = ChunkSegments::segment_of(meta.ref);
  if (lost_segments_.contains(segment)) {
    return std::nullopt;
  }
  ChunkSegments& chunks = block_->chunks();
  try {
    (void)chunks.bytes(segment);
  } catch (const Error& error) {
    lost_segments_.insert(segment);
    report_(error);
    return std::nullopt;
  }
  try {
    return chunks.chunk(meta.ref);
  } catch (const Error& error) {
    report_(error);
    return std::nullopt;
  }
}

}  // namespace mcore
