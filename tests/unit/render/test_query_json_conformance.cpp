// SPDX-License-Identifier: Apache-2.0
// Answers that a real server gave: read, made a QueryValue again, written, compared byte for byte.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/number_text.h"
#include "model/histogram_buckets.h"
#include "render/query_json.h"
#include "support/catch.h"
#include "support/conformance.h"

namespace mcore {
namespace {

using Json = nlohmann::ordered_json;  // members in the order of the answer

double number_of(const Json& text) {
  double value = 0;
  REQUIRE(parse_float(text.get<std::string>(), value) == FloatStatus::kOk);
  return value;
}

std::int64_t time_of(const Json& seconds) {
  return std::llround(seconds.get<double>() * 1000);
}

struct Bucket {
  int rule;
  double lower;
  double upper;
  double count;
};

/// The index of an exponential bucket whose bounds are exactly these, if the schema has one.
std::optional<std::int32_t> index_of(const Bucket& bucket, std::int32_t schema) {
  const double upper = bucket.rule == 1 ? -bucket.lower : bucket.upper;
  const double lower = bucket.rule == 1 ? -bucket.upper : bucket.lower;
  const auto near = static_cast<std::int32_t>(std::lround(std::ldexp(std::log2(upper), schema)));
  for (std::int32_t index = near - 1; index <= near + 1; ++index) {
    if (histogram_bound(schema, index, {}) == upper && histogram_bound(schema, index - 1, {}) == lower) {
      return index;
    }
  }
  return std::nullopt;
}

void add_bucket(std::vector<HistogramSpan>& spans, std::vector<double>& counts, std::int32_t& next, std::int32_t index,
                double count) {
  spans.push_back({.offset = spans.empty() ? index : index - next, .length = 1});
  counts.push_back(count);
  next = index + 1;
}

/// The histogram with these buckets in a schema, or nothing if its bounds are others.
std::optional<Histogram> exponential_of(const std::vector<Bucket>& buckets, std::int32_t schema) {
  Histogram histogram{.is_float = true, .schema = schema};
  std::int32_t next = 0;
  for (const Bucket& bucket : buckets) {
    if (bucket.rule == 3) {
      histogram.zero_threshold = bucket.upper;
      histogram.zero_count = bucket.count;
    } else if (bucket.rule == 0) {
      const auto index = index_of(bucket, schema);
      if (!index) {
        return std::nullopt;
      }
      add_bucket(histogram.positive_spans, histogram.positive_counts, next, *index, bucket.count);
    }
  }
  for (auto bucket = buckets.rbegin(); bucket != buckets.rend(); ++bucket) {
    if (bucket->rule == 1) {
      const auto index = index_of(*bucket, schema);
      if (!index) {
        return std::nullopt;
      }
      add_bucket(histogram.negative_spans, histogram.negative_counts, next, *index, bucket->count);
    }
  }
  return histogram;
}

/// The bounds between buckets that were left out are not known, and do not matter.
Histogram custom_of(const std::vector<Bucket>& buckets) {
  Histogram histogram{.is_float = true, .schema = kCustomBucketsSchema};
  std::int32_t next = 0;
  for (const Bucket& bucket : buckets) {
    auto& bounds = histogram.custom_values;
    for (const double bound : {bucket.lower, bucket.upper}) {
      if (std::isfinite(bound) && (bounds.empty() || bounds.back() < bound)) {
        bounds.push_back(bound);
      }
    }
    const auto end = std::ranges::lower_bound(bounds, bucket.upper) - bounds.begin();
    add_bucket(histogram.positive_spans, histogram.positive_counts, next, static_cast<std::int32_t>(end), bucket.count);
  }
  return histogram;
}

Histogram histogram_of(const Json& json) {
  std::vector<Bucket> buckets;
  for (const Json& one : json.value("buckets", Json::array())) {
    buckets.push_back({one[0].get<int>(), number_of(one[1]), number_of(one[2]), number_of(one[3])});
  }
  std::optional<Histogram> found;
  for (std::int32_t schema = kMinExponentialSchema; !found && schema <= kMaxExponentialSchema; ++schema) {
    found = exponential_of(buckets, schema);
  }
  Histogram histogram = found ? *found : custom_of(buckets);
  histogram.count = number_of(json.at("count"));
  histogram.sum = number_of(json.at("sum"));
  return histogram;
}

QuerySeries series_of(const Json& json) {
  LabelBuilder builder;
  std::vector<std::string> texts;
  for (const auto& [name, value] : json.at("metric").items()) {
    texts.push_back(name);
    texts.push_back(value.get<std::string>());
  }
  for (std::size_t i = 0; i < texts.size(); i += 2) {
    builder.add(texts[i], texts[i + 1]);
  }
  QuerySeries series{.labels = LabelSet(builder.build())};
  const auto each = [&json](const char* one, const char* many, const auto& take) {
    if (json.contains(one)) {
      take(json.at(one));
    }
    for (const Json& pair : json.value(many, Json::array())) {
      take(pair);
    }
  };
  each("value", "values", [&](const Json& pair) {
    series.samples.t_ms.push_back(time_of(pair[0]));
    series.samples.value.push_back(number_of(pair[1]));
  });
  each("histogram", "histograms", [&](const Json& pair) {
    series.samples.histogram_t_ms.push_back(time_of(pair[0]));
    series.samples.histogram.push_back(histogram_of(pair[1]));
  });
  return series;
}

QueryValue value_of(const Json& data) {
  const std::string type = data.at("resultType").get<std::string>();
  const Json& result = data.at("result");
  QueryValue value;
  if (type == "scalar" || type == "string") {
    value.t_ms = time_of(result[0]);
    value.type = type == "scalar" ? ValueType::kScalar : ValueType::kString;
    value.scalar = type == "scalar" ? number_of(result[1]) : 0;
    value.string = type == "string" ? result[1].get<std::string>() : "";
    return value;
  }
  value.type = type == "vector" ? ValueType::kVector : ValueType::kMatrix;
  for (const Json& series : result) {
    value.series.push_back(series_of(series));
  }
  return value;
}

/// What the server wrote, without blanks; times as it writes them, with all three digits of the milliseconds.
std::string written_by_server(const Json& json) {
  if (json.is_number_float()) {
    const std::int64_t t_ms = time_of(json);
    const std::string digits = std::to_string(t_ms % 1000 + 1000).substr(1);
    return std::to_string(t_ms / 1000) + (t_ms % 1000 == 0 ? "" : "." + digits);
  }
  if (!json.is_structured()) {
    return json.dump();
  }
  std::string out = json.is_object() ? "{" : "[";
  for (const auto& [key, member] : json.items()) {
    out += out.size() > 1 ? "," : "";
    out += json.is_object() ? Json(key).dump() + ":" : "";
    out += written_by_server(member);
  }
  return out + (json.is_object() ? "}" : "]");
}

void check_answer(const Json& response, const Json& entry, int& checked) {
  if (!response.is_object() || response.value("status", "") != "success") {
    return;
  }
  Json data = response.at("data");
  data.erase("stats");
  const std::string type = data.at("resultType").get<std::string>();
  const bool single = type == "scalar" || type == "string";  // they have their times as encoding/json writes doubles
  INFO(entry.dump().substr(0, 300));
  CHECK(query_json(value_of(data)) == (single ? data.dump() : written_by_server(data)));
  ++checked;
}

TEST_CASE("answers of a real server are written byte for byte", "[render][query_json][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no conformance folder beside this checkout");
    return;
  }
  int checked = 0;
  for (const Json& entry : Json::parse(read_test_file(*folder / "api" / "data.json"))) {
    const std::string path = entry.at("path").get<std::string>();
    if ((path == "/api/v1/query" || path == "/api/v1/query_range") && entry.contains("json")) {
      check_answer(entry.at("json"), entry, checked);
    }
  }
  for (const auto& store : std::filesystem::directory_iterator(*folder / "tsdb")) {
    if (std::filesystem::exists(store.path() / "queries.json")) {
      for (const Json& entry : Json::parse(read_test_file(store.path() / "queries.json"))) {
        check_answer(entry.at("response"), entry, checked);
      }
    }
  }
  CHECK(checked > 250);
}

}  // namespace
}  // namespace mcore
