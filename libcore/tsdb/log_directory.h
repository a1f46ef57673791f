// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mcore {

struct LogSegment {
  std::int64_t number = 0;
  std::string path;
  std::uint64_t size = 0;
};

struct LogCheckpoint {
  std::int64_t number = 0;  // the last segment that it replaces
  std::string path;
};

/// What a folder of log segments holds: `wal/`, `wbl/`, or a checkpoint or snapshot inside.
struct LogListing {
  std::vector<LogSegment> segments;         // ascending; beside a checkpoint also those that it replaces
  std::optional<LogCheckpoint> checkpoint;  // the newest one that is complete
  /// The first number that is missing between two segments.
  [[nodiscard]] std::optional<std::int64_t> gap() const;
  /// The segments that are to be read behind the checkpoint. Cost: copies their paths.
  [[nodiscard]] std::vector<LogSegment> segments_from(std::int64_t number) const;
};

/// Lists such a folder; one that does not exist is empty. Names that are neither a segment nor a checkpoint, unfinished
/// checkpoints (`.tmp`) among them, are passed over, as are files that vanish meanwhile.
/// Errors: throws Error (kIo).
[[nodiscard]] LogListing list_log(const std::string& folder);

/// `FOLDER/00000017`, `FOLDER/checkpoint.00000017`.
[[nodiscard]] std::string segment_path(const std::string& folder, std::int64_t number);
[[nodiscard]] std::string checkpoint_path(const std::string& folder, std::int64_t number);

}  // namespace mcore
