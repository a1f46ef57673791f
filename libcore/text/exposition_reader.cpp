// SPDX-License-Identifier: Apache-2.0
#include "text/exposition_reader.h"

#include <fmt/format.h>

#include "text/nhcb_reader.h"
#include "text/openmetrics_reader.h"
#include "text/prom_text_reader.h"
#include "text/proto_reader.h"

namespace mcore {

std::string ExpositionError::text() const {
  return line == 0 ? fmt::format("byte {}: {}", offset, reason) : fmt::format("{}:{}: {}", line, column, reason);
}

std::unique_ptr<ExpositionReader> make_exposition_reader(ExpositionFormat format, std::string_view body,
                                                         const ExpositionReaderOptions& options) {
  std::unique_ptr<ExpositionReader> reader;
  switch (format) {
    case ExpositionFormat::kProtobuf:
      return std::make_unique<ProtoReader>(body, options);
    case ExpositionFormat::kOpenMetrics:
      reader = std::make_unique<OpenMetricsReader>(body);
      break;
    case ExpositionFormat::kPrometheusText:
      reader = std::make_unique<PromTextReader>(body);
      break;
  }
  if (options.convert_classic_to_nhcb) {
    return std::make_unique<NhcbReader>(std::move(reader), options.keep_classic_histograms);
  }
  return reader;
}

}  // namespace mcore
