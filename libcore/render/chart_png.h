// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/picture.h"
#include "render/raster.h"

namespace mcore {

/// Pixels as a PNG file: RGB, 8 bits each.
/// Errors: throws Error (kIo) if there is no memory to compress it.
[[nodiscard]] std::string png_of(const Raster& raster);

/// A picture as a PNG file, painted by our own hand: no font and no library of graphics is needed.
[[nodiscard]] std::string png_of(const Picture& picture);

}  // namespace mcore
