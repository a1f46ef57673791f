// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/histogram.h"

namespace mcore {

/// As Prometheus prints a histogram (and count_values labels it): "{count:3, sum:2.5, [-0.01,0.01]:1, (1,2]:2}", empty
/// buckets left out.
[[nodiscard]] std::string histogram_text(const Histogram& histogram);

/// As the test language writes it: "{{schema:1 count:3 sum:2.5 buckets:[1 0 2]}}"; empty if a side has gaps of more
/// than a million buckets, which the notation would fill with zeros.
[[nodiscard]] std::string histogram_test_text(const Histogram& histogram);

}  // namespace mcore
