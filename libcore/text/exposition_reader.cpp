// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_reader.h"

#include <fmt/format.h>

#include "text/openmetrics_reader.h"
#include "text/prom_text_reader.h"

namespace mcore {

std::string ExpositionError::text() const {
  return line == 0 ? fmt::format("byte {}: {}", offset, reason) : fmt::format("{}:{}: {}", line, column, reason);
}

std::unique_ptr<ExpositionReader> make_exposition_reader(ExpositionFormat format, std::string_view body,
                                                         const ExpositionReaderOptions& options) {
  (void)options;
  switch (format) {
    case ExpositionFormat::kOpenMetrics:
      return std::make_unique<OpenMetricsReader>(body);
    default:
      return std::make_unique<PromTextReader>(body);
  }
}

}  // namespace mcore
