// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mcore {

/// The candidate that is at most a few typing mistakes away from `word`, empty if none is.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

/// What a word or option of promtool, amtool, node_exporter, curl or Prometheus is called here: "--max-time" gives
/// "--timeout"; empty if the table has none.
[[nodiscard]] std::string_view our_name_for(std::string_view foreign);

}  // namespace mcore
