// SPDX-License-Identifier: Apache-2.0
#include "render/chart_svg.h"

#include <string>
#include <vector>

#include "support/catch.h"
#include "support/query_values.h"

namespace mcore {
namespace {

constexpr std::int64_t kTime = 1'763'521'920'000;  // 2025-11-19T03:12:00Z

TEST_CASE("a small chart as SVG", "[render][svg]") {
  const QueryValue value = matrix_of({series_of({{"job", "a<b"}}, kTime, 60'000, {1024, 3072, 2048}),
                                      series_of({{"job", "c"}}, kTime, 60'000, {512, kNoSample, 1024})});
  const Chart chart = chart_of(std::vector<NamedAnswer>{{"x_bytes", &value}}, {.title = "R&D", .step_ms = 60'000});
  CHECK(
      svg_of(draw_chart(chart, {.width = 400, .height = 240, .zone = TimeZone::kUtc})) ==
      R"~(<svg xmlns="http://www.w3.org/2000/svg" width="400" height="240" viewBox="0 0 400 240" role="img" font-family="Helvetica, Arial, 'Liberation Sans', sans-serif" fill="none" stroke-linejoin="round" stroke-linecap="round">
<title>R&amp;D</title>
<rect width="400" height="240" fill="#ffffff"/>
<text x="16" y="29" font-size="16" fill="#1f2328" font-weight="600">R&amp;D</text>
<text x="16" y="48" font-size="12" fill="#5f6770">2025-11-19 03:12 to 03:14 UTC</text>
<text x="16" y="70" font-size="12" fill="#5f6770">bytes</text>
<rect x="51" y="156" width="329" height="1" fill="#e4e7eb"/>
<text x="43" y="160" font-size="12" fill="#5f6770" text-anchor="end">0</text>
<rect x="51" y="132" width="329" height="1" fill="#e4e7eb"/>
<text x="43" y="136" font-size="12" fill="#5f6770" text-anchor="end">1KiB</text>
<rect x="51" y="108" width="329" height="1" fill="#e4e7eb"/>
<text x="43" y="112" font-size="12" fill="#5f6770" text-anchor="end">2KiB</text>
<rect x="51" y="84" width="329" height="1" fill="#e4e7eb"/>
<text x="43" y="88" font-size="12" fill="#5f6770" text-anchor="end">3KiB</text>
<rect x="51" y="84" width="1" height="72" fill="#e4e7eb"/>
<rect x="51" y="156" width="1" height="4" fill="#8c949d"/>
<text x="51" y="174" font-size="12" fill="#5f6770" text-anchor="middle">03:12</text>
<rect x="216" y="84" width="1" height="72" fill="#e4e7eb"/>
<rect x="216" y="156" width="1" height="4" fill="#8c949d"/>
<text x="216" y="174" font-size="12" fill="#5f6770" text-anchor="middle">03:13</text>
<rect x="380" y="84" width="1" height="72" fill="#e4e7eb"/>
<rect x="380" y="156" width="1" height="4" fill="#8c949d"/>
<text x="380" y="174" font-size="12" fill="#5f6770" text-anchor="middle">03:14</text>
<rect x="51" y="156" width="329" height="1" fill="#8c949d"/>
<circle cx="51" cy="144" r="2.5" fill="#de6b14"/>
<circle cx="380" cy="132" r="2.5" fill="#de6b14"/>
<polyline points="51,132 215.5,84 380,108" stroke="#2a6fdb" stroke-width="1.8"/>
<rect x="16" y="196" width="14" height="3" fill="#2a6fdb"/>
<text x="38" y="201" font-size="12" fill="#1f2328">a&lt;b</text>
<text x="126.8" y="201" font-size="12" fill="#5f6770" text-anchor="end">min 1KiB</text>
<text x="194.5" y="201" font-size="12" fill="#5f6770" text-anchor="end">max 3KiB</text>
<text x="261.5" y="201" font-size="12" fill="#5f6770" text-anchor="end">last 2KiB</text>
<rect x="16" y="214" width="14" height="3" fill="#de6b14"/>
<text x="38" y="219" font-size="12" fill="#1f2328">c</text>
<text x="126.8" y="219" font-size="12" fill="#5f6770" text-anchor="end">min 512B</text>
<text x="194.5" y="219" font-size="12" fill="#5f6770" text-anchor="end">max 1KiB</text>
<text x="261.5" y="219" font-size="12" fill="#5f6770" text-anchor="end">last 1KiB</text>
</svg>
)~");
}

TEST_CASE("texts of a picture are XML whatever bytes they have", "[render][svg]") {
  Picture picture{.width = 10, .height = 10, .title = "<&>\"\x01\xFF"};
  picture.shapes.emplace_back(Words{.text = "größe\n\uFFFE", .anchor = TextAnchor::kEnd, .is_bold = true});
  CHECK(svg_of(picture) ==
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"10\" height=\"10\" viewBox=\"0 0 10 10\" role=\"img\""
        " font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" fill=\"none\" stroke-linejoin=\"round\""
        " stroke-linecap=\"round\">\n"
        "<title>&lt;&amp;&gt;&quot;\uFFFD\uFFFD</title>\n"
        "<rect width=\"10\" height=\"10\" fill=\"#000000\"/>\n"
        "<text x=\"0\" y=\"0\" font-size=\"12\" fill=\"#000000\" text-anchor=\"end\" font-weight=\"600\">"
        "größe\uFFFD\uFFFD</text>\n"
        "</svg>\n");
}

}  // namespace
}  // namespace mcore
