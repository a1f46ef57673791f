// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "text/content_type.h"

namespace mcore {

/// How the body of a scrape is taken: the keys of the same names in Prometheus' scrape_configs, with its defaults.
/// Units: limits of 0 are none; body_size_limit counts bytes after decompression.
struct ScrapeOptions {
  std::optional<ScrapeProtocol> fallback_protocol{};
  bool honor_labels = false;
  bool honor_timestamps = true;
  bool native_histograms = false;
  bool always_classic_histograms = false;
  bool convert_classic_to_nhcb = false;
  bool legacy_names = false;
  std::size_t body_size_limit = 0;
  std::size_t sample_limit = 0;
  std::size_t label_limit = 0;
  std::size_t label_name_length_limit = 0;
  std::size_t label_value_length_limit = 0;
  std::size_t native_histogram_bucket_limit = 0;
};

}  // namespace mcore
