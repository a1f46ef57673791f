// SPDX-License-Identifier: Apache-2.0
// What every fuzz target of a reader does: read to the end, look at everything, and end.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "text/exposition_reader.h"
#include "text/exposition_writer.h"

namespace mcore {

/// Reads a body in an allocation of exactly its size, so that a read behind its end is seen, and writes it out again.
inline void fuzz_exposition(ExpositionFormat format, const std::uint8_t* data, std::size_t size,
                            const ExpositionReaderOptions& options = {}) {
  const std::vector<char> exact(data, data + size);
  const auto reader = make_exposition_reader(format, {exact.data(), exact.size()}, options);
  const auto writer = make_exposition_writer(ExpositionFormat::kOpenMetrics);
  LabelBuilder builder;
  Exemplar exemplar;
  for (std::size_t entries = 0;; ++entries) {
    const ExpositionEntry entry = reader->next();
    if (entry == ExpositionEntry::kEnd) {
      break;
    }
    if (entry == ExpositionEntry::kError) {
      if (reader->error().offset > size || reader->error().reason.empty()) {
        std::abort();
      }
      break;
    }
    if (entry == ExpositionEntry::kSample || entry == ExpositionEntry::kHistogram) {
      builder.clear();
      reader->labels(builder);
      const LabelsView labels = builder.build();
      while (reader->next_exemplar(exemplar)) {
      }
      writer->sample({.labels = labels,
                      .value = reader->value(),
                      .histogram = entry == ExpositionEntry::kHistogram ? &reader->histogram() : nullptr,
                      .timestamp_ms = reader->timestamp_ms(),
                      .start_timestamp_ms = reader->start_timestamp_ms(),
                      .exemplars = {}});
    }
  }
  writer->finish();
}

}  // namespace mcore
