// SPDX-License-Identifier: Apache-2.0
// One log record, its type byte first. What decodes is encoded, and must decode to the same again.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tsdb/log_histograms.h"
#include "tsdb/log_records.h"
#include "tsdb/log_samples.h"

namespace {

using namespace mcore;  // a harness of one file

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Walks `body`, encodes each entry with `write`, and walks that: it must be written the same again.
template <typename Make, typename Write>
void round_trip(std::string_view body, Make make, Write write) {
  const auto encode = [&](std::string_view from, bool& damaged) {
    std::string out;
    auto reader = make(from);
    while (reader.next()) {
      write(reader, out);
    }
    damaged = reader.damaged();
    return out;
  };
  bool damaged = false;
  const std::string once = encode(body, damaged);
  const std::string twice = encode(once, damaged);
  require(!damaged && once == twice);
}

void series(std::string_view body) {
  round_trip(
      body, [](std::string_view from) { return SeriesRecordReader(from); },
      [](SeriesRecordReader& reader, std::string& out) {
        LabelBuilder builder;
        reader.labels(builder);
        if (reader.is_canonical()) {
          require(builder.build() == reader.labels());
          append_series(out, reader.ref(), reader.labels());
        }
      });
}

void samples(LogRecordType type, std::string_view body) {
  SampleRecordDecoder decoder;
  (void)decoder.decode(type, body);
  require(type != LogRecordType::kSamplesV2 || decoder.start_t_ms().size() == decoder.samples().size());
  SampleRecordWriter writer;
  for (const LogSample& sample : decoder.samples()) {
    writer.add(sample.ref, sample.t_ms, sample.value);
  }
  SampleRecordDecoder again;
  require(again.decode(LogRecordType::kSamples, log_record_body(writer.record())));
  require(again.samples().size() == decoder.samples().size());
  require(decoder.samples().empty() ||
          std::memcmp(again.samples().data(), decoder.samples().data(), decoder.samples().size_bytes()) == 0);
}

void histograms(LogRecordType type, std::string_view body) {
  std::string bodies;
  HistogramRecordReader reader(type, body);
  for (HistogramRecordReader& r = reader; r.next();) {
    std::string once;
    std::string twice;
    append_histogram_body(once, r.histogram());
    Histogram again;
    ByteReader bytes(once);
    require(read_histogram_body(bytes, r.histogram().is_float, again) && bytes.left() == 0);
    append_histogram_body(twice, again);
    // Counts of 2^53 and more are rounded once, and again where they are added up.
    require(twice.size() == once.size() || !again.is_float);
    require(!again.is_float || twice == once);
    require(spans_agree(again) == spans_agree(r.histogram()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view record(reinterpret_cast<const char*>(data), size);
  const std::string_view body = log_record_body(record);
  const LogRecordType type = log_record_type(record);
  switch (type) {
    case LogRecordType::kSeries:
      series(body);
      break;
    case LogRecordType::kSamples:
    case LogRecordType::kSamplesV2:
      samples(type, body);
      break;
    case LogRecordType::kTombstones:
      round_trip(
          body, [](std::string_view from) { return TombstoneRecordReader(from); },
          [](TombstoneRecordReader& r, std::string& out) {
            append_tombstone(out, r.ref(), r.min_t_ms(), r.max_t_ms());
          });
      break;
    case LogRecordType::kExemplars:
      for (ExemplarRecordReader reader(body); reader.next();) {
        ExemplarRecordWriter writer;
        if (reader.is_canonical()) {
          writer.add(reader.ref(), reader.t_ms(), reader.value(), reader.labels());
          ExemplarRecordReader again(log_record_body(writer.record()));
          require(again.next() && again.ref() == reader.ref() && again.labels() == reader.labels());
        }
      }
      break;
    case LogRecordType::kMmapMarkers:
      for (MmapMarkerRecordReader reader(body); reader.next();) {
      }
      break;
    case LogRecordType::kMetadata:
      round_trip(
          body, [](std::string_view from) { return MetadataRecordReader(from); },
          [](MetadataRecordReader& r, std::string& out) {
            append_metadata(out, r.ref(), r.type(), r.unit(), r.help());
          });
      break;
    case LogRecordType::kUnknown:
      break;
    default:
      histograms(type, body);
  }
  return 0;
}
