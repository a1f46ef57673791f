// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mcore {

inline constexpr std::string_view kNameLabel = "__name__";

/// The first byte of a length that does not fit one byte.
inline constexpr unsigned char kLongLabelMark = 0xFF;

/// One label, borrowed from whoever made it.
struct Label {
  std::string_view name;
  std::string_view value;
};

/// A label set as it lies in memory: read, hashed and compared in place.
///
/// Shape:    for each label, in ascending byte order of the names, name and value, each as a length and its bytes;
///           a length below 255 is one byte, else 0xFF and three bytes little-endian. No empty value, no name twice.
/// Lifetime: borrows the bytes; views and labels taken from it borrow the same bytes.
/// Threads:  any number may read.
class LabelsView {
 public:
  LabelsView() noexcept = default;
  /// Requires: `bytes` was written by a LabelBuilder. Of other bytes it makes labels that mean nothing, but never reads
  /// behind them: what lies in a file that several processes have mapped may have been damaged since.
  explicit LabelsView(std::string_view bytes) noexcept : bytes_(bytes) {}

  /// Walks the labels in order; each is decoded once.
  class Iterator {
   public:
    Iterator(const char* at, const char* end) noexcept : at_(at), next_(at), end_(end) { decode(); }
    [[nodiscard]] const Label& operator*() const noexcept { return label_; }
    Iterator& operator++() noexcept {
      at_ = next_;
      decode();
      return *this;
    }
    [[nodiscard]] bool operator==(const Iterator& other) const noexcept { return at_ == other.at_; }

   private:
    void decode() noexcept {
      if (at_ != end_) {
        label_.value = {};
        if (take(label_.name, 1)) {
          (void)take(label_.value, 0);
        }
      }
    }
    /// Reads one length-prefixed string, behind which at least `rest` bytes must follow, and moves `next_` behind it.
    /// False if they do not. Requires: next_ != end_.
    bool take(std::string_view& text, std::size_t rest) noexcept {
      const std::size_t size = static_cast<unsigned char>(*next_);
      if (size == kLongLabelMark || 1 + size + rest > static_cast<std::size_t>(end_ - next_)) {
        return take_slowly(text, rest);
      }
      text = {next_ + 1, size};
      next_ += 1 + size;
      return true;
    }
    /// One that is long, or runs over the end: then it is cut there.
    bool take_slowly(std::string_view& text, std::size_t rest) noexcept;

    const char* at_;
    const char* next_;
    const char* end_;
    Label label_;
  };
  [[nodiscard]] Iterator begin() const noexcept { return {bytes_.data(), bytes_.data() + bytes_.size()}; }
  [[nodiscard]] Iterator end() const noexcept {
    const char* const end = bytes_.data() + bytes_.size();
    return {end, end};
  }

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  /// Number of labels, the metric name included. Cost: walks the set.
  [[nodiscard]] std::size_t size() const noexcept;
  /// The value of a label, empty if the set has none of that name.
  [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
  [[nodiscard]] std::string_view bytes() const noexcept { return bytes_; }
  /// XXH3 of the bytes: equal sets have equal hashes, in every process.
  [[nodiscard]] std::uint64_t hash() const noexcept;

  /// Equal sets are equal bytes.
  [[nodiscard]] bool operator==(const LabelsView&) const noexcept = default;
  /// Prometheus' order: label by label, name before value, a prefix first.
  [[nodiscard]] std::strong_ordering operator<=>(const LabelsView& other) const noexcept;

 private:
  std::string_view bytes_;
};

/// An owned label set, one allocation.
class LabelSet {
 public:
  LabelSet() = default;
  explicit LabelSet(LabelsView view) : bytes_(view.bytes()) {}
  [[nodiscard]] LabelsView view() const noexcept { return LabelsView(bytes_); }

 private:
  std::string bytes_;
};

/// Collects labels in any order and lays them out as a label set; made once and reused, so that a set costs no
/// allocation after the first few.
///
/// Lifetime: borrows what is added until build(); the view that build() returns lives until the next clear() or
/// build().
class LabelBuilder {
 public:
  void clear() noexcept { labels_.clear(); }
  void add(std::string_view name, std::string_view value) { labels_.push_back({name, value}); }
  /// What was added since clear(), in the order of adding; build() leaves it sorted by name.
  [[nodiscard]] std::vector<Label>& labels() noexcept { return labels_; }
  /// The set, sorted; an empty value removes every label of its name, as in Prometheus. Of a name added twice both are
  /// kept: has_duplicate_name() tells, and such a set must not be used.
  /// Requires: no name or value of 16 MiB or more.
  [[nodiscard]] LabelsView build();
  /// Whether the last build() met a name twice; not told by the name, since bytes from outside may have an empty one.
  [[nodiscard]] bool has_duplicate_name() const noexcept { return has_duplicate_name_; }
  /// That name, else empty.
  [[nodiscard]] std::string_view duplicate_name() const noexcept { return duplicate_name_; }

 private:
  std::vector<Label> labels_;
  std::string bytes_;
  std::string_view duplicate_name_;
  bool has_duplicate_name_ = false;
};

/// `{__name__="up", job="node"}` is written `up{job="node"}` as PromQL reads it back; names outside the legacy
/// character set are quoted: `{"a.b", "x y"="z"}`.
[[nodiscard]] std::string labels_text(LabelsView labels);

/// Appends `text` in double quotes, with quotes, backslashes and newlines escaped: as labels_text() writes values.
void append_quoted_value(std::string& out, std::string_view text);

/// Whether a name is written without quotes: [a-zA-Z_:][a-zA-Z0-9_:]* for a metric, no colon for a label.
[[nodiscard]] bool is_legacy_metric_name(std::string_view name) noexcept;
[[nodiscard]] bool is_legacy_label_name(std::string_view name) noexcept;

}  // namespace mcore
