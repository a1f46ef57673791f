// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "model/time_text.h"
#include "storage/series_diff.h"
#include "tsdb/block_list.h"
#include "tsdb/head_view.h"
#include "tsdb/log_position.h"
#include "tsdb/private_head.h"
#include "tsdb/store_blocks.h"

namespace mcore {
namespace {

constexpr std::uint64_t kFindingsShown = 20;
constexpr int kRebuilds = 3;
constexpr int kTriesToMeet = 60;
constexpr int kTriesWithoutLock = 50;

bool same_place(const HeadCommit& a, const HeadCommit& b) noexcept {
  return a.wal.segment == b.wal.segment && a.wal.offset == b.wal.offset && a.wbl.segment == b.wbl.segment &&
         a.wbl.offset == b.wbl.offset && a.checkpoint == b.checkpoint;
}

/// Whether a log that was read later ended earlier.
bool is_behind(const HeadLogMark& later, const HeadLogMark& earlier) noexcept {
  return LogPosition{later.segment, later.offset} < LogPosition{earlier.segment, earlier.offset};
}

class HeadCheck {
 public:
  HeadCheck(const std::string& store, const LogRefs& refs, const FindingReport& report, const HeadCheckOptions& options)
      : store_(store), refs_(refs), report_(report), options_(options), blocks_(store, [](const Error&) {}) {}

  HeadCheckResult run() {
    std::optional<HeadFiles> own = open_newest_head(store_ + "/head", false);
    if (!own.has_value() || is_outdated(*own)) {
      return result_;
    }
    result_.has_head = true;
    const PrivateHeadHome place(store_);
    for (int i = 0; i < kRebuilds; ++i) {
      HeadCatchUp found;
      floor_ = in_order_from(own->published());
      HeadFiles built = place.home().build_aside(
          floor_, [](const Error&) {}, found);
      if (meet(own, place.home(), built)) {
        compare();
        tell_rest();
        return result_;
      }
      if (!own.has_value()) {
        result_.has_head = false;
        return result_;
      }
    }
    throw Error(ErrorKind::kBusy, "compare head", store_, "head and logs change faster than they can be read");
  }

 private:
  [[nodiscard]] std::int64_t in_order_from(const HeadCommit& commit) {
    (void)blocks_.refresh();
    return std::min(commit.in_blocks_t_ms, blocks_.min_valid_t_ms());
  }

