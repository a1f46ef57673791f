// SPDX-License-Identifier: Apache-2.0
#include "promql/script_nhcb.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <utility>

#include "base/number_text.h"
#include "model/nhcb_converter.h"

namespace mcore {
namespace {

constexpr std::string_view kBoundLabel = "le";

enum class Part : std::uint8_t { kNone, kBucket, kSum, kCount };

/// What a series is to a classic histogram, and which.
struct Role {
  Part part = Part::kNone;
  double bound = 0;
  LabelSet histogram{};
};

Role role_of(LabelsView labels) {
  constexpr std::pair<std::string_view, Part> kSuffixes[] = {
      {"_bucket", Part::kBucket}, {"_sum", Part::kSum}, {"_count", Part::kCount}};
  const std::string_view name = labels.get(kNameLabel);
  Role role;
  for (const auto& [suffix, part] : kSuffixes) {
    if (!name.ends_with(suffix)) {
      continue;
    }
    if (part == Part::kBucket &&
        (parse_float(labels.get(kBoundLabel), role.bound) != FloatStatus::kOk || std::isnan(role.bound))) {
      return role;
    }
    role.part = part;
    LabelBuilder builder;
    for (const Label& label : labels) {
      if (label.name == kNameLabel) {
        builder.add(kNameLabel, name.substr(0, name.size() - suffix.size()));
      } else if (label.name != kBoundLabel) {
        builder.add(label.name, label.value);
      }
    }
    role.histogram = LabelSet(builder.build());
  }
  return role;
}

void set_part(NhcbConverter& to, const Role& role, double value) {
  switch (role.part) {
    case Part::kBucket:
      to.set_bucket(role.bound, value);
      break;
    case Part::kSum:
      to.set_sum(value);
      break;
    case Part::kCount:
      to.set_count(value);
      break;
    case Part::kNone:
      break;
  }
}

}  // namespace

ScriptStorage::SeriesMap custom_bucket_series(const ScriptStorage::SeriesMap& classic) {
  std::map<LabelSet, std::map<std::int64_t, NhcbConverter>, ScriptStorage::ByLabels> found;
  for (const auto& [labels, samples] : classic) {
    const Role role = role_of(labels.view());
    for (std::size_t i = 0; role.part != Part::kNone && i < samples.t_ms.size(); ++i) {
      if (!is_stale_marker(samples.value[i])) {
        set_part(found[role.histogram][samples.t_ms[i]], role, samples.value[i]);
      }
    }
  }
  ScriptStorage::SeriesMap native;
  for (auto& [labels, times] : found) {
    SeriesSamples& samples = native[labels];
    for (auto& [t_ms, converter] : times) {
      auto histogram = converter.convert();
      if (!histogram.has_value()) {
        throw Error(
            ErrorKind::kUsage, "load", "",
            fmt::format("the buckets of {} at {} ms are no classic histogram", labels_text(labels.view()), t_ms));
      }
      histogram->is_float = true;
      samples.histogram_t_ms.push_back(t_ms);
      samples.histogram.push_back(*std::move(histogram));
    }
  }
  return native;
}

}  // namespace mcore
