// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

namespace mcore {

/// Whether `text` is one of a few words.
[[nodiscard]] inline bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) noexcept {
  for (const std::string_view word : words) {
    if (text == word) {
      return true;
    }
  }
  return false;
}

}  // namespace mcore
