// SPDX-License-Identifier: Apache-2.0
#include "promql/lexer.h"

#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"

using namespace mcore;

namespace {

struct Words {
  std::vector<TokenKind> kinds{};
  std::string texts{};  // joined with |
  std::string problem{};
};

Words words_of(std::string_view text) {
  PromqlLexer lexer(text);
  Words words;
  for (Token token = lexer.next(); token.kind != TokenKind::kEnd; token = lexer.next()) {
    if (token.kind == TokenKind::kError) {
      words.problem = lexer.problem().message;
      break;
    }
    words.kinds.push_back(token.kind);
    words.texts += (words.texts.empty() ? "" : "|") + std::string(token.text);
  }
  return words;
}

}  // namespace

TEST_CASE("a query falls into words", "[promql][lexer]") {
  struct Case {
    std::string_view text;
    std::string_view want;
  };
  constexpr Case kCases[] = {
      {"", ""},
      {" \t\r\n# nothing but a comment", ""},
      {"sum by(job)(rate(x:y[5m]))", "sum|by|(|job|)|(|rate|(|x:y|[|5m|]|)|)"},
      {"a<=b<c</d>=e>f>/g==h!=i", "a|<=|b|<|c|</|d|>=|e|>|f|>/|g|==|h|!=|i"},
      {"{a=\"}\",b!~'\\'',c=~`\\`}", "{|a|=|\"}\"|,|b|!~|'\\''|,|c|=~|`\\`|}"},
      {"x[ 1h30m : step() ] @ end()", "x|[|1h30m|:|step|(|)|]|@|end|(|)"},
      {"x[min_of(5m,range())]", "x|[|min_of|(|5m|,|range|(|)|)|]"},
      {"1_000 0x1F .5 5. 1e3 1E-3 007 Inf nAn 1y2w3d4h5m6s7ms",
       "1_000|0x1F|.5|5.|1e3|1E-3|007|Inf|nAn|1y2w3d4h5m6s7ms"},
      {"a # the rest\n+ b", "a|+|b"},
      {"{ # in braces too\n a=\"b\" }", "{|a|=|\"b\"|}"},
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.text << "'") {
      const Words words = words_of(c.text);
      CHECK(words.problem.empty());
      CHECK(words.texts == c.want);
    }
  }
}

TEST_CASE("what a word is depends on its place", "[promql][lexer]") {
  using enum TokenKind;
  CHECK(words_of("SUM Offset and").kinds == std::vector{kAggregator, kOffset, kOperator});
  CHECK(words_of("{sum=\"\"}").kinds == std::vector{kLeftBrace, kIdentifier, kAssign, kString, kRightBrace});
  CHECK(words_of("fill fill_left (1) fill_right").kinds ==
        std::vector{kIdentifier, kFillLeft, kLeftParen, kNumber, kRightParen, kIdentifier});
  CHECK(words_of("a:b inf infinity").kinds == std::vector{kMetricIdentifier, kNumber, kIdentifier});
}

TEST_CASE("what is no word of a query is refused", "[promql][lexer]") {
  struct Case {
    std::string_view text;
    std::string_view problem;
    std::uint32_t at;
    std::uint32_t caret;
  };
  constexpr Case kCases[] = {
      {"a ? b", "unexpected character: '?'", 2, 2},
      {"a.b", "unexpected character: '.'", 1, 1},
      {"a\xff", "unexpected character: '\xEF\xBF\xBD'", 1, 1},
      {"a !b", "unexpected character after '!': 'b'", 2, 2},
      {"a !", "unexpected character after '!': '\xEF\xBF\xBD'", 2, 2},
      {"a =~ b", "unexpected character after '=': '~'", 2, 2},
      {"(a", "unclosed left parenthesis", 2, 2},
      {"a)", "unexpected right parenthesis ')'", 2, 1},
      {"a[5m", "unclosed left bracket", 4, 4},
      {"a]", "unexpected right bracket ']'", 1, 1},
      {"a[5m[", "unexpected left bracket '['", 4, 4},
      {"a[", "unexpected end of input in duration expression", 2, 2},
      {"a[:5m]", "unexpected colon before duration in duration expression", 3, 2},
      {"a[5m:5m:1m]", "unexpected colon ':'", 7, 7},
      {"a[x]", "unexpected character in duration expression: 'x'", 2, 2},
      {"a[stepp()]", "unexpected character in duration expression: 's'", 2, 2},
      {"a[5m x]", "unexpected character: 'x', expected ':'", 5, 5},
      {"a{", "unexpected end of input inside braces", 2, 2},
      {"a{{", "unexpected left brace '{'", 2, 2},
      {"a{5", "unexpected character inside braces: '5'", 2, 2},
      {"a{b!c}", "unexpected character after '!' inside braces: 'c'", 3, 3},
      {"a}", "unexpected character: '}'", 1, 1},
      {"\"a", "unterminated quoted string", 0, 0},
      {"\"a\nb\"", "unterminated quoted string", 0, 0},
      {"`a", "unterminated raw string", 0, 0},
      {"\"\\q\"", "unknown escape sequence U+0071 'q'", 0, 0},
      {"\"\\'\"", "unknown escape sequence U+0027 '''", 0, 0},
      {"\"\\xZZ\"", "illegal character U+005A 'Z' in escape sequence", 0, 0},
      {"\"\\400\"", "escape sequence is an invalid Unicode code point", 0, 0},
      {"\"\\ud800\"", "escape sequence is an invalid Unicode code point", 0, 0},
      {"\"\\u00", "escape sequence not terminated", 0, 0},
      {"\"\xff\"", "invalid UTF-8 rune", 0, 0},
      {"1.2.3", "bad number or duration syntax: \"1.2.\"", 0, 0},
      {"5mx", "bad number or duration syntax: \"5mx\"", 0, 0},
      {"1__0", "bad number or duration syntax: \"1__\"", 0, 0},
      {"0x1e", "bad number or duration syntax: \"0x1e\"", 0, 0},  // an e may be an exponent, even here
  };
  for (const Case& c : kCases) {
    DYNAMIC_SECTION("'" << c.text << "'") {
      PromqlLexer lexer(c.text);
      Token token = lexer.next();
      while (token.kind != TokenKind::kEnd && token.kind != TokenKind::kError) {
        token = lexer.next();
      }
      REQUIRE(token.kind == TokenKind::kError);
      CHECK(lexer.problem().message == c.problem);
      CHECK(lexer.problem().at == c.at);
      CHECK(lexer.problem().caret == c.caret);
      CHECK(lexer.next().kind == TokenKind::kError);
    }
  }
}
