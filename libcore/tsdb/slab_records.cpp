// SPDX-License-Identifier: Apache-2.0
#include "tsdb/slab_records.h"

#include "base/bytes.h"
#include "tsdb/log_deltas.h"
#include "tsdb/log_histograms.h"

namespace mcore {
namespace {

constexpr std::uint8_t kFloat = 0;
constexpr std::uint8_t kIntegerHistogram = 1;
constexpr std::uint8_t kFloatHistogram = 2;

}  // namespace

void append_slab_record(std::string& out, std::int64_t first_t_ms, std::int64_t t_ms, double value) {
  append_u8(out, kFloat);
  append_varint(out, wrapping_subtract(t_ms, first_t_ms));
  append_f64(out, value);
}

void append_slab_record(std::string& out, std::int64_t first_t_ms, std::int64_t t_ms, const Histogram& histogram) {
  append_u8(out, histogram.is_float ? kFloatHistogram : kIntegerHistogram);
  append_varint(out, wrapping_subtract(t_ms, first_t_ms));
  append_histogram_body(out, histogram);
}

bool take_slab_record(std::string_view& bytes, std::int64_t first_t_ms, SlabRecord& out) {
  if (bytes.empty()) {
    return false;
  }
  ByteReader reader(bytes);
  const std::uint8_t kind = reader.u8();
  out.t_ms = wrapping_add(first_t_ms, reader.varint());
  out.is_histogram = kind != kFloat;
  if (kind == kFloat) {
    out.value = reader.f64();
  } else if (kind > kFloatHistogram || !read_histogram_body(reader, kind == kFloatHistogram, out.histogram)) {
    return false;
  }
  if (!reader.ok()) {
    return false;
  }
  bytes = bytes.substr(bytes.size() - reader.left());
  return true;
}

}  // namespace mcore
