// SPDX-License-Identifier: Apache-2.0
#include "ingest/family_table.h"

namespace mcore {
namespace {

constexpr std::size_t kSlots = 1 << 14;
constexpr std::size_t kMostTextBytes = 256 << 20;

/// What a family's samples may have behind its name; the longest first, so that the family is the shortest name.
constexpr std::string_view kSuffixes[] = {"_created", "_bucket", "_gcount", "_total",
                                          "_count",   "_gsum",   "_info",   "_sum"};

}  // namespace

FamilyTable::Known& FamilyTable::announce(std::string_view name) {
  if (announced_ != 0 && families_[announced_ - 1].family.name == name) {
    return families_[announced_ - 1];
  }
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    text_bytes_ += 2 * name.size() + sizeof(Known);
    if (text_bytes_ > kMostTextBytes) {
      families_.clear();
      by_name_.clear();
      text_bytes_ = 2 * name.size() + sizeof(Known);
    }
    families_.emplace_back().family.name = name;
    found = by_name_.emplace(std::string(name), static_cast<std::uint32_t>(families_.size())).first;
    last_ = 0;
    ++generation_;
  }
  announced_ = found->second;
  return families_[announced_ - 1];
}

void FamilyTable::set_type(std::string_view name, MetricType type) {
  Known& known = announce(name);
  if (known.family.type != type || !known.family.has_type) {
    known.family.type = type;
    known.family.has_type = true;
    known.batch_number = 0;
    last_ = 0;
    ++generation_;
  }
}

void FamilyTable::set_help(std::string_view name, std::string_view help) {
  Known& known = announce(name);
  if (known.family.help != help || !known.family.has_help) {
    text_bytes_ += help.size();
    known.family.help = help;
    known.family.has_help = true;
    known.batch_number = 0;
  }
}

void FamilyTable::set_unit(std::string_view name, std::string_view unit) {
  Known& known = announce(name);
  if (known.family.unit != unit) {
    text_bytes_ += unit.size();
    known.family.unit = unit;
    known.batch_number = 0;
  }
}

bool FamilyTable::holds(std::uint32_t family, std::string_view metric) const noexcept {
  return family != 0 && is_part_of_family(metric, families_[family - 1].family.name, families_[family - 1].family.type);
}

std::uint32_t FamilyTable::find(std::string_view metric) {
  if (holds(announced_, metric)) {
    last_ = announced_;
    return announced_;
  }
  if (holds(last_, metric)) {
    return last_;
  }
  if (families_.empty()) {
    return 0;
  }
  if (slots_.empty()) {
    slots_.resize(kSlots);
  }
  const std::uint64_t hash = hash_bytes(metric);
  Slot& slot = slots_[hash % kSlots];
  if (slot.hash == hash && slot.generation == generation_ && (slot.family == 0 || holds(slot.family, metric))) {
    last_ = slot.family;
    return slot.family;
  }
  slot = {hash, generation_, find_slowly(metric)};
  last_ = slot.family;
  return slot.family;
}

std::uint32_t FamilyTable::find_slowly(std::string_view metric) const {
  if (const auto found = by_name_.find(metric); found != by_name_.end()) {
    return found->second;
  }
  for (const std::string_view suffix : kSuffixes) {
    if (!metric.ends_with(suffix)) {
      continue;
    }
    const auto found = by_name_.find(metric.substr(0, metric.size() - suffix.size()));
    if (found != by_name_.end() && holds(found->second, metric)) {
      return found->second;
    }
  }
  return 0;
}

std::uint32_t FamilyTable::put(Known& known, SampleBatch& batch) {
  MetricFamily& family = batch.family(known.family.name);
  family = known.family;
  known.batch_number = batch_number_;
  known.in_batch = static_cast<std::uint32_t>(batch.families().size());
  return known.in_batch;
}

}  // namespace mcore
