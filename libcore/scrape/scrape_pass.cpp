// SPDX-License-Identifier: Apache-2.0
#include "scrape/scrape_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <memory>
#include <utility>

#include "base/utf8.h"
#include "text/content_type.h"
#include "text/decompress.h"

namespace mcore {
namespace {

constexpr std::int64_t kMostAheadMs = 10 * 60 * 1000;  // beyond it a sample is out of bounds
constexpr std::size_t kSmallestTable = 1024;

std::uint64_t mix(std::uint64_t hash, std::int64_t t_ms) noexcept {
  return (hash ^ static_cast<std::uint64_t>(t_ms)) * 0x9E3779B97F4A7C15U;
}

/// Characters of an exemplar as its limit counts them: code points of names and values.
std::size_t characters(LabelsView labels) noexcept {
  std::size_t count = 0;
  for (const Label& label : labels) {
    for (const std::string_view text : {label.name, label.value}) {
      count += static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
    }
  }
  return count;
}

std::string body_too_large(std::size_t limit) {
  return fmt::format("the body is larger than the limit of {} bytes", limit);
}

}  // namespace

ScrapeOutcome ScrapePass::run(const ScrapeBody& body, const TargetLabels& target, std::int64_t now_ms) {
  batch_.clear();
  outcome_ = {};
  std::string_view text = body.bytes;
  const std::size_t limit =
      options_.body_size_limit != 0 ? options_.body_size_limit : std::numeric_limits<std::size_t>::max();
  if (body.content_encoding == "gzip") {
    inflated_.clear();
    const auto inflated = gunzip(body.bytes, inflated_, limit);
    if (!inflated.ok()) {
      fail(inflated.error().kind() == ErrorKind::kLimit ? body_too_large(limit) : inflated.error().why());
      return outcome_;
    }
    text = inflated_;
  }
  outcome_.body_bytes = text.size();
  if (text.size() >= limit) {
    fail(body_too_large(limit));
    return outcome_;
  }
  if (text.empty()) {
    return outcome_;  // whatever its type: an empty body is a good one
  }
  const Result<ExpositionFormat> format =
      body.format ? *body.format : format_of_content_type(body.content_type, options_.fallback_protocol);
  if (!format.ok()) {
    fail(format.error().why());
    return outcome_;
  }
  const ExpositionReaderOptions reading{.ignore_native_histograms = !options_.native_histograms,
                                        .keep_classic_histograms = options_.always_classic_histograms,
                                        .convert_classic_to_nhcb = options_.convert_classic_to_nhcb};
  const std::unique_ptr<ExpositionReader> reader = make_exposition_reader(format.value(), text, reading);
  seen_.assign(std::max(seen_.size(), kSmallestTable), 0);
  if (!read(*reader, target, now_ms)) {
    batch_.clear();
  }
  return outcome_;
}

bool ScrapePass::fail(std::string reason) {
  outcome_.error = std::move(reason);
  return false;
}

bool ScrapePass::read(ExpositionReader& reader, const TargetLabels& target, std::int64_t now_ms) {
  for (;;) {
    const ExpositionEntry entry = reader.next();
    switch (entry) {
      case ExpositionEntry::kEnd:
        if (options_.sample_limit != 0 && outcome_.series_added > options_.sample_limit) {
          const std::uint64_t found = std::exchange(outcome_.series_added, options_.sample_limit);
          return fail(fmt::format("{} samples are more than the limit of {}", found, options_.sample_limit));
        }
        return true;
      case ExpositionEntry::kError:
        return fail(reader.error().text());
      case ExpositionEntry::kType:
      case ExpositionEntry::kHelp:
      case ExpositionEntry::kUnit:
        note_metadata(reader, entry);
        break;
      case ExpositionEntry::kComment:
        break;
      case ExpositionEntry::kSample:
      case ExpositionEntry::kHistogram:
        if (!take_sample(reader, target, now_ms, entry == ExpositionEntry::kHistogram)) {
          return false;
        }
        break;
    }
  }
}

void ScrapePass::note_metadata(ExpositionReader& reader, ExpositionEntry entry) {
  MetricFamily& family = batch_.family(reader.family_name());
  if (entry == ExpositionEntry::kType) {
    family.type = reader.type();
    family.has_type = true;
  } else if (entry == ExpositionEntry::kHelp) {
    family.help = reader.help();
    family.has_help = true;
  } else {
    family.unit = reader.unit();
  }
}

std::uint32_t ScrapePass::family_of(std::string_view metric) const {
  const auto families = batch_.families();
  const bool known = !families.empty() && is_part_of_family(metric, families.back().name, families.back().type);
  return known ? static_cast<std::uint32_t>(families.size()) : 0;
}

bool ScrapePass::take_sample(ExpositionReader& reader, const TargetLabels& target, std::int64_t now_ms,
                             bool is_histogram) {
  ++outcome_.samples_scraped;
  builder_.clear();
  reader.labels(builder_);
  target.join(builder_, options_.honor_labels, renamed_);
  const LabelsView labels = builder_.build();
  if (!check_labels(labels) || !check_limits(labels)) {
    return false;
  }
  if (is_histogram && !take_histogram(reader.histogram())) {
    return false;
  }
  const std::optional<std::int64_t> given = options_.honor_timestamps ? reader.timestamp_ms() : std::nullopt;
  const std::int64_t t_ms = given.value_or(now_ms);
  if (t_ms < 0) {
    return fail(fmt::format("too old sample: timestamp {} ms lies before 1970", t_ms));
  }
  ++outcome_.samples_post_relabeling;
  if (t_ms > now_ms + kMostAheadMs) {
    ++outcome_.out_of_bounds;
    return true;
  }
  const std::uint64_t hash = labels.hash();
  if (is_duplicate(labels, hash, t_ms)) {
    ++outcome_.duplicates;
    return true;
  }
  ++outcome_.series_added;
  BatchSample& sample = batch_.add(labels);
  sample.labels_hash = hash;
  sample.value = reader.value();
  sample.t_ms = t_ms;
  sample.start_t_ms = reader.start_timestamp_ms();
  sample.family = family_of(labels.get(kNameLabel));
  if (is_histogram) {
    batch_.set_histogram(histogram_);
  }
  take_exemplars(reader, t_ms, is_histogram);
  return true;
}

bool ScrapePass::check_labels(LabelsView labels) {
  const std::string_view metric = labels.get(kNameLabel);
  if (metric.empty()) {
    return fail("a sample has no metric name");
  }
  if (builder_.has_duplicate_name()) {
    return fail(fmt::format("label name {} is not unique in a sample of {}", in_quotes(builder_.duplicate_name()),
                            in_quotes(metric)));
  }
  // Values are UTF-8 already, the readers see to that; quoted names are looked at only here.
  const bool good_name = options_.legacy_names ? is_legacy_metric_name(metric) : is_valid_utf8(metric);
  for (const Label& label : labels) {
    const bool good =
        options_.legacy_names ? is_legacy_label_name(label.name) : !label.name.empty() && is_valid_utf8(label.name);
    if (!good || !good_name) {
      return fail(fmt::format("invalid metric name or label names: {}", labels_text(labels)));
    }
  }
  return true;
}

bool ScrapePass::check_limits(LabelsView labels) {
  if (options_.label_limit != 0 && labels.size() > options_.label_limit) {
    return fail(fmt::format("{} has {} labels, more than the limit of {}", labels_text(labels), labels.size(),
                            options_.label_limit));
  }
  if (options_.label_name_length_limit == 0 && options_.label_value_length_limit == 0) {
    return true;
  }
  for (const Label& label : labels) {
    if (options_.label_name_length_limit != 0 && label.name.size() > options_.label_name_length_limit) {
      return fail(fmt::format("label name {} of {} is {} bytes long, more than the limit of {}", in_quotes(label.name),
                              in_quotes(labels.get(kNameLabel)), label.name.size(), options_.label_name_length_limit));
    }
    if (options_.label_value_length_limit != 0 && label.value.size() > options_.label_value_length_limit) {
      return fail(fmt::format("the value {} of label {} of {} is {} bytes long, more than the limit of {}",
                              in_quotes(label.value), in_quotes(label.name), in_quotes(labels.get(kNameLabel)),
                              label.value.size(), options_.label_value_length_limit));
    }
  }
  return true;
}

bool ScrapePass::take_histogram(const Histogram& read) {
  if (const auto fault = histogram_fault(read)) {
    return fail(*fault);
  }
  histogram_ = read;
  const std::size_t limit = options_.native_histogram_bucket_limit;
  while (limit != 0 && histogram_.bucket_count() > limit) {
    if (histogram_.schema <= kMinExponentialSchema) {  // or custom buckets: nothing to merge
      return fail(
          fmt::format("a native histogram has {} buckets, more than the limit of {}", read.bucket_count(), limit));
    }
    reduce_histogram_schema(histogram_, histogram_.schema - 1);
  }
  return true;
}

void ScrapePass::take_exemplars(ExpositionReader& reader, std::int64_t t_ms, bool is_histogram) {
  Exemplar exemplar;
  std::vector<Exemplar> found;
  while (reader.next_exemplar(exemplar)) {
    const bool usable = exemplar.timestamp_ms.has_value() || !is_histogram;
    if (usable && characters(exemplar.labels.view()) <= kExemplarMaxCharacters) {
      exemplar.timestamp_ms = exemplar.timestamp_ms.value_or(t_ms);
      found.push_back(exemplar);
    }
  }
  std::ranges::stable_sort(found, {}, &Exemplar::timestamp_ms);
  for (Exemplar& one : found) {
    batch_.add_exemplar(std::move(one));
  }
}

bool ScrapePass::is_duplicate(LabelsView labels, std::uint64_t hash, std::int64_t t_ms) {
  const std::vector<BatchSample>& samples = batch_.samples();
  if (samples.size() * 2 >= seen_.size()) {
    seen_.assign(seen_.size() * 4, 0);
    for (std::size_t i = 0; i < samples.size(); ++i) {
      std::size_t slot = mix(samples[i].labels_hash, samples[i].t_ms) & (seen_.size() - 1);
      while (seen_[slot] != 0) {
        slot = (slot + 1) & (seen_.size() - 1);
      }
      seen_[slot] = static_cast<std::uint32_t>(i + 1);
    }
  }
  std::size_t slot = mix(hash, t_ms) & (seen_.size() - 1);
  for (; seen_[slot] != 0; slot = (slot + 1) & (seen_.size() - 1)) {
    const BatchSample& other = samples[seen_[slot] - 1];
    if (other.labels_hash == hash && other.t_ms == t_ms && batch_.labels(other) == labels) {
      return true;
    }
  }
  seen_[slot] = static_cast<std::uint32_t>(samples.size() + 1);
  return false;
}

}  // namespace mcore
