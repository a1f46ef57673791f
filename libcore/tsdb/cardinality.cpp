// SPDX-License-Identifier: Apache-2.0
#include "tsdb/cardinality.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/hash.h"

namespace mcore {
namespace {

class Counter {
 public:
  explicit Counter(const CardinalityOptions& options) : options_(options) {}

  void add(const SeriesOutline& series) {
    const std::int64_t slack = options_.slack.count();
    started_ = series.first_t_ms - slack > options_.window.min_t_ms;
    ended_ = series.last_t_ms + slack < options_.window.max_t_ms;
    count(result_);
    if (options_.by == CardinalityBy::kMetric) {
      count(row(series.labels.get(kNameLabel), {}));
      return;
    }
    for (const Label& label : series.labels) {
      if (label.name == kNameLabel) {
        continue;
      }
      if (options_.by == CardinalityBy::kPair) {
        count(row(label.name, label.value));
      } else {
        CardinalityRow& counted = row(label.name, {});
        count(counted);
        // Hashes instead of texts: 2^64 of them leave no room for a mistake that shows.
        counted.values += values_.insert(hash_bytes(label.value) ^ (hash_bytes(label.name) * 3)).second ? 1 : 0;
      }
    }
  }

  [[nodiscard]] Cardinality take() {
    result_.rows.reserve(rows_.size());
    for (auto& [key, one] : rows_) {
      result_.rows.push_back(std::move(one));
    }
    std::ranges::sort(result_.rows, [&](const CardinalityRow& a, const CardinalityRow& b) {
      const auto rank = [](const CardinalityRow& one) {
        return std::tuple(one.values, one.series);  // values are 0 but for labels
      };
      return rank(a) != rank(b) ? rank(a) > rank(b) : std::tie(a.name, a.value) < std::tie(b.name, b.value);
    });
    return std::move(result_);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash_bytes(text); }
  };

  template <typename Counts>
  void count(Counts& counts) const {
    ++counts.series;
    counts.started += started_ ? 1 : 0;
    counts.ended += ended_ ? 1 : 0;
  }

  CardinalityRow& row(std::string_view name, std::string_view value) {
    key_.assign(name);
    key_ += '\0';  // sorts nothing, only keeps "a"+"bc" from "ab"+"c"
    key_ += value;
    const auto [at, is_new] = rows_.try_emplace(key_);
    if (is_new) {
      at->second.name = name;
      at->second.value = value;
    }
    return at->second;
  }

  CardinalityOptions options_;
  Cardinality result_;
  std::unordered_map<std::string, CardinalityRow, Hash, std::equal_to<>> rows_;
  std::unordered_set<std::uint64_t> values_;
  std::string key_;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace

Cardinality count_cardinality(SeriesOutlines& series, const CardinalityOptions& options,
                              const std::function<bool(std::uint64_t)>& on_series) {
  Counter counter(options);
  for (std::uint64_t count = 0; series.next() && (!on_series || on_series(count)); ++count) {
    counter.add(series.at());
  }
  return counter.take();
}

}  // namespace mcore
