// SPDX-License-Identifier: Apache-2.0
// Records of WAL and WBL, framed as logs have them, read back and replayed into a head; then all of it is read. A head
// that is brought forward half way must hold the same as one that is built from everything.
//
// Shape: a byte that says how many of the records the first part has; then records, each u8 flags (1: of the WBL, 2:
//        compressed), u16 big-endian length, bytes.
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/directory.h"
#include "tsdb/head_index.h"
#include "tsdb/head_querier.h"
#include "tsdb/head_writer.h"
#include "tsdb/log_applier.h"
#include "tsdb/log_histograms.h"
#include "tsdb/log_reader.h"
#include "tsdb/log_writer.h"

namespace {

using namespace mcore;  // a harness of one file

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

struct Record {
  bool is_late = false;
  LogCompression compression = LogCompression::kNone;
  std::string bytes;
};

std::vector<Record> split(ByteReader& reader) {
  std::vector<Record> records;
  while (reader.left() > 0) {
    Record record;
    const std::uint8_t flags = reader.u8();
    record.is_late = (flags & 1U) != 0;
    record.compression = (flags & 2U) != 0 ? LogCompression::kSnappy : LogCompression::kNone;
    record.bytes = reader.bytes(std::min<std::size_t>(reader.be16(), reader.left()));
    records.push_back(std::move(record));
  }
  return records;
}

/// Through a segment and back.
void frame(std::vector<Record>& records) {
  LogFramer framer;
  framer.begin(0);
  for (const Record& record : records) {
    framer.add(record.bytes, record.compression);
  }
  LogReader reader(framer.bytes());
  for (Record& record : records) {
    require(reader.next() == LogReadStatus::kRecord && reader.record() == record.bytes);
    record.bytes = reader.record();
  }
  require(reader.next() == LogReadStatus::kEnd && reader.end() == framer.end());
}

void apply(HeadWriter& head, std::span<const Record> records) {
  LogApplier applier(head);
  for (const Record& record : records) {
    (void)(record.is_late ? applier.apply_wbl(record.bytes) : applier.apply_wal(record.bytes));
  }
  applier.finish();
}

/// A head of the first records, brought forward by the others.
class Head {
 public:
  Head(const std::string& folder, std::span<const Record> built, std::span<const Record> forward)
      : files_(HeadFiles::create(folder, 1, {})) {
    commit(HeadWriter::Mode::kBuilding, built);
    {
      HeadWriter killed(files_, HeadWriter::Mode::kShared);
      killed.begin();
      apply(killed, forward);
    }
    commit(HeadWriter::Mode::kShared, forward);
  }

  [[nodiscard]] std::string text() {
    HeadQuerier querier(files_, kNoTime);
    const HeadCommit& commit = querier.commit();
    require(commit.next_ref >= 1 && commit.next_ref <= kRefLimit);
    std::string text = std::to_string(commit.next_ref);
    SeriesSamples samples;
    for (const auto set = querier.select({}, {}); set->next();) {
      set->samples(samples);
      text += labels_text(set->labels());
      add(text, samples);
    }
    for (const std::string& name : querier.label_names({}, {})) {
      text += name;
      for (const std::string& value : querier.label_values(name, {}, {})) {
        text += value;
        look_up(querier, name, value);
      }
    }
    for (std::uint32_t id = 0; id < commit.series_count; ++id) {
      SeriesStateView state;
      require(read_state(files_.entry(id), commit.number, state));
      if (state.metadata != 0) {
        text += read_metadata(files_, state.metadata).help;
      }
    }
    return text;
  }

 private:
  void commit(HeadWriter::Mode mode, std::span<const Record> records) {
    HeadWriter head(files_, mode);
    head.begin();
    apply(head, records);
    extend_index(files_, head.next(), mode == HeadWriter::Mode::kBuilding);
    head.publish();
  }

  static void add(std::string& text, const SeriesSamples& samples) {
    require(samples.t_ms.size() == samples.value.size() && samples.histogram_t_ms.size() == samples.histogram.size());
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      require(i == 0 || samples.t_ms[i] > samples.t_ms[i - 1]);
      text += std::to_string(samples.t_ms[i]) + "=" + std::to_string(std::bit_cast<std::uint64_t>(samples.value[i]));
    }
    for (std::size_t i = 0; i < samples.histogram.size(); ++i) {
      require(i == 0 || samples.histogram_t_ms[i] > samples.histogram_t_ms[i - 1]);
      text += std::to_string(samples.histogram_t_ms[i]) + "=";
      append_histogram_body(text, samples.histogram[i]);
    }
  }

  void look_up(const HeadQuerier& querier, const std::string& name, const std::string& value) {
    const auto matcher = Matcher::make(MatchType::kEqual, name, value);
    require(matcher.ok() && !value.empty());
    const auto ids = select_ids(files_, querier.commit(), {matcher.value()});
    require(!ids.empty());
    for (const std::uint32_t id : ids) {
      require(files_.labels_of(id).get(name) == value);
    }
  }

  HeadFiles files_;
};

std::string new_folder() {
  std::string folder = "/dev/shm/fuzz_head_logs.XXXXXX";
  require(::mkdtemp(folder.data()) != nullptr);
  return folder;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string folder = new_folder();
  ByteReader reader({reinterpret_cast<const char*>(data), size});
  const std::size_t first = reader.u8();
  std::vector<Record> records = split(reader);
  frame(records);
  const auto all = std::span<const Record>(records);
  const std::size_t built = std::min(first, records.size());
  const std::string whole = Head(folder + "/whole", all, {}).text();
  const std::string forward = Head(folder + "/forward", all.first(built), all.subspan(built)).text();
  require(remove_tree(folder + "/whole") && remove_tree(folder + "/forward"));
  require(whole == forward);
  return 0;
}
