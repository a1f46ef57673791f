// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "promql/parser.h"

namespace mcore {

/// What may have been meant where a query has an error: quotes that the shell took, a word of another language, a
/// mistyped function. Empty where nothing is plain.
[[nodiscard]] std::string parse_hint(std::string_view query, const ParseError& error);

}  // namespace mcore
