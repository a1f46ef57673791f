// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <system_error>

namespace mcore {

Error::Error(ErrorKind kind, std::string_view what, std::string_view where, std::string_view why)
    : kind_(kind), where_(where), why_(why) {
  for (const std::string_view part : {what, where, why}) {
    if (part.empty()) {
      continue;
    }
    if (!line_.empty()) {
      line_ += ": ";
    }
    line_ += part;
  }
}

std::string errno_text(int number) {
  return std::generic_category().message(number);
}

}  // namespace mcore
