// SPDX-License-Identifier: Apache-2.0
#include "tsdb/head_writer.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "tsdb/slab_records.h"
#include "tsdb/xor_append.h"

namespace mcore {
namespace {

constexpr std::uint8_t kSmallestSlab = 6;  // 64 bytes
constexpr std::uint8_t kLargestXorSlab = 10;
constexpr std::uint8_t kUsualRecordSlab = 11;
constexpr std::uint16_t kMostSamplesInSlab = 480;  // bounds what a reader decodes for one sample
constexpr std::size_t kUsualSamplesInSlab = 120;
constexpr std::size_t kAlignment = 16;  // of what ids in `labels` point at
constexpr std::uint32_t kAliasBit = 0x8000'0000U;
static_assert(sizeof(HeadTombstone) == 24);  // as HeadFiles::follow() has it

/// A ref in a table: spread over 64 bits.
std::uint64_t hash_ref(std::uint64_t ref) noexcept {
  std::uint64_t x = ref * 0x9E37'79B9'7F4A'7C15U;
  x ^= x >> 32U;
  x *= 0xD6E8'FEB8'6659'FD93U;
  return x ^ (x >> 29U);
}

struct AliasEntry {
  std::uint64_t ref;
  std::uint64_t id;
};

SlabKind kind_of(const SeriesState& state) noexcept {
  return static_cast<SlabKind>((state.stamp.load(std::memory_order_relaxed) >> 14U) & 3U);
}

/// Copies everything but the stamp.
void copy_fields(SeriesState& to, const SeriesState& from) noexcept {
  to.last_t_ms = from.last_t_ms;
  to.last_value = from.last_value;
  to.last_delta = from.last_delta;
  to.slab = from.slab;
  to.used = from.used;
  to.late = from.late;
  to.late_used = from.late_used;
  to.metadata = from.metadata;
  to.count = from.count;
  to.slab_log2 = from.slab_log2;
  to.late_log2 = from.late_log2;
}

[[noreturn]] void fail_full(const HeadFiles& files, const char* why) {
  throw Error(ErrorKind::kLimit, "grow head", files.folder(), why);
}

std::uint8_t log2_for(std::size_t bytes) noexcept {
  return static_cast<std::uint8_t>(std::bit_width(std::max<std::size_t>(bytes, 1) - 1));
}

}  // namespace

HeadWriter::HeadWriter(HeadFiles& files, Mode mode) : files_(files), mode_(mode) {}

void HeadWriter::begin() {
  map_touched();
  undo_touched();
  look();
}

void HeadWriter::look() {
  next_ = files_.published();
  if (!files_.follow(next_)) {
    throw Error(ErrorKind::kCorrupt, "read head", files_.folder(), "its files are shorter than they must be");
  }
  published_ = next_.number;
  next_.number = published_ + 1;
  const auto deleted = head_tombstones(files_, next_);
  tombstones_.assign(deleted.begin(), deleted.end());
  if (mode_ == Mode::kBuilding && next_.labels_end == 0) {
    next_.labels_end = kAlignment;  // offset 0 is "none"
    next_.slabs_end = kSlabUnit;
    next_.index_end = kAlignment;
    next_.next_ref = 1;
    next_.checkpoint = -1;
    next_.wal = {};
    next_.wbl = {};
    next_.floor_t_ms = kNoTime;
    next_.in_blocks_t_ms = kNoTime;
    next_.min_t_ms = std::numeric_limits<std::int64_t>::max();
    next_.max_t_ms = kNoTime;
    next_.retired_t_ms = kNoTime;
    next_.shrink_wal = -1;
    next_.shrink_wbl = -1;
  }
}

void HeadWriter::set_tombstones(std::vector<HeadTombstone> tombstones) {
  tombstones_ = std::move(tombstones);
  std::ranges::sort(tombstones_, {}, [](const HeadTombstone& one) { return std::pair(one.series, one.min_t_ms); });
  const std::uint64_t list = (next_.index_end + kAlignment - 1) / kAlignment * kAlignment;
  const std::size_t size = tombstones_.size() * sizeof(HeadTombstone);
  files_.index.reserve(list + size);
  if (size != 0) {
    std::memcpy(files_.index.data() + list, tombstones_.data(), size);
  }
  next_.tombstone_list = list;
  next_.tombstone_count = static_cast<std::uint32_t>(tombstones_.size());
  next_.index_end = list + size;
}

void HeadWriter::drop(std::uint32_t id) {
  SeriesState& state = writable(id);
  state.slab = state.used = state.late = state.late_used = 0;
  state.count = 0;
  state.slab_log2 = state.late_log2 = 0;
  state.last_t_ms = kNoTime;
  state.stamp.store(make_stamp(next_.number, SlabKind::kDropped, kNoWindow, 0), std::memory_order_release);
}

void HeadWriter::publish() {
  if (mode_ == Mode::kBuilding) {
    label_table_.place(files_.tables, next_.tables_end, next_.label_tables);
    ref_table_.place(files_.tables, next_.tables_end, next_.ref_tables);
    metadata_table_.place(files_.tables, next_.tables_end, next_.metadata_tables);
    files_.control().tables_touched = next_.tables_end;
  }
  HeadControl& control = files_.control();
  // Whoever sees a byte of this sees the number before it too, and knows that the place is not its own any more.
  std::atomic_thread_fence(std::memory_order_release);
  std::memcpy(&control.commits[next_.number & 1U], &next_, sizeof next_);
  control.commit.store(next_.number, std::memory_order_release);
  control.touched_count.store(0, std::memory_order_release);
  published_ = next_.number;
}

/// Maps what a killed writer may have added to the files and changed there.
void HeadWriter::map_touched() {
  const std::uint32_t count = files_.control().touched_count.load(std::memory_order_acquire);
  if (mode_ == Mode::kBuilding || count == 0 || !files_.touched.follow(count * sizeof count)) {
    return;
  }
  const auto* const ids = reinterpret_cast<const std::uint32_t*>(files_.touched.data());
  (void)files_.series.follow((std::size_t{*std::max_element(ids, ids + count)} + 1) * sizeof(SeriesEntry));
}

void HeadWriter::abandon() noexcept {
  undo_touched();
}

// A writer that died has states stamped with a number that the next commit bears again: they must go before they come
// true. The list of the series that it touched is written before their states are.
void HeadWriter::undo_touched() noexcept {
  if (mode_ == Mode::kBuilding) {
    return;
  }
  HeadControl& control = files_.control();
  const std::uint64_t commit = control.commit.load(std::memory_order_acquire);
  const std::size_t count = std::min<std::size_t>(control.touched_count.load(std::memory_order_acquire),
                                                  files_.touched.size() / sizeof(std::uint32_t));
  const auto* const ids = reinterpret_cast<const std::uint32_t*>(files_.touched.data());
  for (std::size_t i = 0; i < count; ++i) {
    if (ids[i] >= files_.series.size() / sizeof(SeriesEntry)) {
      continue;
    }
    for (SeriesState& state : files_.entry(ids[i]).state) {
      if ((state.stamp.load(std::memory_order_relaxed) >> 16U) > commit) {
        state.stamp.store(0, std::memory_order_release);
      }
    }
  }
  control.touched_count.store(0, std::memory_order_release);
}

void HeadWriter::touch(std::uint32_t id) {
  if (mode_ == Mode::kBuilding) {
    return;
  }
  HeadControl& control = files_.control();
  const std::uint32_t count = control.touched_count.load(std::memory_order_relaxed);
  files_.touched.reserve((count + std::size_t{1}) * sizeof id);
  reinterpret_cast<std::uint32_t*>(files_.touched.data())[count] = id;
  control.touched_count.store(count + 1, std::memory_order_release);
}

const SeriesState& HeadWriter::current(std::uint32_t id) const noexcept {
  const SeriesEntry& entry = files_.entry(id);
  if (mode_ == Mode::kBuilding) {
    return entry.state[0];  // the other place is never used, and looking there is a line of memory more
  }
  return entry.state[1].stamp.load(std::memory_order_relaxed) > entry.state[0].stamp.load(std::memory_order_relaxed)
             ? entry.state[1]
             : entry.state[0];
}

SeriesStateView HeadWriter::state(std::uint32_t id) const noexcept {
  SeriesStateView view;
  (void)read_state(files_.entry(id), next_.number, view);
  return view;
}

SeriesState& HeadWriter::writable(std::uint32_t id) {
  SeriesEntry& entry = files_.entry(id);
  const SeriesState& now = current(id);
  const std::uint64_t stamp = now.stamp.load(std::memory_order_relaxed);
  if ((stamp >> 16U) == next_.number) {
    return entry.state[&now == entry.state.data() ? 0 : 1];
  }
  touch(id);
  SeriesState& other = entry.state[&now == entry.state.data() ? 1 : 0];
  other.stamp.store(0, std::memory_order_release);
  std::atomic_thread_fence(std::memory_order_release);
  copy_fields(other, now);
  other.stamp.store((stamp & 0xFFFFU) | (next_.number << 16U), std::memory_order_release);
  return other;
}

bool HeadWriter::is_dropped(std::uint32_t id) const noexcept {
  return kind_of(current(id)) == SlabKind::kDropped;
}

bool HeadWriter::is_retired(std::uint32_t id) const noexcept {
  const SeriesEntry& entry = files_.entry(id);
  const SeriesState& now = current(id);
  return is_dropped(id) ||
         is_retired_series(next_, entry.ref, now.last_t_ms, now.stamp.load(std::memory_order_relaxed) >> 16U);
}

std::optional<std::uint32_t> HeadWriter::find(LabelsView labels, std::uint64_t hash, std::uint32_t guess) const {
  const auto is_it = [&](std::uint32_t id) {
    return id < next_.series_count && files_.labels_of(id) == labels && !is_retired(id);
  };
  if (is_it(guess)) {
    return guess;
  }
  return mode_ == Mode::kBuilding ? label_table_.find(hash, is_it)
                                  : find_in_tables(files_.tables, next_.label_tables, hash, is_it);
}

std::optional<std::uint32_t> HeadWriter::find_ref(std::uint64_t ref, std::uint32_t guess) const {
  if (guess < next_.series_count && files_.entry(guess).ref == ref && !is_dropped(guess)) {
    return guess;
  }
  std::uint32_t id = 0;
  const auto is_it = [&](std::uint32_t value) {
    if ((value & kAliasBit) == 0) {
      id = value;
      return id < next_.series_count && files_.entry(id).ref == ref && !is_dropped(id);
    }
    const std::size_t offset = std::size_t{value & ~kAliasBit} * kAlignment;
    if (offset + sizeof(AliasEntry) > next_.labels_end) {
      return false;
    }
    AliasEntry alias;
    std::memcpy(&alias, files_.labels.data() + offset, sizeof alias);
    id = static_cast<std::uint32_t>(alias.id);
    return alias.ref == ref && alias.id < next_.series_count && !is_dropped(id);
  };
  const auto found = mode_ == Mode::kBuilding ? ref_table_.find(hash_ref(ref), is_it)
                                              : find_in_tables(files_.tables, next_.ref_tables, hash_ref(ref), is_it);
  return found.has_value() ? std::optional(id) : std::nullopt;
}

std::uint64_t HeadWriter::add_bytes(std::size_t size, std::size_t alignment) {
  const std::uint64_t start = (next_.labels_end + alignment - 1) / alignment * alignment;
  if (start + size > kMostLabelBytes) {
    fail_full(files_, "too many labels");
  }
  files_.labels.reserve(start + size);
  next_.labels_end = start + size;
  return start;
}

std::uint32_t HeadWriter::add_series(LabelsView labels, std::uint64_t hash, std::uint64_t ref) {
  const std::uint32_t id = next_.series_count;
  assert(labels.bytes().size() <= kLargestLabelSet);
  if (id == kMostSeries) {
    fail_full(files_, "too many series");
  }
  files_.series.reserve((id + std::size_t{1}) * sizeof(SeriesEntry));
  const std::string_view bytes = labels.bytes();
  const std::uint64_t offset = add_bytes(bytes.size(), 1);
  std::memcpy(files_.labels.data() + offset, bytes.data(), bytes.size());
  SeriesEntry& entry = files_.entry(id);
  entry.ref = ref;
  entry.labels = (offset << 24U) | bytes.size();
  entry.state[0].stamp.store(0, std::memory_order_relaxed);
  entry.state[1].stamp.store(0, std::memory_order_relaxed);
  touch(id);
  SeriesState& state = entry.state[0];
  state.last_t_ms = kNoTime;
  state.last_value = 0;
  state.last_delta = 0;
  state.slab = state.used = state.late = state.late_used = state.metadata = 0;
  state.count = 0;
  state.slab_log2 = state.late_log2 = 0;
  state.stamp.store(make_stamp(next_.number, SlabKind::kNone, kNoWindow, 0), std::memory_order_release);
  if (mode_ == Mode::kBuilding) {
    label_table_.insert(hash, id);
    ref_table_.insert(hash_ref(ref), id);
  } else {
    std::uint64_t& touched = files_.control().tables_touched;
    insert_in_tables(files_.tables, next_.tables_end, touched, next_.label_tables, hash, id);
    insert_in_tables(files_.tables, next_.tables_end, touched, next_.ref_tables, hash_ref(ref), id);
  }
  note_ref(ref);
  next_.series_count = id + 1;
  return id;
}

void HeadWriter::add_alias(std::uint64_t ref, std::uint32_t id) {
  const std::uint64_t offset = add_bytes(sizeof(AliasEntry), kAlignment);
  const AliasEntry alias{.ref = ref, .id = id};
  std::memcpy(files_.labels.data() + offset, &alias, sizeof alias);
  const std::uint32_t value = static_cast<std::uint32_t>(offset / kAlignment) | kAliasBit;
  if (mode_ == Mode::kBuilding) {
    ref_table_.insert(hash_ref(ref), value);
  } else {
    insert_in_tables(files_.tables, next_.tables_end, files_.control().tables_touched, next_.ref_tables, hash_ref(ref),
                     value);
  }
  note_ref(ref);
  ++next_.alias_count;
}

std::uint32_t HeadWriter::new_slab(std::int64_t first_t_ms, SlabKind kind, std::uint8_t size_log2) {
  const std::uint64_t offset = next_.slabs_end;
  const std::size_t size = std::size_t{1} << size_log2;
  if (offset + size > kMostSlabBytes) {
    fail_full(files_, "too many samples");
  }
  files_.slabs.reserve(offset + size);
  next_.slabs_end = offset + size;
  SlabHeader header{};
  header.first_t_ms = first_t_ms;
  header.kind = kind;
  header.size_log2 = size_log2;
  std::memcpy(files_.slabs.data() + offset, &header, sizeof header);
  return static_cast<std::uint32_t>(offset / kSlabUnit);
}

/// Opens a slab of a size that fits how much the series needed so far for the usual number of samples.
void HeadWriter::open_slab(SeriesState& state, std::int64_t t_ms, SlabKind kind, std::size_t least_payload) {
  const SlabKind before = kind_of(state);
  std::uint8_t size_log2 = kind == SlabKind::kXor ? kSmallestSlab : kUsualRecordSlab;
  if (kind == SlabKind::kXor && before == SlabKind::kXor && state.count > 1) {
    const std::size_t bits = std::size_t{state.used} * kUsualSamplesInSlab / state.count;
    const auto twice = static_cast<std::uint8_t>(state.slab_log2 + 1);  // most series stop early
    size_log2 = std::min(std::clamp(log2_for(sizeof(SlabHeader) + bits / 8), kSmallestSlab, kLargestXorSlab), twice);
  }
  size_log2 = std::max(size_log2, log2_for(sizeof(SlabHeader) + least_payload));
  const std::uint32_t unit = new_slab(t_ms, kind, size_log2);
  auto& header = const_cast<SlabHeader&>(files_.slab(unit));
  header.previous = state.slab;
  header.previous_used = state.used;
  header.previous_count = state.count;
  header.previous_kind = before;
  state.slab = unit;
  state.slab_log2 = size_log2;
  state.used = 0;
  state.count = 0;
  state.stamp.store(make_stamp(next_.number, kind, kNoWindow, 0), std::memory_order_relaxed);
}

/// Bytes of the payload of a slab as a state names it. The state lies where damage may have come to it, and what is
/// written by it must stay in the file.
std::size_t HeadWriter::payload_size(std::uint32_t unit, std::uint8_t size_log2) const {
  constexpr std::uint8_t kMostLog2 = 37;  // kMostSlabBytes
  if (unit == 0 || size_log2 < kSmallestSlab || size_log2 > kMostLog2 ||
      unit * kSlabUnit + (std::size_t{1} << size_log2) > files_.slabs.size()) {
    files_.fail_damaged("the slab of a series is where none can be");
  }
  return (std::size_t{1} << size_log2) - sizeof(SlabHeader);
}

void HeadWriter::note_time(std::int64_t t_ms) noexcept {
  next_.min_t_ms = std::min(next_.min_t_ms, t_ms);
  next_.max_t_ms = std::max(next_.max_t_ms, t_ms);
}

void HeadWriter::append(std::uint32_t id, std::int64_t t_ms, double value) {
  SeriesState& state = writable(id);
  assert(t_ms > state.last_t_ms);
  for (int attempt = 0;; ++attempt) {
    if (kind_of(state) != SlabKind::kXor || state.count >= kMostSamplesInSlab || attempt > 0) {
      open_slab(state, t_ms, SlabKind::kXor, 20);
    }
    const std::uint64_t stamp = state.stamp.load(std::memory_order_relaxed);
    const auto window = static_cast<std::uint8_t>((stamp >> 6U) & 63U);
    XorState encoder;
    encoder.t_ms = state.last_t_ms;
    encoder.delta_ms = state.last_delta;
    encoder.value_bits = state.last_value;
    encoder.count = state.count;
    encoder.window = {.leading = window == 63U ? XorWindow::kNone : window,
                      .trailing = static_cast<std::uint8_t>(stamp & 63U)};
    const std::size_t capacity = payload_size(state.slab, state.slab_log2) * 8;
    const std::size_t bits = xor_append(files_.payload(state.slab), state.used, capacity, encoder, t_ms, value);
    if (bits == kXorFull) {
      continue;
    }
    state.used = static_cast<std::uint32_t>(bits);
    state.last_t_ms = t_ms;
    state.last_delta = encoder.delta_ms;
    state.last_value = encoder.value_bits;
    ++state.count;
    const bool has_window = encoder.window.leading != XorWindow::kNone;
    state.stamp.store(make_stamp(next_.number, SlabKind::kXor, has_window ? encoder.window.leading : kNoWindow,
                                 encoder.window.trailing),
                      std::memory_order_release);
    break;
  }
  ++next_.samples;
  note_time(t_ms);
}

void HeadWriter::append(std::uint32_t id, std::int64_t t_ms, const Histogram& histogram) {
  SeriesState& state = writable(id);
  assert(t_ms > state.last_t_ms);
  record_.clear();
  const bool opens = kind_of(state) != SlabKind::kRecords;
  append_slab_record(record_, opens ? t_ms : files_.slab(state.slab).first_t_ms, t_ms, histogram);
  const std::size_t room = opens ? 0 : payload_size(state.slab, state.slab_log2);
  if (opens || std::size_t{state.used} + record_.size() > room || state.count >= kMostSamplesInSlab) {
    record_.clear();
    append_slab_record(record_, t_ms, t_ms, histogram);
    open_slab(state, t_ms, SlabKind::kRecords, record_.size());
  }
  std::memcpy(files_.payload(state.slab) + state.used, record_.data(), record_.size());
  state.used += static_cast<std::uint32_t>(record_.size());
  ++state.count;
  state.last_t_ms = t_ms;
  ++next_.samples;
  note_time(t_ms);
}

void HeadWriter::append_late(std::uint32_t id, std::int64_t t_ms, double value) {
  record_.clear();
  append_slab_record(record_, 0, t_ms, value);
  append_late_record(writable(id), t_ms);
}

void HeadWriter::append_late(std::uint32_t id, std::int64_t t_ms, const Histogram& histogram) {
  record_.clear();
  append_slab_record(record_, 0, t_ms, histogram);
  append_late_record(writable(id), t_ms);
}

/// Late slabs hold absolute times (their first_t is 0), so that a record fits whichever slab has room.
void HeadWriter::append_late_record(SeriesState& state, std::int64_t t_ms) {
  const std::size_t room = state.late == 0 ? 0 : payload_size(state.late, state.late_log2);
  if (state.late == 0 || std::size_t{state.late_used} + record_.size() > room) {
    const std::uint8_t before = state.late == 0 ? kSmallestSlab : state.late_log2;
    const std::uint8_t size_log2 =
        std::max(std::min<std::uint8_t>(before + 1, kUsualRecordSlab), log2_for(sizeof(SlabHeader) + record_.size()));
    const std::uint32_t unit = new_slab(0, SlabKind::kRecords, size_log2);
    auto& header = const_cast<SlabHeader&>(files_.slab(unit));
    header.previous = state.late;
    header.previous_used = state.late_used;
    header.previous_kind = state.late == 0 ? SlabKind::kNone : SlabKind::kRecords;
    state.late = unit;
    state.late_used = 0;
    state.late_log2 = size_log2;
  }
  std::memcpy(files_.payload(state.late) + state.late_used, record_.data(), record_.size());
  state.late_used += static_cast<std::uint32_t>(record_.size());
  ++next_.late_samples;
  note_time(t_ms);
}

std::uint32_t HeadWriter::metadata_id(MetricType type, std::string_view unit, std::string_view help) {
  record_.clear();
  append_u8(record_, static_cast<std::uint8_t>(type));
  append_ustr(record_, unit);
  append_ustr(record_, help);
  const std::uint64_t hash = hash_bytes(record_);
  const auto is_it = [&](std::uint32_t value) {
    const std::size_t offset = std::size_t{value} * kAlignment;
    return offset + record_.size() <= next_.labels_end &&
           std::string_view(files_.labels.data() + offset, record_.size()) == record_;
  };
  const auto known = mode_ == Mode::kBuilding ? metadata_table_.find(hash, is_it)
                                              : find_in_tables(files_.tables, next_.metadata_tables, hash, is_it);
  if (known.has_value()) {
    return *known;
  }
  const std::uint64_t offset = add_bytes(record_.size(), kAlignment);
  std::memcpy(files_.labels.data() + offset, record_.data(), record_.size());
  const auto id = static_cast<std::uint32_t>(offset / kAlignment);
  if (mode_ == Mode::kBuilding) {
    metadata_table_.insert(hash, id);
  } else {
    insert_in_tables(files_.tables, next_.tables_end, files_.control().tables_touched, next_.metadata_tables, hash, id);
  }
  ++next_.metadata_count;
  return id;
}

bool HeadWriter::set_metadata(std::uint32_t id, std::uint32_t metadata) {
  if (current(id).metadata == metadata) {
    return false;
  }
  writable(id).metadata = metadata;
  return true;
}

std::span<const HeadTombstone> head_tombstones(const HeadFiles& files, const HeadCommit& commit) noexcept {
  return {reinterpret_cast<const HeadTombstone*>(files.index.data() + commit.tombstone_list), commit.tombstone_count};
}

std::span<const HeadTombstone> tombstones_of(std::span<const HeadTombstone> all, std::uint32_t series) noexcept {
  const auto found = std::ranges::equal_range(all, series, {}, &HeadTombstone::series);
  return {found.begin(), found.end()};
}

HeadMetadata read_metadata(const HeadFiles& files, std::uint32_t id) {
  const std::size_t offset = std::size_t{id} * kAlignment;
  if (offset >= files.labels.size()) {
    files.fail_damaged("metadata of a series lie behind the end of the labels");
  }
  ByteReader reader({files.labels.data() + offset, files.labels.size() - offset});
  HeadMetadata metadata;
  metadata.type = static_cast<MetricType>(reader.u8());
  metadata.unit = reader.ustr();
  metadata.help = reader.ustr();
  if (!reader.ok() || metadata.type > MetricType::kStateset) {
    files.fail_damaged("metadata of a series do not decode");
  }
  return metadata;
}

}  // namespace mcore
