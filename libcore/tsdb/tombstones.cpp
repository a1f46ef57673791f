// SPDX-License-Identifier: Apache-2.0
#include "tsdb/tombstones.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "tsdb/block_meta.h"
#include "tsdb/file_writer.h"

namespace mcore {
namespace {

constexpr std::uint32_t kTombstonesMagic = 0x0130'BA30U;
constexpr std::uint8_t kTombstonesVersion = 1;
constexpr std::size_t kHeaderSize = 5;
constexpr std::size_t kSumSize = 4;

/// Removes from a column of times, and the values beside it, what lies in the ranges.
template <typename Value>
void remove_from(std::vector<std::int64_t>& t_ms, std::vector<Value>& values, std::span<const TimeRange> deleted) {
  std::size_t kept = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < t_ms.size(); ++i) {
    while (next < deleted.size() && deleted[next].max_t_ms < t_ms[i]) {
      ++next;
    }
    if (next < deleted.size() && deleted[next].contains(t_ms[i])) {
      continue;
    }
    if (kept != i) {
      t_ms[kept] = t_ms[i];
      values[kept] = std::move(values[i]);
    }
    ++kept;
  }
  t_ms.resize(kept);
  values.resize(kept);
}

/// The first range that does not end before `t_ms`.
auto first_reaching(std::span<const TimeRange> ranges, std::int64_t t_ms) noexcept {
  return std::ranges::lower_bound(ranges, t_ms, {}, &TimeRange::max_t_ms);
}

}  // namespace

void Intervals::add(TimeRange range) {
  if (range.max_t_ms < range.min_t_ms) {
    return;
  }
  constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t kLast = std::numeric_limits<std::int64_t>::max();
  const std::int64_t before = range.min_t_ms == kFirst ? kFirst : range.min_t_ms - 1;
  const std::int64_t behind = range.max_t_ms == kLast ? kLast : range.max_t_ms + 1;
  const auto first = std::ranges::lower_bound(ranges_, before, {}, &TimeRange::max_t_ms);
  auto last = first;
  for (; last != ranges_.end() && last->min_t_ms <= behind; ++last) {
    range.min_t_ms = std::min(range.min_t_ms, last->min_t_ms);
    range.max_t_ms = std::max(range.max_t_ms, last->max_t_ms);
  }
  ranges_.insert(ranges_.erase(first, last), range);
}

bool Intervals::contains(std::int64_t t_ms) const noexcept {
  return covers({t_ms, t_ms});
}

bool Intervals::covers(TimeRange range) const noexcept {
  const std::span<const TimeRange> all(ranges_);
  const auto found = first_reaching(all, range.min_t_ms);
  return found != all.end() && found->min_t_ms <= range.min_t_ms && range.max_t_ms <= found->max_t_ms;
}

void remove_deleted(SeriesSamples& samples, std::span<const TimeRange> deleted) {
  if (!deleted.empty()) {
    remove_from(samples.t_ms, samples.value, deleted);
    remove_from(samples.histogram_t_ms, samples.histogram, deleted);
  }
}

Tombstones Tombstones::parse(const std::string& path, std::string_view bytes) {
  const auto fail = [&path](std::size_t offset, std::string_view why) {
    throw Error(ErrorKind::kCorrupt, "read tombstones", path, fmt::format("{} at byte {}", why, offset));
  };
  ByteReader head(bytes);
  const std::uint32_t magic = head.be32();
  const std::uint8_t version = head.u8();
  if (bytes.size() < kHeaderSize + kSumSize) {
    fail(bytes.size(), "end of file, want at least 9 bytes");
  }
  if (magic != kTombstonesMagic) {
    fail(0, fmt::format("bad magic {:#010x}, want {:#010x}", magic, kTombstonesMagic));
  }
  if (version != kTombstonesVersion) {
    fail(4, fmt::format("format version {}, want 1", version));
  }
  const std::string_view entries = bytes.substr(kHeaderSize, bytes.size() - kHeaderSize - kSumSize);
  const std::uint32_t want = load_be32(bytes.data() + bytes.size() - kSumSize);
  if (const std::uint32_t sum = crc32c(entries); sum != want) {
    fail(kHeaderSize, fmt::format("bad checksum {:#010x}, want {:#010x}, of the entries", sum, want));
  }
  std::map<std::uint64_t, std::vector<TimeRange>> found;
  ByteReader in(entries);
  while (in.left() > 0) {
    const std::size_t offset = kHeaderSize + entries.size() - in.left();
    const std::uint64_t series = in.uvarint();
    TimeRange range;
    range.min_t_ms = in.varint();
    range.max_t_ms = in.varint();
    if (!in.ok()) {
      fail(offset, "damaged entry");
    }
    found[series].push_back(range);
  }
  Tombstones tombstones;
  for (auto& [series, ranges] : found) {
    std::ranges::sort(ranges, {}, &TimeRange::min_t_ms);  // each is then added at the end
    for (const TimeRange& range : ranges) {
      tombstones.add(series, range);
    }
  }
  return tombstones;
}

void Tombstones::add(std::uint64_t series, TimeRange range) {
  if (range.min_t_ms <= range.max_t_ms) {
    series_[series].add(range);
  }
}

Tombstones Tombstones::read(const std::string& folder) {
  const std::string path = folder + "/tombstones";
  return path_exists(path) ? parse(path, read_file(path)) : Tombstones();
}

std::span<const TimeRange> Tombstones::of(std::uint64_t series) const noexcept {
  const auto found = series_.find(series);
  return found == series_.end() ? std::span<const TimeRange>() : found->second.ranges();
}

std::uint64_t Tombstones::interval_count() const noexcept {
  std::uint64_t count = 0;
  for (const auto& [series, intervals] : series_) {
    count += intervals.ranges().size();
  }
  return count;
}

std::string Tombstones::encode() const {
  std::string entries;
  for (const auto& [series, intervals] : series_) {
    for (const TimeRange& range : intervals.ranges()) {
      append_uvarint(entries, series);
      append_varint(entries, range.min_t_ms);
      append_varint(entries, range.max_t_ms);
    }
  }
  std::string bytes;
  append_be32(bytes, kTombstonesMagic);
  append_u8(bytes, kTombstonesVersion);
  bytes += entries;
  append_be32(bytes, crc32c(entries));
  return bytes;
}

void write_tombstones(const std::string& folder, const Tombstones& tombstones, const NewFileOwner& owner) {
  BlockMeta meta = read_block_meta(folder);
  replace_file(folder + "/tombstones", tombstones.encode(), owner);
  meta.stats.tombstones = tombstones.interval_count();
  replace_file(folder + "/meta.json", block_meta_text(meta), owner);
}

}  // namespace mcore
