// SPDX-License-Identifier: Apache-2.0
#include "tsdb/store_exemplars.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "tsdb/log_records.h"
#include "tsdb/log_sequence.h"

namespace mcore {
namespace {

/// Reads the records of a WAL that exemplars need.
class ExemplarScan {
 public:
  explicit ExemplarScan(TimeRange range) : range_(range) {}

  void take(std::string_view record) {
    const LogRecordType type = log_record_type(record);
    if (type == LogRecordType::kSeries) {
      take_series(log_record_body(record));
    } else if (type == LogRecordType::kExemplars) {
      take_exemplars(log_record_body(record));
    }
  }
  [[nodiscard]] std::unordered_map<std::uint64_t, std::vector<Exemplar>>& found() noexcept { return found_; }

 private:
  void take_series(std::string_view body) {
    for (SeriesRecordReader reader(body); reader.next();) {
      if (reader.is_canonical()) {
        series_of_ref_[reader.ref()] = reader.labels().hash();
      } else {
        builder_.clear();
        reader.labels(builder_);
        series_of_ref_[reader.ref()] = builder_.build().hash();
      }
    }
  }

  void take_exemplars(std::string_view body) {
    for (ExemplarRecordReader reader(body); reader.next();) {
      const auto series = series_of_ref_.find(reader.ref());
      if (series == series_of_ref_.end() || !range_.contains(reader.t_ms())) {
        continue;
      }
      builder_.clear();
      reader.labels(builder_);
      found_[series->second].push_back(
          {.labels = LabelSet(builder_.build()), .value = reader.value(), .timestamp_ms = reader.t_ms()});
    }
  }

  TimeRange range_;
  LabelBuilder builder_;
  std::unordered_map<std::uint64_t, std::uint64_t> series_of_ref_;  // hash of the label set
  std::unordered_map<std::uint64_t, std::vector<Exemplar>> found_;
};

bool is_same(const Exemplar& a, const Exemplar& b) noexcept {
  return a.timestamp_ms == b.timestamp_ms &&
         std::bit_cast<std::uint64_t>(a.value) == std::bit_cast<std::uint64_t>(b.value) &&
         a.labels.view() == b.labels.view();
}

}  // namespace

StoreExemplars::StoreExemplars(const std::string& store, TimeRange range) {
  read(store + "/wal", range);
  for (auto& [series, exemplars] : by_series_) {
    std::ranges::stable_sort(exemplars, {}, [](const Exemplar& one) { return *one.timestamp_ms; });
    const auto rest = std::ranges::unique(exemplars, is_same);
    exemplars.erase(rest.begin(), rest.end());
  }
}

void StoreExemplars::read(const std::string& folder, TimeRange range) {
  constexpr int kMostTries = 100;
  LogSequence log(folder, LogKind::kWal);
  for (int tries = 0; log.open() != LogOpenStatus::kOpened; ++tries) {
    if (tries == kMostTries) {
      throw Error(ErrorKind::kBusy, "read log", folder, "its segments change faster than they can be opened");
    }
  }
  ExemplarScan scan(range);
  for (;;) {
    const LogReadStatus status = log.next();
    if (status == LogReadStatus::kRecord) {
      scan.take(log.record());
    } else if (status == LogReadStatus::kCorrupt) {
      log.skip_damage();
    } else {
      break;
    }
  }
  by_series_ = std::move(scan.found());
}

std::span<const Exemplar> StoreExemplars::find(LabelsView labels) const {
  const auto found = by_series_.find(labels.hash());
  return found == by_series_.end() ? std::span<const Exemplar>() : found->second;
}

}  // namespace mcore
