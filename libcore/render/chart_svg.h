// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/picture.h"

namespace mcore {

/// A picture as an SVG document of its own, in UTF-8: no script, no font and no file from outside.
[[nodiscard]] std::string svg_of(const Picture& picture);

}  // namespace mcore
