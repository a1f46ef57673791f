// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace mcore {

// How records lie in a log segment, a checkpoint and a chunk snapshot (tsdb-format 4.1, 4.2).
//
// A segment is a row of pages of 32 KiB. A record is one fragment, or as many as it takes: no fragment crosses a page.
// A fragment is a type byte, its length, the CRC-32C of its data, and the data. Fewer than seven bytes at the end of a
// page hold no fragment and are zero; a fragment of type 0 says that the rest of its page is zero too.

inline constexpr std::uint64_t kLogPageSize = 32768;
inline constexpr std::uint64_t kLogHeaderSize = 7;  // u8 type, be16 length, be32 CRC-32C of the data as stored
/// A new segment is begun where a record would make the current one longer.
inline constexpr std::uint64_t kLogSegmentLimit = std::uint64_t{128} << 20U;

inline constexpr unsigned kLogFragmentMask = 0x07;
inline constexpr unsigned kLogSnappyFlag = 0x08;
inline constexpr unsigned kLogZstdFlag = 0x10;
enum class LogFragment : std::uint8_t { kZeros, kFull, kFirst, kMiddle, kLast };

/// Bytes from `offset` to the end of its page, 1 to kLogPageSize.
[[nodiscard]] constexpr std::uint64_t log_page_room(std::uint64_t offset) noexcept {
  return kLogPageSize - offset % kLogPageSize;
}

}  // namespace mcore
