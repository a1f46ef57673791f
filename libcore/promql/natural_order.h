// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace mcore {

/// Whether `a` comes before `b` where runs of digits count as numbers: "cpu2" before "cpu10". A number too large for
/// 64 bits is text. Cost: linear.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b) noexcept;

}  // namespace mcore
