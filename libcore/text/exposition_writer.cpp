// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_writer.h"

#include "text/openmetrics_writer.h"
#include "text/prom_text_writer.h"
#include "text/proto_writer.h"

namespace mcore {

std::unique_ptr<ExpositionWriter> make_exposition_writer(ExpositionFormat format) {
  switch (format) {
    case ExpositionFormat::kOpenMetrics:
      return std::make_unique<OpenMetricsWriter>();
    case ExpositionFormat::kProtobuf:
      return std::make_unique<ProtoWriter>();
    case ExpositionFormat::kPrometheusText:
      break;
  }
  return std::make_unique<PromTextWriter>();
}

}  // namespace mcore
