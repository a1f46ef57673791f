// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mcore {

inline constexpr std::size_t kUlidSize = 26;
/// The parent that a block of out-of-order samples lists: no block has this name.
inline constexpr std::string_view kZeroUlid = "00000000000000000000000000";

/// A new name for a block.
///
/// Shape:  48 bits of time in milliseconds, 80 random bits, 26 characters of Crockford's base 32; ULIDs of different
///         milliseconds sort by time.
/// Errors: throws Error (kIo) if the system gives no random bytes.
[[nodiscard]] std::string make_ulid(std::int64_t now_ms);

/// Whether a whole name is a ULID as servers take it: upper or lower case, no I, L, O or U, at most 128 bits.
[[nodiscard]] bool is_ulid(std::string_view text) noexcept;

/// The time in a ULID, or nothing if `text` is none.
[[nodiscard]] std::optional<std::int64_t> ulid_time_ms(std::string_view text) noexcept;

}  // namespace mcore
