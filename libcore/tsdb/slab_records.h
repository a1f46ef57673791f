// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/histogram.h"

namespace mcore {

/// One sample as slabs of the kind kRecords hold it, one behind the other in any order of time.
///
/// Shape: u8 0 (float), 1 (integer histogram) or 2 (float histogram); varint t - the slab's first t; f64, or the body
///        that histogram records of the log have (tsdb-format 4.5).
struct SlabRecord {
  std::int64_t t_ms = 0;
  bool is_histogram = false;
  double value = 0;
  Histogram histogram;
};

void append_slab_record(std::string& out, std::int64_t first_t_ms, std::int64_t t_ms, double value);
void append_slab_record(std::string& out, std::int64_t first_t_ms, std::int64_t t_ms, const Histogram& histogram);

/// Takes the record at the front of `bytes` off; false at the end and where the bytes make no record.
[[nodiscard]] bool take_slab_record(std::string_view& bytes, std::int64_t first_t_ms, SlabRecord& out);

}  // namespace mcore
