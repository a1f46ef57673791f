// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "promql/script.h"

namespace mcore {

/// Reads one line of the block below an `eval`; false if the block ends with it.
/// Errors: throws Error (kSyntax).
[[nodiscard]] bool read_expectation(std::string_view line, ScriptEval& eval, std::size_t& room);

/// A time or a step of a script. Errors: throws Error (kSyntax) that names `what`.
[[nodiscard]] std::int64_t read_script_duration(std::string_view text, std::string_view what);

/// Takes `FROM to TO step STEP` off the front: the times of an eval and of what it expects.
/// Errors: throws Error (kSyntax), also for a step of 0, an end before the start, and more than a million steps.
void read_script_times(ScriptCursor& in, ScriptEval& eval);

/// Steps over a word and the blanks behind it. Errors: throws Error (kSyntax) for another word.
void expect_script_word(ScriptCursor& in, std::string_view word);

}  // namespace mcore
