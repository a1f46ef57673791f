// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/error.h"

namespace mcore {

/// Why a regular expression was refused, in the words of Go's regexp: `error parsing regexp: missing closing ): ...`.
/// `error` is Matcher::make()'s.
[[nodiscard]] std::string matcher_error_text(const Error& error);

}  // namespace mcore
