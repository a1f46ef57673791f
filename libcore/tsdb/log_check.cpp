// SPDX-License-Identifier: Apache-2.0
#include "tsdb/log_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/directory.h"
#include "tsdb/log_directory.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"

namespace mcore {
namespace {

std::string does_not_decode(bool damaged, std::string_view what) {
  return damaged ? fmt::format("a record of {} does not decode", what) : std::string();
}

class LogCheck {
 public:
  LogCheck(const std::string& store, LogKind kind, LogRefs& refs, const FindingReport& report,
           const LogCheckOptions& options)
      : folder_(store + (kind == LogKind::kWal ? "/wal" : "/wbl")),
        log_(folder_, kind),
        records_(refs),
        report_(report),
        options_(options) {}

  LogCheckResult run() {
    open();
    for (;;) {
      const LogReadStatus status = log_.next();
      if (status == LogReadStatus::kRecord && is_cut_record()) {
        look_at_end(LogReadStatus::kTorn, log_.start().offset);
        break;
      }
      if (status == LogReadStatus::kRecord) {
        take_record();
      } else if (status == LogReadStatus::kCorrupt) {
        find(finding_of(StoreFinding::Part::kLog, log_.fault()));
        log_.skip_damage();
      } else if (status != LogReadStatus::kTorn || !grows()) {
        look_at_end(status, log_.end().offset);
        break;
      }
      if (options_.is_cancelled && result_.records % 64 == 0 && options_.is_cancelled()) {
        result_.cancelled = true;
        break;
      }
    }
    look_for_leftovers();
    result_.orphans = records_.orphans();
    if (result_.orphans > 0) {
      note(folder_,
           fmt::format("{} entries are of series that the log does not know; they count for nothing", result_.orphans));
    }
    return result_;
  }

 private:
  void open() {
    constexpr int kTries = 100;
    for (int tries = 0; log_.open() != LogOpenStatus::kOpened; ++tries) {
      if (tries == kTries) {
        throw Error(ErrorKind::kBusy, "read log", folder_, "its segments change faster than they can be opened");
      }
    }
  }

  void take_record() {
    ++result_.records;
    const LogPosition start = log_.start();
    if (std::string why = records_.fault(log_.record()); !why.empty()) {
      find({.part = StoreFinding::Part::kLog, .path = log_.path(), .offset = start.offset, .text = std::move(why)});
    }
    if (options_.on_progress) {
      if (start.segment != segment_ || log_.in_checkpoint() != in_checkpoint_) {
        before_ += at_;
        segment_ = start.segment;
        in_checkpoint_ = log_.in_checkpoint();
      }
      at_ = start.offset;
      options_.on_progress(before_ + at_);
    }
  }

  /// A record at the very end whose missing rest is zeros reads as a whole one, but was promised to nobody.
  [[nodiscard]] bool is_cut_record() const noexcept {
    return log_.is_padded() && !log_.in_checkpoint() && log_.start().segment == log_.last_segment();
  }

  /// A torn end may be a writer's that is just at it.
  bool grows() {
    constexpr int kLooks = 3;
    constexpr std::chrono::milliseconds kPause(5);
    if (looks_ == kLooks) {
      return false;
    }
    ++looks_;
    std::this_thread::sleep_for(kPause);
    return true;
  }

  void look_at_end(LogReadStatus status, std::uint64_t end) {
    if (log_.checkpoint() >= 0 && log_.last_segment() < 0) {
      find({.part = StoreFinding::Part::kLog,
            .path = checkpoint_path(folder_, log_.checkpoint()),
            .text =
                "no segment follows the checkpoint: a server begins again at 0, and its next start passes that over"});
    }
    if (log_.checkpoint() >= 0 && list_log(checkpoint_path(folder_, log_.checkpoint())).segments.empty()) {
      find({.part = StoreFinding::Part::kLog,
            .path = checkpoint_path(folder_, log_.checkpoint()),
            .text = "no segment is in the checkpoint"});
    }
    if (status == LogReadStatus::kTorn) {
      StoreFinding finding{.is_note = true, .part = StoreFinding::Part::kLog, .path = log_.path()};
      finding.offset = end;
      finding.text = "the log ends inside a record, which whoever writes next cuts off";
      report_(finding);
    }
  }

