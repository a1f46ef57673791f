// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcore {

/// Hints of a block that does not raise the time from which a server takes log samples (tsdb-format 1.3, step 7).
inline constexpr std::string_view kHintOutOfOrder = "from-out-of-order";
inline constexpr std::string_view kHintStaleSeries = "from-stale-series";
inline constexpr std::string_view kHintSelectedSeries = "from-selected-series";

/// A block that was compacted into another. Units: as in BlockMeta.
struct BlockParent {
  std::string ulid;
  std::int64_t min_t_ms = 0;
  std::int64_t end_t_ms = 0;
  [[nodiscard]] bool operator==(const BlockParent&) const = default;
};

struct BlockStats {
  std::uint64_t samples = 0;
  std::uint64_t float_samples = 0;      // 0 from servers before 3.6
  std::uint64_t histogram_samples = 0;  // likewise
  std::uint64_t series = 0;
  std::uint64_t chunks = 0;
  std::uint64_t tombstones = 0;  // intervals
  [[nodiscard]] bool operator==(const BlockStats&) const = default;
};

/// Members of a JSON object that we give no meaning to: key and value, both as JSON text.
using JsonMembers = std::vector<std::pair<std::string, std::string>>;

/// What a block's meta.json says.
///
/// Shape: tsdb-format 2.1. Thanos' section and keys unknown to us, also inside `stats` and `compaction`, are kept as
///        text and come back where they were.
/// Units: milliseconds since the Unix epoch; the range is half open, [min_t_ms, end_t_ms).
struct BlockMeta {
  std::string ulid{};
  std::int64_t min_t_ms = 0;
  std::int64_t end_t_ms = 0;  // "maxTime": the first millisecond behind the block
  BlockStats stats{};
  int level = 1;
  std::vector<std::string> sources{};
  std::vector<BlockParent> parents{};
  bool deletable = false;
  bool failed = false;
  std::vector<std::string> hints{};
  int version = 1;
  JsonMembers other{};  // Thanos' section among them
  JsonMembers other_stats{};
  JsonMembers other_compaction{};

  [[nodiscard]] bool has_hint(std::string_view hint) const noexcept;
  /// Whether the block ends the log's duty for what is before its end: it carries none of the three hints.
  [[nodiscard]] bool raises_min_valid() const noexcept;
  [[nodiscard]] bool operator==(const BlockMeta&) const = default;
};

/// Reads the text of a meta.json.
///
/// Errors: throws Error (kCorrupt) naming `path` and what is wrong: no JSON, a key of the wrong type, no valid ULID, a
///         version other than 1 (2 is taken too: servers 2.1 wrote it by mistake).
/// Cost:   some microseconds.
[[nodiscard]] BlockMeta parse_block_meta(const std::string& path, std::string_view text);

/// Reads `folder`/meta.json; throws Error (kIo, kCorrupt).
[[nodiscard]] BlockMeta read_block_meta(const std::string& folder);

/// As a server writes it: tab-indented, keys in its order, what is zero or empty left out.
[[nodiscard]] std::string block_meta_text(const BlockMeta& meta);

}  // namespace mcore
