// SPDX-License-Identifier: Apache-2.0
// Real directories, damaged in 34 ways: what is intact of them is there after the repair, and nothing else.
#include <bit>
#include <set>

#include "support/catch.h"
#include "support/corrupt_case.h"
#include "support/test_stores.h"
#include "tsdb/store_repair.h"
#include "tsdb/store_verify.h"

namespace mcore {
namespace {

namespace fs = std::filesystem;

/// One line a sample; what cannot be read is left out.
std::set<std::string> samples_of(const std::string& store) {
  std::set<std::string> lines;
  StoreReader reader(store, [](const Error&) {});
  SeriesSamples samples;
  for (const auto set = reader.select({}, {}); set->next();) {
    samples.clear();
    set->samples(samples);
    const std::string labels = labels_text(set->labels());
    for (std::size_t i = 0; i < samples.t_ms.size(); ++i) {
      lines.insert(fmt::format("{} {} {:x}", labels, samples.t_ms[i], std::bit_cast<std::uint64_t>(samples.value[i])));
    }
    for (std::size_t i = 0; i < samples.histogram_t_ms.size(); ++i) {
      lines.insert(fmt::format("{} {} {} {}", labels, samples.histogram_t_ms[i], samples.histogram[i].count,
                               std::bit_cast<std::uint64_t>(samples.histogram[i].sum)));
    }
  }
  return lines;
}

std::size_t missing(const std::set<std::string>& of, const std::set<std::string>& in) {
  std::size_t count = 0;
  for (const std::string& line : of) {
    count += in.contains(line) ? 0 : 1;
  }
  return count;
}

struct Case {
  std::string_view name;
  std::size_t lost = 0;   // of the samples of the undamaged directory
  std::size_t back = 0;   // deleted, or late, samples that are seen where they were not
  std::size_t saved = 0;  // more than a reader of the damaged directory sees
  bool loses = false;     // and says so
  bool acts = true;
};
constexpr Case kCases[] = {
    {"checkpoint-flipped-byte", 2763, 0, 0, true},
    {"checkpoint-missing", 2763, 0, 0, true},
    {.name = "checkpoint-tmp-left", .acts = false},
    {"chunk-bad-magic", 0, 0, 8269},
    {"chunk-flipped-byte", 18, 0, 0, true},
    {"chunk-flipped-byte-2", 10, 0, 0, true},
    {"chunk-missing", 8269, 0, 0, true},
    {"chunk-truncated", 6949, 0, 0, true},
    {.name = "foreign-dirs", .acts = false},
    {.name = "headchunks-flipped-byte"},
    {.name = "headchunks-missing", .acts = false},
    {"index-bad-version", 0, 0, 8269},
    {"index-missing", 8269, 0, 0, true},
    {.name = "index-postings-flipped"},
    {.name = "index-postings-flipped-2"},
    {"index-symbols-flipped", 0, 0, 8269},  // the table of postings has the strings once more
    {"index-toc-flipped", 0, 0, 8269},
    {"index-truncated", 0, 0, 8269},
    {"meta-empty", 0, 0, 8269},
    {"meta-missing", 0, 0, 8269},
    {"meta-torn", 0, 0, 8269},
    {.name = "meta-version"},
    {.name = "parent-left", .acts = false},
    {.name = "tmp-blocks-left", .acts = false},
    {"tombstones-flipped", 0, 11, 8280, true},
    {"tombstones-missing", 0, 11, 0, true},
    {"wal-flipped-byte", 200, 0, 0, true},
    {.name = "wal-garbage-file", .acts = false},
    {"wal-missing-segment", 2050, 0, 250, true},  // the rest is in the server's head chunks
    {"wal-torn-page", 233, 1, 0, true},           // a deletion is among what is lost
    {"wal-truncated-tail", 0, 6, 0},              // likewise
    {"wbl-flipped-byte", 4, 0, 0, true},
    {.name = "wbl-missing", .lost = 14, .acts = false},
    {.name = "wbl-truncated", .lost = 1},
};

TEST_CASE("what is intact of a damaged real directory is there after the repair", "[tsdb][repair][conformance]") {
  const auto conformance = conformance_folder();
  if (!conformance.has_value()) {
    WARN("SKIPPED: no recordings");
    return;
  }
  const TestStoreFolder folder;
  const std::set<std::string> whole = samples_of(*conformance / "tsdb/small/data");
  REQUIRE(whole.size() == 19320);
  CHECK(std::size(kCases) == 34);
  const FixedClock clock(kTestNow);
  for (const Case& one : kCases) {
    const std::string store = folder / std::string(one.name);
    (void)copy_corrupt_case(*conformance, std::string(one.name), store);
    const std::set<std::string> before = samples_of(store);
    const RepairResult result = repair_store(store, clock, {});
    const std::set<std::string> after = samples_of(store);
    std::string findings;
    const VerifyResult verified = verify_store(
        store, [&](const StoreFinding& finding) { findings += finding.is_note ? "" : finding_text(finding) + "\n"; });
    INFO(one.name);
    CHECK(missing(before, after) == 0);
    CHECK(missing(whole, after) == one.lost);
    CHECK(missing(after, whole) == one.back);
    CHECK(missing(after, before) == one.saved);
    CHECK((result.losses > 0) == one.loses);
    CHECK((result.actions > 0) == one.acts);
    CHECK(findings == "");
    CHECK(verified.findings == 0);
    CHECK(repair_store(store, clock, {}).actions == 0);
  }
}

}  // namespace
}  // namespace mcore
