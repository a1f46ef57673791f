// SPDX-License-Identifier: Apache-2.0
#include "tsdb/known_refs.h"

#include <string>

#include "base/bytes.h"
#include "support/catch.h"
#include "support/conformance.h"
#include "support/hex.h"
#include "support/scratch_folder.h"
#include "support/test_logs.h"

namespace mcore {
namespace {

/// The chunk of tsdb-format 5.1, cut short: its bytes do not matter here.
std::string head_chunk(std::uint64_t ref) {
  std::string bytes;
  append_be64(bytes, ref);
  append_be64(bytes, 1'700'000'000'000);
  append_be64(bytes, 1'700'000'015'000);
  return bytes + unhex("81 04 00200102 deadbeef");
}

std::string snapshot_series(std::uint64_t ref) {
  std::string record = "\x01";
  append_be64(record, ref);
  return record + unhex("01 01 61 01 62 0000000000000000 00");
}

constexpr std::string_view kHeader = "0130bc91 01 000000";

TEST_CASE("the largest ref of a server's head chunks, snapshots and series state is found", "[tsdb][head]") {
  const ScratchFolder store;
  CHECK(largest_known_ref(store.path()) == 0);
  store.write("chunks_head/000001", unhex(kHeader) + head_chunk(6) + head_chunk(3) + std::string(100'000, '\0'));
  CHECK(largest_known_ref(store.path()) == 6);
  store.write("chunks_head/000002", unhex(kHeader) + head_chunk(7));
  store.write("chunks_head/000003", unhex(kHeader) + head_chunk(8).substr(0, 20));
  store.write("chunks_head/000004", "");
  store.write("chunks_head/000005.tmp", unhex(kHeader) + head_chunk(99));
  CHECK(largest_known_ref(store.path()) == 7);
  write_log_segment(store.path("chunk_snapshot.000003.0000032768"), 0, {snapshot_series(11), "\x02"});
  CHECK(largest_known_ref(store.path()) == 11);
  store.write("wal/series_state.json", R"({"last_series_id": 41, "last_wal_segment": 7, "clean_shutdown": true})");
  CHECK(largest_known_ref(store.path()) == 41);
}

TEST_CASE("what is damaged beside the logs counts as far as it can be read", "[tsdb][head]") {
  const ScratchFolder store;
  store.write("chunks_head/000001", unhex("0130bc92 01 000000") + head_chunk(99));
  store.write("chunks_head/000002", unhex(kHeader) + head_chunk(5) + unhex("00000000000000630000000000000001ff"));
  store.write("chunks_head/000003", unhex(kHeader) + head_chunk(std::uint64_t{1} << 40U) + head_chunk(4));
  store.write("wal/series_state.json", R"({"last_series_id": "many"})");
  CHECK(largest_known_ref(store.path()) == 5);
  store.write("wal/series_state.json", "{");
  CHECK(largest_known_ref(store.path()) == 5);
  store.write("wal/series_state.json", "[1]");
  CHECK(largest_known_ref(store.path()) == 5);
}

TEST_CASE("refs are found in what a real server left", "[tsdb][head][conformance]") {
  const auto conformance = conformance_folder();
  if (!conformance) {
    WARN("skipped: no conformance recordings beside this checkout");
    return;
  }
  // Its snapshot says of each series what its log does.
  CHECK(largest_known_ref((*conformance / "tsdb" / "wal-snapshot" / "data").string()) > 0);
}

}  // namespace
}  // namespace mcore
