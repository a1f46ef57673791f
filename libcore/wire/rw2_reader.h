// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "model/exemplar.h"
#include "model/histogram.h"
#include "model/labels.h"
#include "model/metric_type.h"

namespace mcore {

/// What a series of a request says about its family. Views are of the message.
struct Rw2Metadata {
  MetricType type = MetricType::kUnknown;
  bool has_type = false;
  std::string_view help;
  bool has_help = false;
  std::string_view unit;
  [[nodiscard]] bool any() const noexcept { return has_type || has_help || !unit.empty(); }
};

/// Reads one remote-write 2.0 request, io.prometheus.write.v2.Request, as it is in memory after decompression.
///
/// Shape:    series by series, of each its floats and then its histograms. Exemplars come with the last sample of a
///           series; those that a sender put into an entry of their own come with the last entry of the same series
///           that has samples.
/// Units:    milliseconds since the Unix epoch.
/// Lifetime: borrows the message; views taken from the reader borrow it too.
/// Errors:   the constructor and the next_ functions throw Error (kSyntax) for bytes that are no request. After one
///           from next_series() or next_sample(), next_series() goes on with the series behind; after one from the
///           constructor there is nothing. What is not checked here: names of labels, and whether a histogram's parts
///           add up (histogram_fault).
/// Cost:     no allocation per float once the tables have grown; memory is a small multiple of the message.
class Rw2Reader {
 public:
  explicit Rw2Reader(std::string_view message);
  ~Rw2Reader();
  Rw2Reader(const Rw2Reader&) = delete;
  Rw2Reader& operator=(const Rw2Reader&) = delete;

  bool next_series();
  /// Adds the labels of the series at hand.
  void labels(LabelBuilder& out) const;
  [[nodiscard]] const Rw2Metadata& metadata() const noexcept;

  bool next_sample();
  [[nodiscard]] bool is_histogram() const noexcept;
  [[nodiscard]] std::int64_t t_ms() const noexcept;
  [[nodiscard]] double value() const noexcept;
  [[nodiscard]] const Histogram& histogram() const noexcept;
  [[nodiscard]] std::optional<std::int64_t> start_t_ms() const noexcept;
  /// Of the sample at hand: empty but for the last one of a series.
  [[nodiscard]] const std::vector<Exemplar>& exemplars() const noexcept;

  /// Exemplars of the message whose series has no sample in it, and which are lost therefore.
  [[nodiscard]] std::uint64_t orphaned_exemplars() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The family that a metric with such metadata belongs to: its name without `_bucket`, `_sum` and the like. The
/// format does not carry it.
[[nodiscard]] std::string_view rw2_family_name(std::string_view metric, MetricType type) noexcept;

}  // namespace mcore
