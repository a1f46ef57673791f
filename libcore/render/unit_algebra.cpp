// SPDX-License-Identifier: Apache-2.0
#include "render/unit_algebra.h"

namespace mcore {

UnitPart unit_times(const UnitPart& a, const UnitPart& b) noexcept {
  if (a.number && !b.number) {
    return unit_times(b, a);
  }
  if (b.number) {
    const double factor = *b.number;
    if (factor == 1 || a.number) {
      return {a.unit, {}};
    }
    if (factor == 8 && a.unit.kind == UnitKind::kBytes) {
      return {{UnitKind::kBits, a.unit.per_second}, {}};
    }
    if (factor == 100 && (a.unit.kind == UnitKind::kRatio || a.unit.kind == UnitKind::kPlain)) {
      return {{a.unit.kind == UnitKind::kRatio ? UnitKind::kPercent : UnitKind::kPlain, a.unit.per_second}, {}};
    }
    return a.unit.kind == UnitKind::kPlain ? UnitPart{a.unit, {}} : UnitPart{};  // in another unit than the name says
  }
  const auto is_factor = [](ValueUnit unit) { return unit.kind == UnitKind::kPlain || unit.kind == UnitKind::kRatio; };
  if (is_factor(a.unit)) {
    return {{b.unit.kind, a.unit.per_second != b.unit.per_second}, {}};
  }
  return is_factor(b.unit) ? UnitPart{{a.unit.kind, a.unit.per_second != b.unit.per_second}, {}} : UnitPart{};
}

UnitPart unit_by(const UnitPart& a, const UnitPart& b) noexcept {
  if (b.number) {
    const bool keeps = *b.number == 1 || a.unit.kind == UnitKind::kPlain;
    return keeps ? UnitPart{a.unit, {}} : UnitPart{};
  }
  if (a.unit.kind == b.unit.kind) {
    // Whether a count by a count is a share of it or a mean, the names do not tell.
    const bool share = a.unit.kind != UnitKind::kPlain && a.unit.per_second == b.unit.per_second;
    return {{share ? UnitKind::kRatio : UnitKind::kPlain, a.unit.per_second && !b.unit.per_second}, {}};
  }
  if (b.unit.kind == UnitKind::kSeconds && !a.unit.per_second && !b.unit.per_second) {
    return {{a.unit.kind, true}, {}};
  }
  const bool factor = b.unit.kind == UnitKind::kPlain && (!b.unit.per_second || a.unit.per_second);
  return factor ? UnitPart{{a.unit.kind, a.unit.per_second && !b.unit.per_second}, {}} : UnitPart{};
}

UnitPart unit_plus(const UnitPart& a, const UnitPart& b, bool is_minus) noexcept {
  if (is_minus && a.unit.kind == UnitKind::kTimestamp && b.unit.kind == UnitKind::kTimestamp) {
    return {{UnitKind::kSeconds, false}, {}};
  }
  if (a.number || (a.unit == ValueUnit{} && !b.unit.per_second)) {
    return {b.unit, {}};
  }
  return b.number || b.unit == ValueUnit{} || a.unit == b.unit || a.unit.kind == UnitKind::kTimestamp
             ? UnitPart{a.unit, {}}
             : UnitPart{};
}

}  // namespace mcore
