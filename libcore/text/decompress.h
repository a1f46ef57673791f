// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mcore {

/// The whole content of a gzip stream (one member or several) appended to `out`.
///
/// Errors: text that is no gzip, a damaged or truncated stream, or more than `limit` bytes of output
/// (ErrorKind::kLimit):
///         `out` then holds nothing new, and no more than `limit` bytes were ever inflated.
[[nodiscard]] Result<std::size_t> gunzip(std::string_view compressed, std::string& out, std::size_t limit);

/// Whether bytes begin as a gzip stream does.
[[nodiscard]] bool looks_like_gzip(std::string_view bytes) noexcept;

}  // namespace mcore
