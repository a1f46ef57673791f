// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mcore {

/// Whether `text` is valid UTF-8 as Go's unicode/utf8 defines it: no surrogates, no overlong forms, at most U+10FFFF.
/// Cost: 8 bytes a step while the text is ASCII.
[[nodiscard]] bool is_valid_utf8(std::string_view text) noexcept;

/// Bytes of the valid sequence that `text` starts with, 1 to 4; 0 if there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

/// `text` in double quotes with control characters, quotes, backslashes and invalid bytes escaped, for a message:
/// one line whatever the bytes are. Longer than `most` bytes of input it is cut and ends in "...".
[[nodiscard]] std::string in_quotes(std::string_view text, std::size_t most = 200);

}  // namespace mcore
