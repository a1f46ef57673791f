// SPDX-License-Identifier: Apache-2.0
#include "text/nhcb_reader.h"

#include <algorithm>
#include <cmath>

#include "base/number_text.h"

namespace mcore {

ExpositionEntry NhcbReader::next() {
  for (;;) {
    const ExpositionEntry entry = emitting_ ? waiting_ : inner_->next();
    emitting_ = false;
    if (entry == ExpositionEntry::kError) {
      return entry;
    }
    const Role role = entry == ExpositionEntry::kSample ? look_at_sample() : Role::kNone;
    const bool goes_on = collecting_ && role != Role::kNone && sample_group_ == group_.view();
    if (collecting_ && !goes_on && finish_group()) {
      emitting_ = true;
      waiting_ = entry;
      return ExpositionEntry::kHistogram;
    }
    if (entry == ExpositionEntry::kType) {
      histogram_family_ = inner_->type() == MetricType::kHistogram ? inner_->family_name() : std::string_view();
    }
    if (role == Role::kNone) {
      return entry;
    }
    collect(role);
    if (keep_classic_) {
      return entry;
    }
  }
}

NhcbReader::Role NhcbReader::look_at_sample() {
  if (histogram_family_.empty()) {
    return Role::kNone;
  }
  builder_.clear();
  inner_->labels(builder_);
  std::vector<Label>& labels = builder_.labels();
  const auto metric = std::ranges::find(labels, kNameLabel, &Label::name);
  if (metric == labels.end() || !metric->value.starts_with(histogram_family_)) {
    return Role::kNone;
  }
  const std::string_view suffix = metric->value.substr(histogram_family_.size());
  Role role = Role::kNone;
  if (suffix == "_sum" || suffix == "_count") {
    role = suffix == "_sum" ? Role::kSum : Role::kCount;
  } else if (suffix == "_bucket") {
    const auto bound = std::ranges::find(labels, std::string_view("le"), &Label::name);
    const bool good = bound != labels.end() && parse_float(bound->value, sample_bound_) == FloatStatus::kOk &&
                      !std::isnan(sample_bound_);
    role = good ? Role::kBucket : Role::kNone;
  }
  metric->value = histogram_family_;
  std::erase_if(labels, [](const Label& label) { return label.name == "le"; });
  sample_group_ = builder_.build();
  return role;
}

void NhcbReader::collect(Role role) {
  if (!collecting_) {
    collecting_ = true;
    converter_.clear();
    exemplars_.clear();
    exemplars_taken_ = 0;
    group_ = LabelSet(sample_group_);
  }
  group_timestamp_ms_ = inner_->timestamp_ms();
  Exemplar exemplar;
  while (inner_->next_exemplar(exemplar)) {
    exemplars_.push_back(exemplar);
  }
  switch (role) {
    case Role::kBucket:
      converter_.set_bucket(sample_bound_, inner_->value());
      break;
    case Role::kSum:
      converter_.set_sum(inner_->value());
      break;
    case Role::kCount:
      converter_.set_count(inner_->value());
      break;
    case Role::kNone:
      break;
  }
}

bool NhcbReader::finish_group() {
  collecting_ = false;
  std::optional<Histogram> converted = converter_.convert();
  if (converted) {
    histogram_ = std::move(*converted);
  }
  return converted.has_value();
}

void NhcbReader::labels(LabelBuilder& out) {
  if (!emitting_) {
    inner_->labels(out);
    return;
  }
  for (const Label& label : group_.view()) {
    out.add(label.name, label.value);
  }
}

bool NhcbReader::next_exemplar(Exemplar& out) {
  if (!emitting_) {
    return inner_->next_exemplar(out);
  }
  if (exemplars_taken_ == exemplars_.size()) {
    return false;
  }
  out = exemplars_[exemplars_taken_++];
  return true;
}

}  // namespace mcore
