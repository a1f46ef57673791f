// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "render/table.h"

namespace mcore {

/// A text that is no number, as a cell of the format: see ResultTable. `is_labels`: it is PromQL's text of labels,
/// whose backslashes are its own.
[[nodiscard]] std::string cell_text(std::string_view text, TableFormat format, bool is_labels = false);

/// Characters of a text, each taken as one column wide.
[[nodiscard]] std::size_t text_width(std::string_view text) noexcept;

}  // namespace mcore
