// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace mcore {

/// XXH3 64-bit hash of some bytes: the same in every process and on every machine.
/// Cost: about 6 ns for 80 bytes.
[[nodiscard]] std::uint64_t hash_bytes(std::string_view bytes) noexcept;

/// XXH64 of some bytes, seed 0: where a number that others compute must come out the same.
[[nodiscard]] std::uint64_t hash_bytes_xxh64(std::string_view bytes) noexcept;

}  // namespace mcore
