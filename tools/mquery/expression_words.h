// SPDX-License-Identifier: Apache-2.0
// What the words of a command line say about a query.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "promql/engine.h"

namespace mcore {

/// The expressions of `--expr` and the operand, `@FILE` replaced by what the file holds.
/// Errors: throws Error (kUsage): none, or several operands, which as a rule are one expression without quotes; kIo.
[[nodiscard]] std::vector<std::string> expressions_of(const std::vector<std::string>& operands,
                                                      const std::vector<std::string>& expressions);

/// `--lookback D|auto`, else $MQUERY_LOOKBACK, else 5m. Errors: throws Error (kUsage).
void set_lookback(const std::string& option, QueryOptions& options);

/// `--enable-feature`: comma-separated names too. Errors: throws Error (kUsage) for an unknown name.
void apply_features(const std::vector<std::string>& names, QueryOptions& options);

}  // namespace mcore
