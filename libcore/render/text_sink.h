// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace mcore {

/// Takes text that is ready: writes it out and clears it, or leaves it to grow into the whole.
using TextSink = std::function<void(std::string& text)>;

/// How much a writer collects before it hands on.
inline constexpr std::size_t kSinkBytes = std::size_t{64} << 10U;

}  // namespace mcore
