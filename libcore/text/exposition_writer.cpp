// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_writer.h"

#include "text/openmetrics_writer.h"
#include "text/prom_text_writer.h"

namespace mcore {

std::unique_ptr<ExpositionWriter> make_exposition_writer(ExpositionFormat format) {
  if (format == ExpositionFormat::kOpenMetrics) {
    return std::make_unique<OpenMetricsWriter>();
  }
  return std::make_unique<PromTextWriter>();
}

}  // namespace mcore
