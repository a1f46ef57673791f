// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace mcore {

/// CRC-32C (Castagnoli, reflected, initial value and final XOR all ones) of some bytes: "123456789" gives 0xE3069283.
/// A checksum of several pieces: hand the result so far on as `so_far`.
/// Cost: 8 bytes a step where the processor has the instruction, else a table.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t so_far = 0) noexcept;

}  // namespace mcore
