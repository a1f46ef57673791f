// SPDX-License-Identifier: Apache-2.0
// The block of the format's examples (tsdb-format 2.2, 2.3.7): three series of 5, 2 and 2 samples.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "model/labels.h"
#include "support/hex.h"
#include "tsdb/block_writer.h"

namespace mcore {

[[nodiscard]] inline LabelSet label_set(std::initializer_list<Label> labels) {
  LabelBuilder builder;
  for (const Label& label : labels) {
    builder.add(label.name, label.value);
  }
  return LabelSet(builder.build());
}

struct ExampleSeries {
  LabelSet labels;
  std::string chunk;
  std::int64_t max_t_ms;
  std::uint64_t samples;
};

[[nodiscard]] inline std::vector<ExampleSeries> example_series() {
  return {
      {label_set({{kNameLabel, "demo_requests_total"}, {"code", "200"}, {"method", "get"}}),
       unhex("0005 80a0abfef962 3ff0000000000000 9875 c26ffe5a85d900f7b43e"), 1'700'000'060'123, 5},
      {label_set({{kNameLabel, "demo_requests_total"}, {"code", "500"}, {"method", "get"}}),
       unhex("0002 80a0abfef962 0000000000000000 9875 c457fe"), 1'700'000'015'000, 2},
      {label_set({{kNameLabel, "temp"}}), unhex("0002 80a0abfef962 c00a000000000000 b0ea01 c005ff90000000000008"),
       1'700'000'030'000, 2},
  };
}

inline constexpr std::int64_t kExampleMinTime = 1'700'000'000'000;
inline constexpr std::string_view kExampleUlid = "01M81G9T0P5FDDK9NHG2YTMTE1";

[[nodiscard]] inline BlockMeta example_meta() {
  BlockMeta meta;
  meta.ulid = kExampleUlid;
  meta.sources = {meta.ulid};
  meta.min_t_ms = kExampleMinTime;
  meta.end_t_ms = 1'700'000'060'124;
  return meta;
}

/// Writes the block with our writer.
inline BlockMeta write_example_block(const std::string& folder) {
  BlockWriter writer(folder);
  for (const ExampleSeries& series : example_series()) {
    const ChunkToWrite chunk{1, kExampleMinTime, series.max_t_ms, series.chunk, series.samples};
    writer.add_series(series.labels.view(), {&chunk, 1});
  }
  return writer.finish(example_meta());
}

/// The example's index without the two sections that servers from 3.7 on do not write; symbols, series and lists are
/// the format's, byte for byte.
[[nodiscard]] inline std::string example_index() {
  return unhex(
      "baaad700 02"
      "0000003f 00000009 00 03323030 03353030 085f5f6e616d655f5f 04636f6465"
      "13 64656d6f5f72657175657374735f746f74616c 03676574 066d6574686f64 0474656d70 683df788 00000000"
      "12 03 0305 0401 0706 01 80a0abfef962 dbd503 08 5b506fcd 000000000000000000"
      "11 03 0305 0402 0706 01 80a0abfef962 9875 2a a7c9199d 00000000000000000000"
      "0e 01 0308 01 80a0abfef962 b0ea01 45 bced0621 00"
      "00000010 00000003 00000005 00000007 00000009 e93313b6"  // 0xa4
      "0000000c 00000002 00000005 00000007 ca6fdacb"           // 0xbc
      "00000008 00000001 00000009 cc8b06ea"                    // 0xd0
      "00000008 00000001 00000005 81c8c93a"                    // 0xe0
      "00000008 00000001 00000007 60f3b9cd"                    // 0xf0
      "0000000c 00000002 00000005 00000007 ca6fdacb"           // 0x100
      "00000060 00000006 02 00 00 a401 02 085f5f6e616d655f5f 1364656d6f5f72657175657374735f746f74616c bc01"
      "02 085f5f6e616d655f5f 0474656d70 d001 02 04636f6465 03323030 e001 02 04636f6465 03353030 f001"
      "02 066d6574686f64 03676574 8002 62901922"
      "0000000000000005 000000000000004c 00000000000000a3 0000000000000114 00000000000000a4 0000000000000114 32897f3d");
}

}  // namespace mcore
