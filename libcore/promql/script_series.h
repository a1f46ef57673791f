// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/labels.h"
#include "promql/script_values.h"

namespace mcore {

/// One line of a test script that names a series and lists its values.
struct ScriptSeries {
  LabelSet labels{};
  std::vector<ScriptValue> values{};
};

/// A line about start times: `m@st -30s-1mx2`.
struct ScriptStarts {
  LabelSet labels{};
  std::vector<std::optional<std::int64_t>> offset_ms{};
};

/// Reads the labels of a series off the front: `m`, `m{a="b"}`, `{__name__="m",a="b"}`, `{"utf.8 name","lab.el"="x"}`,
/// `{}`. Errors: throws Error (kSyntax), also for a name given twice.
[[nodiscard]] LabelSet read_script_labels(ScriptCursor& in);

/// Reads a whole line. `room` is how many values the script may still have, and shrinks by those read.
/// Errors: throws Error (kSyntax).
[[nodiscard]] ScriptSeries read_script_series(std::string_view line, std::size_t& room);

/// Reads a whole line if it is one about start times, else nothing. Errors: throws Error (kSyntax).
[[nodiscard]] std::optional<ScriptStarts> read_script_start_line(std::string_view line, std::size_t& room);

}  // namespace mcore
