// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "render/value_unit.h"

namespace mcore {

/// A part of an expression: its unit, and the number if it is written as one.
struct UnitPart {
  ValueUnit unit{};
  std::optional<double> number{};
};

/// The units of a product, a quotient, a sum or difference; plain where they make none that has a name here.
[[nodiscard]] UnitPart unit_times(const UnitPart& a, const UnitPart& b) noexcept;
[[nodiscard]] UnitPart unit_by(const UnitPart& a, const UnitPart& b) noexcept;
[[nodiscard]] UnitPart unit_plus(const UnitPart& a, const UnitPart& b, bool is_minus) noexcept;

}  // namespace mcore
