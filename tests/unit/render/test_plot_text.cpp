// SPDX-License-Identifier: Apache-2.0
#include "render/plot_text.h"

#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "render/cell_text.h"
#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

constexpr std::int64_t kTime = 1'763'521'920'000;  // 2025-11-19T03:12:00Z
constexpr std::int64_t kMinute = 60'000;

std::string plot_of(const std::vector<NamedAnswer>& answers, PlotStyle style, const ChartOptions& options = {}) {
  style.zone = TimeZone::kUtc;
  return plot_text(chart_of(answers, options), style);
}

const QueryValue kOne = matrix_of(
    {series_of({{"__name__", "x_bytes"}, {"job", "n"}}, kTime, kMinute, {0, 2048, 4096, 3072, 1024, 512, 0})});
const QueryValue kTwo = matrix_of({series_of({{"mode", "idle"}}, kTime, kMinute, {9, 8, 7, kNoSample, kNoSample, 6, 9}),
                                   series_of({{"mode", "user"}}, kTime, kMinute, {1, 2, 3, 4, 3, NAN, 1})});

TEST_CASE("one line is drawn with Braille dots", "[render][plot]") {
  CHECK(plot_of({{"x_bytes", &kOne}}, {.width = 60, .height = 15}) == R"~(                          x_bytes
bytes                          2025-11-19 03:12 to 03:18 UTC
4KiB ┤                ⢀⠔⠑⠢⢄⡀
     │              ⢀⠔⠁    ⠈⠑⠢⢄⡀
3KiB ┤            ⢀⠔⠁          ⠈⠑⠢⡀
     │          ⢀⠔⠁               ⠈⠢⡀
2KiB ┤        ⢀⠔⠁                   ⠈⠢⡀
     │      ⢀⠔⠁                       ⠈⠢⡀
1KiB ┤    ⡠⠔⠁                           ⠈⠢⢄⣀⡀
     │  ⡠⠊                                  ⠈⠉⠒⠒⠤⠤⣀⣀
   0 ┤⡠⠊                                            ⠉⠉⠒⠒⠢⠤⢄⣀
     └┬─────────────────┬────────────────┬─────────────────┬
    03:12             03:14            03:16           03:18
 ━━ x_bytes{job="n"}   min 0B   max 4KiB   last 0B
)~");
}

TEST_CASE("a terminal without UTF-8 gets ASCII", "[render][plot]") {
  CHECK(plot_of({{"x_bytes", &kOne}}, {.width = 60, .height = 15, .ascii = true}) ==
        R"~(                          x_bytes
bytes                          2025-11-19 03:12 to 03:18 UTC
4KiB +                 ****
     |               **    ****
3KiB +             **          ***
     |           **               **
2KiB +        ***                   **
     |      **                        **
1KiB +    **                            ******
     |  **                                    *********
   0 +**                                               *****
     ++-----------------+----------------+-----------------+
    03:12             03:14            03:16           03:18
 * x_bytes{job="n"}   min 0B   max 4KiB   last 0B
)~");
}

TEST_CASE("several lines without colour have a mark each, and gaps stay open", "[render][plot]") {
  CHECK(plot_of({{"sum by (mode) (x)", &kTwo}}, {.width = 60, .height = 15}) ==
        R"~(                     sum by (mode) (x)
                               2025-11-19 03:12 to 03:18 UTC
10 ┤
   │●●●●●                                                 ●●
 8 ┤     ●●●●●●●●●                                     ●●●
   │              ●●●●●                             ●●●
 6 ┤                                              ●●
   │
 4 ┤                       ○○○○○○○○○○
   │              ○○○○○○○○○          ○○○○○
 2 ┤     ○○○○○○○○○
   │○○○○○                                                  ○
 0 ┤
   └┬─────────────────┬──────────────────┬─────────────────┬
  03:12             03:14              03:16           03:18
 ● idle   min 6   max 9   last 9
 ○ user   min 1   max 4   last 1
 1 not drawn: NaN or infinite
)~");
}

TEST_CASE("several lines in colour are dots again", "[render][plot]") {
  const std::string plot = plot_of({{"sum by (mode) (x)", &kTwo}}, {.width = 60, .height = 15, .color = true});
  CHECK(plot.find("\x1B[36m━━\x1B[0m idle") != std::string::npos);
  CHECK(plot.find("\x1B[33m━━\x1B[0m user") != std::string::npos);
  CHECK(plot.find("●") == std::string::npos);
}

TEST_CASE("no answer and no finite value are said in the middle", "[render][plot]") {
  const QueryValue empty = matrix_of({});
  const QueryValue nan = matrix_of({series_of({}, kTime, kMinute, {NAN, INFINITY})});
  const std::string plot =
      plot_of({{"none", &empty}}, {.width = 40, .height = 14}, {.range_ms = {{kTime, kTime + 10 * kMinute}}});
  CHECK(plot == R"~(                  none
           2025-11-19 03:12 to 03:22 UTC
1.0 ┤
    │
0.8 ┤
    │
0.6 ┤
    │            no samples
0.4 ┤
    │
0.2 ┤
    │
  0 ┤
    └──────────┬────────────────┬───────
             03:15            03:20
)~");
  CHECK(plot_of({{"nan", &nan}}, {}).find(" 2 not drawn: NaN or infinite\n") != std::string::npos);
}

TEST_CASE("a single sample stands in the middle", "[render][plot]") {
  const QueryValue value = vector_of(kTime, {sample_of({{"job", "n"}}, kTime, 5)});
  CHECK(plot_of({{"up", &value}}, {.width = 40, .height = 14, .ascii = true}) == R"~(                   up
                    2025-11-19 03:12 UTC
10 +
   |
 8 +
   |
 6 +
   |                  *
 4 +
   |
 2 +
   |
 0 +
   +------------------+-----------------
                    03:12
 * {job="n"}   min 5   max 5   last 5
)~");
}

TEST_CASE("long texts are cut, and never move the cursor", "[render][plot]") {
  std::vector<QuerySeries> many;
  for (int i = 0; i < 20; ++i) {
    many.push_back(series_of({{"a", std::string(100, 'x') + std::to_string(i)}, {"b\x1B[2J", "größe\n"}}, kTime,
                             kMinute, {1.0 * i}));
  }
  many.push_back(series_of({{"a", "short"}}, kTime, kMinute, {1e300, -1e300}));
  const QueryValue value = matrix_of(many);
  for (const bool ascii : {false, true}) {
    std::vector<NamedAnswer> answers(1);
    answers[0].name.assign(300, 'q');
    answers[0].name += "\x1B[2J";
    answers[0].value = &value;
    std::string plot = plot_of(answers, {.width = 50, .ascii = ascii});
    CHECK(plot.find('\x1B') == std::string::npos);
    CHECK(plot.find(" and 9 more\n") != std::string::npos);
    while (!plot.empty()) {
      const std::string line = plot.substr(0, plot.find('\n'));
      CHECK(text_width(line) <= 50);
      plot.erase(0, line.size() + 1);
      if (ascii) {
        CHECK(std::string_view(line).find_first_of("\xC3\xE2") == std::string_view::npos);
      }
    }
  }
}

TEST_CASE("sizes beyond the limits are brought to them", "[render][plot]") {
  CHECK(plot_of({{"x", &kOne}}, {.width = -5, .height = -5}) == plot_of({{"x", &kOne}}, {.width = 30, .height = 1}));
}

}  // namespace
}  // namespace mcore
