// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/histogram.h"
#include "model/labels.h"

namespace mcore {

/// The type numbers of io.prometheus.client.MetricFamily.
enum class ProtoType : std::int32_t {
  kCounter = 0,
  kGauge = 1,
  kSummary = 2,
  kUntyped = 3,
  kHistogram = 4,
  kGaugeHistogram = 5
};

/// One MetricFamily message; views are of its bytes.
struct ProtoFamily {
  std::string_view name;
  std::string_view help;
  std::string_view unit;
  std::int32_t type = 0;  // any number, of ProtoType or not
  std::vector<std::string_view> metrics;
};
/// Errors: as decode_proto_metric().
void decode_proto_family(std::string_view message, ProtoFamily& family);

/// An exemplar as the message has it; labels are left undecoded.
struct ProtoExemplar {
  std::string_view message;  // empty: there is none
};

struct ProtoQuantile {
  double quantile = 0;
  double value = 0;
};

struct ProtoBucket {
  double upper_bound = 0;
  double cumulative_count = 0;
  ProtoExemplar exemplar;
};

/// One Metric message, decoded; views are of the message's bytes.
struct ProtoMetric {
  std::vector<Label> labels;
  std::optional<std::int64_t> timestamp_ms;
  std::optional<std::int64_t> start_timestamp_ms;
  double value = 0;  // counter, gauge or untyped, whichever the family's type asks for
  ProtoExemplar exemplar;
  double count = 0;  // summary and histogram
  double sum = 0;
  std::vector<ProtoQuantile> quantiles;
  std::vector<ProtoBucket> buckets;
  std::vector<ProtoExemplar> histogram_exemplars;
  Histogram native;  // spans, counts (absolute), schema and zero bucket
  bool is_native = false;

  void clear();
};

/// Decodes a Metric message of a family of that type into `metric`, which is cleared first and keeps its memory; the
/// native part of a histogram is left out unless `read_native`. Parts that belong to other types are skipped, so that a
/// family whose type does not fit its metrics yields zeros, as in Prometheus. Errors: throws protozero's exceptions for
/// bytes that are no message, Error (kSyntax) for spans that do not fit their
///         buckets and for labels that are not UTF-8.
void decode_proto_metric(std::string_view message, ProtoType type, bool read_native, ProtoMetric& metric);

/// The parts of an Exemplar message.
struct ProtoExemplarParts {
  std::vector<Label> labels;
  double value = 0;
  std::optional<std::int64_t> timestamp_ms;
};
void decode_proto_exemplar(std::string_view message, ProtoExemplarParts& parts);

}  // namespace mcore