  /// Whether the logs do not go on from the head any more, as after a server's checkpoint: nobody will use it again. In
  /// a log that is damaged it may have what is lost there.
  [[nodiscard]] bool is_outdated(const HeadFiles& own) const {
    constexpr int kLooks = 3;  // a maintainer may be changing both
    for (int i = 0; i < kLooks; ++i) {
      if (options_.log_is_damaged || compare_with_logs(own.published(), look_at_logs(store_)) != HeadStanding::kGone) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  /// Brings the private head to where the own one is. False: start again, with another generation or from the log.
  bool meet(std::optional<HeadFiles>& own, const HeadHome& home, HeadFiles& built) {
    for (int i = 0; i < kTriesToMeet; ++i) {
      const auto lock = i < kTriesWithoutLock ? std::nullopt : lock_writer();
      if (own->control().retired.load() != 0) {
        own = open_newest_head(store_ + "/head", false);
        return false;
      }
      own_.emplace(*own);
      // A damaged log does not go on from its marks: then the private head is what there is.
      if (!bring_up(home, built) && !options_.log_is_damaged) {
        return false;
      }
      built_.emplace(built);
      is_ahead_ = !same_place(own_->commit, built_->commit);
      floor_ = std::max(floor_, in_order_from(own_->commit));
      if (!is_ahead_) {
        return true;
      }
      if (is_behind(built_->commit.wal, own_->commit.wal) || is_behind(built_->commit.wbl, own_->commit.wbl)) {
        is_ahead_ = false;  // the log has lost its end
        return true;
      }
      if (lock.has_value()) {
        break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(i % 7 + 1));
    }
    // The log holds a record that no commit knows: of a writer that was killed, or a server.
    return own_->commit.checkpoint == built_->commit.checkpoint;
  }
  static bool bring_up(const HeadHome& home, HeadFiles& built) {
    try {
      return home.bring_up(built);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kCorrupt) {
        throw;
      }
      return false;
    }
  }
  [[nodiscard]] std::optional<FileLock> lock_writer() const {
    if (::access((store_ + "/head/writer").c_str(), W_OK) != 0) {
      return std::nullopt;
    }
    return FileLock::lock_within(store_ + "/head/writer", NewFileOwner(), std::chrono::seconds(10));
  }

  void compare() {
    if (own_->commit.next_ref < built_->commit.next_ref && !is_ahead_) {
      find(fmt::format("the next series would get number {}, but the log uses those below {}", own_->commit.next_ref,
                       built_->commit.next_ref));
    }
    std::size_t own_at = 0;
    std::size_t built_at = 0;
    while (own_at < own_->series.size() || built_at < built_->series.size()) {
      if (options_.is_cancelled && result_.series % 1024 == 0 && options_.is_cancelled()) {
        result_.cancelled = true;
        return;
      }
      const bool has_own = own_at < own_->series.size();
      const bool has_built = built_at < built_->series.size();
      const auto order = !has_own     ? std::strong_ordering::greater
                         : !has_built ? std::strong_ordering::less
                                      : own_->labels(own_at) <=> built_->labels(built_at);
      const HeadView::Group own = order <= 0 ? own_->group(own_at) : HeadView::Group();
      const HeadView::Group built = order >= 0 ? built_->group(built_at) : HeadView::Group();
      compare_series(own, built);
      ++result_.series;
      if (options_.on_progress) {
        options_.on_progress(result_.series);
      }
    }
  }
  void compare_series(HeadView::Group own, HeadView::Group built) {
    const LabelsView labels =
        own.empty() ? built_->files->labels_of(built.front().id) : own_->files->labels_of(own.front().id);
    if (own.empty() && !is_ahead_) {
      find(fmt::format("{} is in the log alone", labels_text(labels)));
      return;
    }
    check_numbers(labels, own);
    own_->read(own, floor_, own_samples_);
    built_->read(built, floor_, built_samples_);
    result_.samples += compare_samples(own_samples_, built_samples_, differences_);
    for (const SampleDifference& one : differences_) {
      compare_sample(labels, one);
    }
    if (!own.empty() && !built.empty() && metadata_of(*own_, own.back()) != metadata_of(*built_, built.back()) &&
        !is_ahead_) {
      find(fmt::format("{} has other metadata than in the log", labels_text(labels)));
    }
  }

  /// A series must have a number that the log gives it, or what is appended to it is lost.
  void check_numbers(LabelsView labels, HeadView::Group own) {
    for (const HeadQuerier::Series& one : own) {
      const std::uint64_t ref = own_->files->entry(one.id).ref;
      const bool is_newer = ref > refs_.greatest();  // than the look at the log
      if (!own_->is_retired(one) && !is_newer && !refs_.stands_for(ref, labels) && !options_.log_is_damaged) {
        find(fmt::format("{} has number {}, which the log does not give it", labels_text(labels), ref));
      }
    }
  }

  void compare_sample(LabelsView labels, const SampleDifference& one) {
    if (!one.a.has_value()) {
      if (!is_ahead_) {
        find(fmt::format("{} has no sample at {}, the log has {}", labels_text(labels), time_text_utc(one.t_ms),
                         sample_text(*one.b)));
      }
      return;
    }
    if (one.b.has_value()) {
      find(fmt::format("{} has {} at {}, the log has {}", labels_text(labels), sample_text(*one.a),
                       time_text_utc(one.t_ms), sample_text(*one.b)));
      return;
    }
    if (one.t_ms < floor_ && blocks_.sample_at(labels, one.t_ms, in_block_)) {
      return;
    }
    if (options_.log_is_damaged) {
      ++only_head_;
      return;
    }
    find(fmt::format("{} has {} at {}, the log has no such sample", labels_text(labels), sample_text(*one.a),
                     time_text_utc(one.t_ms)));
  }

  static std::string metadata_of(const HeadView& view, const HeadQuerier::Series& series) {
    if (series.state.metadata == 0) {
      return {};
    }
    const HeadMetadata metadata = read_metadata(*view.files, series.state.metadata);
    return fmt::format("{}\n{}\n{}", static_cast<int>(metadata.type), metadata.unit, metadata.help);
  }

  void find(std::string text) {
    if (++result_.findings <= kFindingsShown) {
      report_({.part = StoreFinding::Part::kHead, .path = own_->files->folder(), .text = std::move(text)});
    }
  }
  void tell_rest() const {
    if (result_.findings > kFindingsShown) {
      report_({.part = StoreFinding::Part::kHead,
               .path = own_->files->folder(),
               .text = fmt::format("{} more differences between head and logs", result_.findings - kFindingsShown)});
    }
    if (only_head_ > 0) {
      report_(
          {.is_note = true,
           .part = StoreFinding::Part::kHead,
           .path = own_->files->folder(),
           .text = fmt::format("{} samples that the damaged log has lost are in the head; 'mstore repair' logs them "
                               "anew",
                               only_head_)});
    }
  }

  const std::string& store_;
  const LogRefs& refs_;
  const FindingReport& report_;
  const HeadCheckOptions& options_;
  StoreBlocks blocks_;
  std::int64_t floor_ = kNoTime;
  std::optional<HeadView> own_;
  std::optional<HeadView> built_;
  bool is_ahead_ = false;  // the log, of the head
  SeriesSamples own_samples_;
  SeriesSamples built_samples_;
  SeriesSamples in_block_;
  std::vector<SampleDifference> differences_;
  std::uint64_t only_head_ = 0;
  HeadCheckResult result_;
};

}  // namespace

HeadCheckResult check_head(const std::string& store, const LogRefs& refs, const FindingReport& report,
                           const HeadCheckOptions& options) {
  return HeadCheck(store, refs, report, options).run();
}

}  // namespace mcore
