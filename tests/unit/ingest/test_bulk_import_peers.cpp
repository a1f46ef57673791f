// SPDX-License-Identifier: Apache-2.0
// One file into promtool's blocks and into ours: promtool must find the same in both.
#include <fcntl.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "base/fd.h"
#include "ingest/bulk_import.h"
#include "support/catch.h"
#include "support/child_process.h"
#include "support/conformance.h"
#include "support/temp_folder.h"

namespace mcore {
namespace {

/// The output of a shell command, its lines sorted.
std::vector<std::string> sorted_output(const std::string& command) {
  std::vector<std::string> lines;
  FILE* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    if (c == '\n') {
      lines.push_back(std::exchange(text, {}));
    } else {
      text += static_cast<char>(c);
    }
  }
  REQUIRE(::pclose(pipe) == 0);
  std::ranges::sort(lines);
  return lines;
}

/// Five hours of some families in OpenMetrics, series by series or by time.
std::string openmetrics(bool by_time) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> families{
      {"a gauge", {"a{x=\"1\"}", "a{x=\"2\",y=\"\\\"quoted\\\"\"}", "a"}},
      {"b counter", {"b_total{x=\"1\"}", "b_total{x=\"\xC3\xBC\"}"}},
      {"c histogram", {"c_bucket{le=\"1\"}", "c_bucket{le=\"+Inf\"}", "c_sum", "c_count"}},
      {"d summary", {"d{quantile=\"0.5\"}", "d_sum", "d_count"}}};
  constexpr int kSamples = 300;
  std::string text;
  const auto add = [&text](const std::string& series, int i) {
    const int seed = static_cast<int>(series.size()) * 31 + i * 7;
    text += series + " " +
            (series.starts_with("c_b") || series.ends_with("count") || series.starts_with("b_")
                 ? std::to_string(seed)
                 : std::to_string(seed) + "." + std::to_string(i % 97)) +
            " " + std::to_string(1'700'000'000 + i * 60) + "." + std::to_string(100 + i % 800) + "\n";
  };
  for (const auto& [type, all_series] : families) {
    text += "# TYPE " + type + "\n";
    if (by_time) {
      for (int i = 0; i < kSamples; ++i) {
        for (const std::string& series : all_series) {
          add(series, i);
        }
      }
    } else {
      for (const std::string& series : all_series) {
        for (int i = 0; i < kSamples; ++i) {
          add(series, i);
        }
      }
    }
  }
  return text + "# EOF\n";
}

TEST_CASE("promtool finds in imported blocks what it finds in its own", "[ingest][import][peers]") {
  const auto peers = peers_folder();
  if (!peers) {
    WARN("skipped: no promtool; see peers_folder()");
    return;
  }
  const std::string promtool = (*peers / "bin/promtool").string();
  const TempFolder folder;
  const std::string file = folder / "data.om";
  write_test_file(file, openmetrics(GENERATE(false, true)));
  REQUIRE(std::system((promtool + " tsdb create-blocks-from openmetrics " + file + " " + (folder / "theirs") +
                       " > /dev/null 2>&1 && mkdir " + (folder / "theirs/wal"))
                          .c_str()) == 0);
  const SystemClock clock;
  BulkImport import(folder / "ours", clock, {});
  const Fd in(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  import.read_stream(in.get(), file);
  const ImportOutcome outcome = import.commit();
  CHECK(outcome.faults == 0);
  CHECK(outcome.in_blocks == 12 * 300);
  const std::vector<std::string> want = sorted_output(promtool + " tsdb dump " + (folder / "theirs") + " 2> /dev/null");
  CHECK(want.size() == 12 * 300);
  CHECK(sorted_output(promtool + " tsdb dump " + (folder / "ours") + " 2> /dev/null") == want);
}

}  // namespace
}  // namespace mcore