  void look_for_leftovers() {
    const LogListing listing = list_log(folder_);
    for (const DirectoryEntry& entry : list_directory(folder_, true)) {
      const std::string path = folder_ + "/" + entry.name;
      const bool is_old_checkpoint = entry.is_directory && entry.name.starts_with("checkpoint.") &&
                                     listing.checkpoint.has_value() && path != listing.checkpoint->path;
      if (entry.name.ends_with(".tmp") || entry.name.ends_with(".repair") || is_old_checkpoint) {
        note(path, "left over; servers remove or ignore it");
      }
    }
    for (const LogSegment& segment : listing.segments) {
      if (segment.number <= log_.checkpoint()) {
        note(segment.path, "left over: the checkpoint holds what counts of it");
      }
    }
  }

  void find(const StoreFinding& finding) {
    ++result_.findings;
    report_(finding);
  }
  void note(const std::string& path, std::string text) {
    report_({.is_note = true, .part = StoreFinding::Part::kLog, .path = path, .text = std::move(text)});
  }

  std::string folder_;
  LogSequence log_;
  RecordCheck records_;
  const FindingReport& report_;
  const LogCheckOptions& options_;
  LogCheckResult result_;
  int looks_ = 0;
  std::int64_t segment_ = -1;
  bool in_checkpoint_ = false;
  std::uint64_t before_ = 0;  // bytes of the files read so far
  std::uint64_t at_ = 0;
};

}  // namespace

bool LogRefs::add(std::uint64_t ref, LabelsView labels) {
  greatest_ = std::max(greatest_, ref);
  const auto [at, is_new] = hashes_.emplace(ref, labels.hash());
  return is_new || at->second == labels.hash();
}

bool LogRefs::stands_for(std::uint64_t ref, LabelsView labels) const {
  const auto found = hashes_.find(ref);
  return found != hashes_.end() && found->second == labels.hash();
}

std::string RecordCheck::series_fault(std::string_view body) {
  SeriesRecordReader reader(body);
  while (reader.next()) {
    if (reader.ref() == 0) {
      return "a series without a number";
    }
    if (!reader.is_canonical()) {
      return fmt::format("series {} has labels out of order, twice or empty", reader.ref());
    }
    if (!refs_.add(reader.ref(), reader.labels())) {
      return fmt::format("{} gets number {}, which stands for another series", labels_text(reader.labels()),
                         reader.ref());
    }
  }
  return does_not_decode(reader.damaged(), "series");
}

std::string RecordCheck::samples_fault(LogRecordType type, std::string_view body) {
  const bool whole = samples_.decode(type, body);
  for (const LogSample& sample : samples_.samples()) {
    count(sample.ref);
  }
  return does_not_decode(!whole, "samples");
}

std::string RecordCheck::histograms_fault(LogRecordType type, std::string_view body) {
  HistogramRecordReader reader(type, body);
  while (reader.next()) {
    count(reader.ref());
    if (!spans_agree(reader.histogram())) {
      return fmt::format("a histogram of series {} has other counts than its spans say", reader.ref());
    }
  }
  return does_not_decode(reader.damaged(), "histograms");
}

template <typename Reader>
std::string RecordCheck::rows_fault(std::string_view what, std::string_view body) {
  Reader reader(body);
  while (reader.next()) {
    count(reader.ref());
  }
  return does_not_decode(reader.damaged(), what);
}

std::string RecordCheck::fault(std::string_view record) {
  const std::string_view body = log_record_body(record);
  const LogRecordType type = log_record_type(record);
  switch (type) {
    case LogRecordType::kSeries:
      return series_fault(body);
    case LogRecordType::kSamples:
    case LogRecordType::kSamplesV2:
      return samples_fault(type, body);
    case LogRecordType::kHistograms:
    case LogRecordType::kFloatHistograms:
    case LogRecordType::kCustomHistograms:
    case LogRecordType::kCustomFloatHistograms:
    case LogRecordType::kHistogramsV2:
    case LogRecordType::kFloatHistogramsV2:
      return histograms_fault(type, body);
    case LogRecordType::kTombstones:
      return rows_fault<TombstoneRecordReader>("deletions", body);
    case LogRecordType::kExemplars:
      return rows_fault<ExemplarRecordReader>("exemplars", body);
    case LogRecordType::kMetadata:
      return rows_fault<MetadataRecordReader>("metadata", body);
    case LogRecordType::kMmapMarkers:
      return rows_fault<MmapMarkerRecordReader>("head chunk markers", body);
    case LogRecordType::kUnknown:
      break;
  }
  return {};
}

LogCheckResult check_log(const std::string& store, LogKind kind, LogRefs& refs, const FindingReport& report,
                         const LogCheckOptions& options) {
  return LogCheck(store, kind, refs, report, options).run();
}

}  // namespace mcore
