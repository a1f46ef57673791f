// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/histogram.h"
#include "promql/script_cursor.h"

namespace mcore {

/// A native histogram as a test script writes it.
struct ScriptHistogram {
  Histogram histogram{};
  bool names_hint = false;  // counter_reset_hint was written: only then does it count in a comparison
};

/// Reads `{{schema:1 count:3 sum:2.5 buckets:[1 0 2]}}`, keys in any order, each at most once, all optional.
///
/// Shape:  always a float histogram. Spans and counts agree; nothing else need add up. Buckets start at most a million
///         from 0 (index 0 and up for custom bounds).
/// Errors: throws Error (kSyntax).
[[nodiscard]] ScriptHistogram read_script_histogram(ScriptCursor& in);

}  // namespace mcore
