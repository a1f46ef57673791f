// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace mcore {

/// Starts this very program with other words, for work that nobody waits for: in a session of its own, with the null
/// device for input and outputs, in the root folder. Paths among the words must be absolute.
/// Returns whether it was started; what becomes of it is not told. Locks and files of this process stay here.
bool start_detached(const std::vector<std::string>& words) noexcept;

}  // namespace mcore
