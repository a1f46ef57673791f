// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/labels.h"
#include "model/series_samples.h"

namespace mcore {

/// The four types a PromQL expression can have.
enum class ValueType : std::uint8_t { kScalar, kVector, kMatrix, kString };

/// As Prometheus spells a type in errors and in JSON: "scalar", "vector", "matrix", "string".
[[nodiscard]] constexpr const char* value_type_text(ValueType type) noexcept {
  switch (type) {
    case ValueType::kScalar:
      return "scalar";
    case ValueType::kVector:
      return "vector";
    case ValueType::kMatrix:
      return "matrix";
    case ValueType::kString:
      return "string";
  }
  return "";
}

/// One series of an answer.
struct QuerySeries {
  LabelSet labels{};
  SeriesSamples samples{};
};

/// The answer to a query.
///
/// Shape: kScalar and kString have one value at `t_ms`; kVector has series of one sample each, at `t_ms`, in the order
///        that counts where the query sorts; kMatrix has series in label order (a range query always answers so).
struct QueryValue {
  ValueType type = ValueType::kVector;
  std::int64_t t_ms = 0;
  double scalar = 0;
  std::string string{};
  std::vector<QuerySeries> series{};
};

/// What the evaluation has to say beside the answer.
///
/// Shape: `text` is the API's, "PromQL warning: ..." or "PromQL info: ...", with " (line:column)" of the expression
///        behind it.
struct QueryNote {
  bool is_warning = false;  // else an info
  std::string text{};
};

}  // namespace mcore
