// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_samples.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/bytes.h"
#include "tsdb/log_deltas.h"

namespace mcore {
namespace {

/// Two varints of one byte and a value: no sample of any type takes less.
constexpr std::size_t kSmallestSample = 10;
/// Two varints and a value at their longest.
constexpr std::size_t kLargestSample = 2 * kMaxVarintSize + 8;

/// Reads a uvarint of up to four bytes; nullptr if it is longer. A branch for each length, because neighbours have the
/// same: so the processor reads ahead, where a computed length would make it wait.
/// Requires: four readable bytes at `p`.
inline const char* load_uvarint(const char* p, std::uint64_t& x) noexcept {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  if ((word & 0x80U) == 0) {
    x = word & 0x7FU;
    return p + 1;
  }
  if ((word & 0x8000U) == 0) {
    x = (word & 0x7FU) | ((word & 0x7F00U) >> 1U);
    return p + 2;
  }
  if ((word & 0x800000U) == 0) {
    x = (word & 0x7FU) | ((word & 0x7F00U) >> 1U) | ((word & 0x7F0000U) >> 2U);
    return p + 3;
  }
  if ((word & 0x80000000U) == 0) {
    x = (word & 0x7FU) | ((word & 0x7F00U) >> 1U) | ((word & 0x7F0000U) >> 2U) | ((word & 0x7F000000U) >> 3U);
    return p + 4;
  }
  return nullptr;
}

}  // namespace

void SampleRecordDecoder::reserve(std::size_t count) {
  if (count > capacity_) {
    capacity_ = std::max(count, capacity_ * 2);
    samples_ = std::make_unique_for_overwrite<LogSample[]>(capacity_);
  }
}

bool SampleRecordDecoder::decode(LogRecordType type, std::string_view body) {
  count_ = 0;
  start_t_ms_.clear();
  reserve(body.size() / kSmallestSample);
  return type == LogRecordType::kSamplesV2 ? decode_v2(body) : decode_v1(body);
}

bool SampleRecordDecoder::decode_v1(std::string_view body) {
  ByteReader header(body);
  if (header.left() == 0) {
    return true;
  }
  const std::uint64_t first_ref = header.be64();
  const auto first_t_ms = static_cast<std::int64_t>(header.be64());
  if (!header.ok()) {
    return false;
  }
  const char* p = header.at();
  const char* const end = p + header.left();
  LogSample* out = samples_.get();
  while (end - p >= static_cast<std::ptrdiff_t>(kLargestSample)) {
    std::uint64_t ref = 0;
    std::uint64_t t = 0;
    const char* q = load_uvarint(p, ref);
    q = q == nullptr ? nullptr : load_uvarint(q, t);
    if (q == nullptr) {
      ByteReader slow({p, kLargestSample});
      ref = slow.uvarint();
      t = slow.uvarint();
      q = slow.at();
      if (!slow.ok()) {
        break;
      }
    }
    *out++ = {first_ref + static_cast<std::uint64_t>(unzigzag(ref)), wrapping_add(first_t_ms, unzigzag(t)),
              std::bit_cast<double>(load_be64(q))};
    p = q + 8;
  }
  ByteReader reader({p, static_cast<std::size_t>(end - p)});
  while (reader.left() > 0) {
    const std::uint64_t ref = first_ref + static_cast<std::uint64_t>(reader.varint());
    const std::int64_t t_ms = wrapping_add(first_t_ms, reader.varint());
    const double value = reader.f64();
    if (!reader.ok()) {
      break;
    }
    *out++ = {ref, t_ms, value};
  }
  count_ = static_cast<std::size_t>(out - samples_.get());
  return reader.ok();
}

bool SampleRecordDecoder::decode_v2(std::string_view body) {
  ByteReader reader(body);
  StartTimeReader start;
  std::uint64_t ref = 0;
  std::int64_t first_t_ms = 0;
  while (reader.left() > 0) {
    const bool is_first = count_ == 0;
    ref += static_cast<std::uint64_t>(reader.varint());
    const std::int64_t t_ms = wrapping_add(is_first ? 0 : first_t_ms, reader.varint());
    first_t_ms = is_first ? t_ms : first_t_ms;
    const std::int64_t start_t_ms = start.read(reader);
    const double value = reader.f64();
    if (!reader.ok()) {
      return false;
    }
    samples_[count_++] = {ref, t_ms, value};
    start_t_ms_.push_back(start_t_ms);
  }
  return true;
}

void SampleRecordWriter::add(std::uint64_t ref, std::int64_t t_ms, double value) {
  if (record_.empty()) {
    begin_record(record_, LogRecordType::kSamples);
    append_be64(record_, ref);
    append_be64(record_, static_cast<std::uint64_t>(t_ms));
    first_ref_ = ref;
    first_t_ms_ = t_ms;
  }
  char bytes[kLargestSample];
  char* p = store_uvarint(bytes, zigzag(static_cast<std::int64_t>(ref - first_ref_)));
  p = store_uvarint(p, zigzag(wrapping_subtract(t_ms, first_t_ms_)));
  store_be64(p, std::bit_cast<std::uint64_t>(value));
  record_.append(bytes, static_cast<std::size_t>(p + 8 - bytes));
}

}  // namespace mcore
