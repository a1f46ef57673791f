// SPDX-License-Identifier: Apache-2.0
// What the words of a command line say about how a query is evaluated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "promql/engine.h"

namespace mcore {

/// `--lookback D|auto`, else $MQUERY_LOOKBACK, else 5m. Errors: throws Error (kUsage).
void set_lookback(const std::string& option, QueryOptions& options);

/// `--enable-feature`: comma-separated names too. Errors: throws Error (kUsage) for an unknown name.
void apply_features(const std::vector<std::string>& names, QueryOptions& options);

}  // namespace mcore
