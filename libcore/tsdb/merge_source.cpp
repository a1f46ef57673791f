// SPDX-License-Identifier: Apache-2.0
#include "tsdb/merge_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <compare>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "tsdb/index_writer.h"

namespace mcore {
namespace {

class InOrderSource final : public MergeSource {
 private:
  /// Of equal labels the earlier block comes first.
  [[nodiscard]] auto later() const {
    return [this](std::size_t a, std::size_t b) {
      const auto order = cursors_[a].labels() <=> cursors_[b].labels();
      return order != 0 ? order > 0 : a > b;
    };
  }

 public:
  InOrderSource(MergeBlocks blocks, const DamageReport& report) {
    for (const auto& block : blocks) {
      cursors_.push_back(block->series(report));
    }
    for (std::size_t i = 0; i < cursors_.size(); ++i) {
      advance(i);
    }
  }

  bool next() override {
    for (const MergePart& part : parts_) {
      advance(part.block);
    }
    parts_.clear();
    while (!waiting_.empty() && (parts_.empty() || cursors_[waiting_.front()].labels() == labels())) {
      std::ranges::pop_heap(waiting_, later());
      parts_.push_back({waiting_.back(), &cursors_[waiting_.back()]});
      waiting_.pop_back();
    }
    return !parts_.empty();
  }
  [[nodiscard]] LabelsView labels() const override { return parts_.front().cursor->labels(); }
  [[nodiscard]] std::span<const MergePart> parts() const override { return parts_; }

 private:
  void advance(std::size_t i) {
    if (cursors_[i].next()) {
      waiting_.push_back(i);
      std::ranges::push_heap(waiting_, later());
    }
  }

  std::vector<BlockCursor> cursors_;
  std::vector<std::size_t> waiting_;  // heap of the cursors that stand on a series to come, the least in front
  std::vector<MergePart> parts_;
};

/// A series under its new labels: where it is, then the label set.
///
///   be32 block | be32 series reference | label set
struct SortRecord {
  std::uint32_t block = 0;
  SeriesRef ref = 0;
  std::string_view labels{};

  static constexpr std::size_t kHeadSize = 8;
  [[nodiscard]] static SortRecord parse(std::string_view bytes) noexcept {
    return {load_be32(bytes.data()), load_be32(bytes.data() + 4), bytes.substr(kHeadSize)};
  }
  void append_to(std::string& out) const {
    append_be32(out, block);
    append_be32(out, ref);
    out += labels;
  }
  [[nodiscard]] std::strong_ordering operator<=>(const SortRecord& other) const noexcept {
    const auto order = LabelsView(labels) <=> LabelsView(other.labels);
    return order != 0 ? order : std::pair(block, ref) <=> std::pair(other.block, other.ref);
  }
  [[nodiscard]] bool operator==(const SortRecord&) const noexcept = default;
};

/// Sorts records that need not fit into memory: sorted runs of them are kept, and merged as they are read.
class RecordSort {
 private:
  [[nodiscard]] auto later() const {
    return [this](std::size_t a, std::size_t b) { return runs_[a].record > runs_[b].record; };
  }

 public:
  RecordSort(std::string folder, const NewFileOwner& owner, std::size_t run_bytes)
      : folder_(std::move(folder)), owner_(owner), run_bytes_(run_bytes) {}

  void add(const SortRecord& record) {
    const std::size_t begin = bytes_.size();
    record.append_to(bytes_);
    ends_.push_back({begin, bytes_.size() - begin});
    if (bytes_.size() + ends_.size() * sizeof ends_[0] >= run_bytes_) {
      end_run();
    }
  }
  void finish() {
    end_run();
    bytes_ = {};
    ends_ = {};
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      advance(i);
    }
  }
  /// The least record, until pop(); nothing at the end.
  [[nodiscard]] const SortRecord* front() const noexcept {
    return waiting_.empty() ? nullptr : &runs_[waiting_.front()].record;
  }
  void pop() {
    std::ranges::pop_heap(waiting_, later());
    const std::size_t run = waiting_.back();
    waiting_.pop_back();
    advance(run);
  }

