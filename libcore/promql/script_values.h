// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/histogram.h"
#include "promql/script_cursor.h"

namespace mcore {

/// One place of a list of values in a test script.
struct ScriptValue {
  enum class Kind : std::uint8_t { kNone, kFloat, kHistogram };

  Kind kind = Kind::kNone;
  bool names_hint = false;  // the histogram's counter_reset_hint was written
  double value = 0;         // of a float
  std::shared_ptr<const Histogram> histogram{};
};

/// Reads a list of values up to the end of the line, as `load` and expectations have it: `1+2x3 _ _x2 stale NaN
/// {{...}}`.
///
/// Shape:  the cursor stands at the blank before the first item, or at the end. `AxN` are N + 1 values, `A+BxN` add B
///         again each time, `_xN` are N empty places.
/// Errors: throws Error (kSyntax); also for more values than `room`, which shrinks by what was read (histograms that
///         are computed count for their buckets too).
[[nodiscard]] std::vector<ScriptValue> read_script_values(ScriptCursor& in, std::size_t& room);

/// Reads the list of an `@st` line: how far each sample's start lies from the sample, in milliseconds; nothing where
/// it has none. `_`, `_xN`, `-30s`, `-30sx2`, `-30s-1mx2`.
[[nodiscard]] std::vector<std::optional<std::int64_t>> read_script_starts(ScriptCursor& in, std::size_t& room);

}  // namespace mcore
