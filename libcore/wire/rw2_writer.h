// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/hash.h"
#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/sample_batch.h"

namespace mcore {

/// How large a request becomes before it is ended: one of its own may be larger by a sample.
struct Rw2Limit {
  std::size_t samples = 10'000;
  std::size_t bytes = 1 << 20;
};

/// Writes a stream of remote-write 2.0 requests, io.prometheus.write.v2.Request, each behind its length as a varint.
///
/// Shape: each request has its own table of strings, the empty one first, and can be read without the others. One entry
///        for a run of floats or histograms of one series; it ends behind a sample with exemplars, so that they are the
///        last one's.
///        Starts of counters are written with the samples; a value of 0 is written like any other.
/// Units: milliseconds since the Unix epoch.
/// Cost:  no allocation per sample once the buffers have grown; holds one request.
class Rw2Writer {
 public:
  explicit Rw2Writer(Rw2Limit limit = {}) : limit_(limit) { clear(); }

  /// The samples that follow are of this series, of a family that may be null. Cheap when they were already.
  void series(LabelsView labels, const MetricFamily* family);
  void sample(std::int64_t t_ms, double value, std::optional<std::int64_t> start_t_ms = {},
              std::span<const Exemplar> exemplars = {});
  void histogram(std::int64_t t_ms, const Histogram& histogram, std::optional<std::int64_t> start_t_ms = {},
                 std::span<const Exemplar> exemplars = {});
  /// Writes all samples of a batch, in its order.
  void add(const SampleBatch& batch);
  /// Ends the request at hand, if it has samples.
  void flush();

  /// Whole requests with their lengths; the caller clears it after writing it out.
  [[nodiscard]] std::string& output() noexcept { return output_; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash_bytes(text); }
  };

  void clear();
  std::uint32_t symbol(std::string_view text);
  void put_labels(std::string& out, LabelsView labels);
  void begin_sample(bool is_histogram);
  void end_sample(std::int64_t t_ms, std::span<const Exemplar> exemplars);
  void close_series();

  Rw2Limit limit_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> indexes_;
  std::string symbols_;  // encoded
  std::string entries_;  // encoded series that are whole
  std::string head_;     // of the series at hand: its labels
  std::string metadata_;
  std::string samples_;  // its samples and exemplars
  std::string scratch_;
  LabelSet labels_;
  MetricFamily family_;
  bool has_family_ = false;
  bool has_head_ = false;  // for the request at hand
  bool at_histograms_ = false;
  std::size_t sample_count_ = 0;
  std::string output_;
};

}  // namespace mcore