 private:
  struct Place {
    std::size_t begin = 0;
    std::size_t size = 0;
  };
  struct Run {
    RecordSpool spool;
    SortRecord record{};
  };

  void end_run() {
    if (ends_.empty()) {
      return;
    }
    const auto record = [this](const Place& place) {
      return SortRecord::parse(std::string_view(bytes_).substr(place.begin, place.size));
    };
    std::ranges::sort(ends_, {}, record);
    RecordSpool spool(fmt::format("{}/sort-{}", folder_, runs_.size() + 1), owner_);
    for (const Place& place : ends_) {
      spool.add(std::string_view(bytes_).substr(place.begin, place.size));
    }
    runs_.push_back(Run{.spool = std::move(spool)});
    bytes_.clear();
    ends_.clear();
  }
  void advance(std::size_t i) {
    std::string_view bytes;
    if (runs_[i].spool.next(bytes)) {
      runs_[i].record = SortRecord::parse(bytes);
      waiting_.push_back(i);
      std::ranges::push_heap(waiting_, later());
    }
  }

  std::string folder_;
  NewFileOwner owner_;
  std::size_t run_bytes_;
  std::string bytes_{};
  std::vector<Place> ends_{};
  std::vector<Run> runs_{};
  std::vector<std::size_t> waiting_{};  // heap of the runs that have a record, the least in front
};

class RelabeledSource final : public MergeSource {
 public:
  RelabeledSource(MergeBlocks blocks, DamageReport report, const BlockMergeOptions& options, const std::string& folder)
      : blocks_(blocks), report_(std::move(report)), sort_(folder, options.writer.owner, options.sort_bytes) {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      read_block(i, options);
    }
    sort_.finish();
  }

  bool next() override {
    do {
      take_group();
    } while (parts_.empty() && !labels_.empty());
    return !parts_.empty();
  }
  [[nodiscard]] LabelsView labels() const override { return LabelsView(labels_); }
  [[nodiscard]] std::span<const MergePart> parts() const override { return parts_; }

 private:
  void read_block(std::size_t block, const BlockMergeOptions& options) {
    LabelBuilder builder;
    for (BlockCursor cursor = blocks_[block]->series(report_); cursor.next();) {
      if (options.cancel != nullptr && options.cancel->load()) {
        return;
      }
      builder.clear();
      if (!options.relabel(cursor.labels(), builder)) {
        continue;
      }
      const LabelsView labels = builder.build();
      if (builder.has_duplicate_name()) {
        throw Error(ErrorKind::kUsage, "relabel", labels_text(cursor.labels()),
                    fmt::format("label \"{}\" would be there twice", builder.duplicate_name()));
      }
      if (!labels.empty()) {
        sort_.add({static_cast<std::uint32_t>(block), cursor.ref(), labels.bytes()});
      }
    }
  }

  /// The next label set and who has it; with damage it may be nobody.
  void take_group() {
    parts_.clear();
    cursors_.clear();
    labels_.clear();
    for (const SortRecord* record = sort_.front(); record != nullptr && (labels_.empty() || record->labels == labels_);
         record = sort_.front()) {
      labels_ = record->labels;
      BlockCursor cursor(*blocks_[record->block], {record->ref}, TimeRange(), report_);
      if (cursor.next()) {
        cursors_.push_back(std::move(cursor));
        parts_.push_back({record->block, nullptr});
      }
      sort_.pop();
    }
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      parts_[i].cursor = &cursors_[i];
    }
  }

  MergeBlocks blocks_;
  DamageReport report_;
  RecordSort sort_;
  std::string labels_{};
  std::vector<BlockCursor> cursors_{};
  std::vector<MergePart> parts_{};
};

}  // namespace

std::unique_ptr<MergeSource> merge_in_order(MergeBlocks blocks, const DamageReport& report) {
  return std::make_unique<InOrderSource>(blocks, report);
}

std::unique_ptr<MergeSource> merge_relabeled(MergeBlocks blocks, const DamageReport& report,
                                             const BlockMergeOptions& options, const std::string& folder) {
  return std::make_unique<RelabeledSource>(blocks, report, options, folder);
}

}  // namespace mcore
