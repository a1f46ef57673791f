// SPDX-License-Identifier: Apache-2.0
// A good head in whose files some bytes were changed: reading it, and writing to it, may find anything or end in an
// Error, but comes to an end and stays inside the files.
//
// Shape: changes, each u8 file, u16 big-endian place in the part of it that is in use, u8 what to flip there.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/atomic_file.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/fd.h"
#include "tsdb/head_index.h"
#include "tsdb/head_querier.h"
#include "tsdb/head_writer.h"

namespace {

using namespace mcore;  // a harness of one file

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

Histogram histogram_of(int count) {
  Histogram histogram;
  histogram.schema = 1;
  histogram.positive_spans = {{.offset = 0, .length = 2}};
  histogram.positive_counts = {1.0 * count, 1};
  histogram.count = count + 1;
  histogram.sum = 3;
  return histogram;
}

std::uint32_t series_of(HeadWriter& head, std::string_view name, std::string_view job) {
  LabelBuilder builder;
  builder.add(kNameLabel, name);
  builder.add("job", job);
  const LabelsView labels = builder.build();
  const auto known = head.find(labels, labels.hash(), 0);
  return known.has_value() ? *known : head.add_series(labels, labels.hash(), head.next().next_ref);
}

/// Floats in a chain of slabs, late ones in another, histograms.
void add_samples(HeadWriter& head, std::uint32_t id, int count) {
  for (int i = 0; i < count; ++i) {
    const std::int64_t t_ms = std::max<std::int64_t>(head.last_t_ms(id), 0);
    require(t_ms >= 0);
    if (t_ms > 1'000'000'000'000) {
      return;  // a damaged time
    }
    if (id % 3 == 0) {
      head.append(id, t_ms + 1000, histogram_of(i + 1));
    } else {
      head.append(id, t_ms + 1000 + i % 7, i * 0.1);
    }
    if (i % 4 == 0) {
      head.append_late(id, 500 + i, i);
      head.append_late(id, 600 + i, histogram_of(i + 1));
    }
  }
}

void write_to(HeadWriter& head) {
  for (const std::string_view name : {"a", "b", "c", "d"}) {
    for (const std::string_view job : {"x", "y"}) {
      const std::uint32_t id = series_of(head, name, job);
      (void)head.set_metadata(id, head.metadata_id(MetricType::kGauge, "seconds", name));
      add_samples(head, id, 16);
      (void)head.find_ref(head.ref_of(id), UINT32_MAX);
    }
  }
  (void)head.find_ref(77, UINT32_MAX);
}

constexpr std::size_t kFiles = 7;

struct Image {
  const char* name;
  std::string bytes;
  std::size_t used;  // from its begin on
};

/// A head of two commits, as its files are.
class GoodHead {
 public:
  GoodHead() {
    require(::mkdtemp(folder_.data()) != nullptr);
    HeadFiles files = HeadFiles::create(folder(), 1, {});
    build(files);
    const HeadCommit commit = files.published();
    files.control().ready = 1;
    images_ = {{{"control", bytes_of(files.control()), sizeof(HeadControl)},
                {"series", bytes_of(files.series), commit.series_count * sizeof(SeriesEntry)},
                {"labels", bytes_of(files.labels), commit.labels_end},
                {"slabs", bytes_of(files.slabs), commit.slabs_end},
                {"tables", bytes_of(files.tables), commit.tables_end},
                {"index", bytes_of(files.index), commit.index_end},
                {"touched", bytes_of(files.touched), 64}}};
  }
  [[nodiscard]] std::string folder() const { return folder_ + "/1"; }
  /// Writes the files anew, changed.
  void put(ByteReader changes) const {
    std::array<Fd, kFiles> files;
    for (std::size_t i = 0; i < kFiles; ++i) {
      const std::string& bytes = images_[i].bytes;
      files[i] = Fd(::open((folder() + "/" + images_[i].name).c_str(), O_RDWR | O_CLOEXEC));
      require(files[i].is_open() && ::ftruncate(files[i].get(), static_cast<off_t>(bytes.size())) == 0);
      require(write_all(files[i].get(), bytes) == 0);
    }
    while (changes.left() >= 4) {
      const std::size_t i = changes.u8() % kFiles;
      const auto place = static_cast<off_t>(changes.be16() % images_[i].used);
      std::uint8_t byte = 0;
      require(::pread(files[i].get(), &byte, 1, place) == 1);
      byte ^= changes.u8();
      require(::pwrite(files[i].get(), &byte, 1, place) == 1);
    }
  }

 private:
  static void build(HeadFiles& files) {
    HeadWriter building(files, HeadWriter::Mode::kBuilding);
    building.begin();
    write_to(building);
    building.add_alias(77, 1);
    building.set_tombstones({{.series = 1, .min_t_ms = 3000, .max_t_ms = 9000}});
    extend_index(files, building.next(), true);
    building.publish();
    HeadWriter sharing(files, HeadWriter::Mode::kShared);
    sharing.begin();
    write_to(sharing);
    add_samples(sharing, series_of(sharing, "e", "z"), 10);
    sharing.drop(2);
    extend_index(files, sharing.next(), false);
    sharing.publish();
    sharing.begin();  // and a commit that does not come to its end
    add_samples(sharing, 3, 5);
  }
  static std::string bytes_of(const MappedArena& arena) { return {arena.data(), arena.size()}; }
  static std::string bytes_of(const HeadControl& control) {
    return {reinterpret_cast<const char*>(&control), kControlSize};
  }

  std::string folder_ = "/dev/shm/fuzz_head_files.XXXXXX";
  std::array<Image, kFiles> images_{};
};

void read_samples(HeadQuerier& querier, TimeRange range) {
  SeriesSamples samples;
  for (const auto set = querier.select({}, range); set->next();) {
    (void)labels_text(set->labels());
    set->samples(samples);
    require(samples.t_ms.size() == samples.value.size() && samples.histogram_t_ms.size() == samples.histogram.size());
    require(std::ranges::is_sorted(samples.t_ms) && std::ranges::is_sorted(samples.histogram_t_ms));
  }
}

void read_all(HeadFiles& files) {
  HeadQuerier querier(files, kNoTime);
  for (std::uint32_t id = 0; id < querier.commit().series_count; ++id) {
    SeriesStateView state;
    if (read_state(files.entry(id), querier.commit().number, state) && state.metadata != 0) {
      (void)read_metadata(files, state.metadata);
    }
  }
  for (const std::string& name : querier.label_names({}, {})) {
    (void)querier.label_values(name, {}, {});
  }
  for (const MatchType type : {MatchType::kEqual, MatchType::kNotEqual, MatchType::kRegexp}) {
    (void)select_ids(files, querier.commit(), {Matcher::make(type, "job", "x").value()});
  }
  read_samples(querier, {});
  read_samples(querier, {.min_t_ms = 20'000, .max_t_ms = 30'000});
}

/// What an Error ends is gone on from behind it, as the next process would.
template <typename Step>
void attempt(const Step& step) {
  try {
    step();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const GoodHead good;
  good.put(ByteReader({reinterpret_cast<const char*>(data), size}));
  attempt([] {
    std::optional<HeadFiles> files = HeadFiles::open(good.folder(), true);
    if (!files.has_value()) {
      return;
    }
    attempt([&] { read_all(*files); });
    HeadWriter head(*files, HeadWriter::Mode::kShared);
    attempt([&] {
      head.begin();
      write_to(head);
      extend_index(*files, head.next(), true);
      head.publish();
    });
    head.abandon();
    attempt([&] { read_all(*files); });
  });
  return 0;
}
