// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "model/sample_batch.h"

namespace mcore {

/// What a stream has said about its families so far, looked up by the names of metrics: a stream says it once, before
/// the first of a family's samples, and means all that follow.
///
/// Cost: a sample of the same family as the one before costs a comparison, any other one a hash of its metric's name.
///       What a hostile stream can make it hold is bounded: beyond that it forgets all and begins anew.
class FamilyTable {
 public:
  void set_type(std::string_view name, MetricType type);
  void set_help(std::string_view name, std::string_view help);
  void set_unit(std::string_view name, std::string_view unit);

  /// From now on families are attached to another batch.
  void start_batch() noexcept { ++batch_number_; }

  /// The family that a metric belongs to, as an index into the table + 1, 0 if none is known.
  [[nodiscard]] std::uint32_t find(std::string_view metric);
  /// Its type, kUnknown for 0.
  [[nodiscard]] MetricType type_of(std::uint32_t family) const noexcept {
    return family == 0 ? MetricType::kUnknown : families_[family - 1].family.type;
  }
  /// Its number in the batch, as BatchSample has it; puts the family there if need be.
  [[nodiscard]] std::uint32_t attach(std::uint32_t family, SampleBatch& batch) {
    if (family == 0) {
      return 0;
    }
    Known& known = families_[family - 1];
    return known.batch_number == batch_number_ ? known.in_batch : put(known, batch);
  }

 private:
  struct Known {
    MetricFamily family;
    std::uint64_t batch_number = 0;  // the batch that holds it as it is now
    std::uint32_t in_batch = 0;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t generation = 0;  // what is older than the table's last new name or type is looked up again
    std::uint32_t family = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return hash_bytes(text); }
  };

  Known& announce(std::string_view name);
  std::uint32_t put(Known& known, SampleBatch& batch);
  [[nodiscard]] bool holds(std::uint32_t family, std::string_view metric) const noexcept;
  [[nodiscard]] std::uint32_t find_slowly(std::string_view metric) const;

  std::vector<Known> families_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> by_name_;  // index + 1
  std::vector<Slot> slots_;                                                        // by the metric's hash
  std::uint32_t generation_ = 1;
  std::uint32_t announced_ = 0;  // the family of the last metadata
  std::uint32_t last_ = 0;       // of the last find()
  std::uint64_t batch_number_ = 1;
  std::size_t text_bytes_ = 0;
};

}  // namespace mcore
