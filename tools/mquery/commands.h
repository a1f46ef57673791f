// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "cli/command.h"

namespace mcore {

[[nodiscard]] std::unique_ptr<Command> make_fmt_command();
[[nodiscard]] std::unique_ptr<Command> make_parse_command();

}  // namespace mcore
