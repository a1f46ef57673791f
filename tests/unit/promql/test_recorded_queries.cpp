// SPDX-License-Identifier: Apache-2.0
// The queries of the recordings: what the real server read is read, what it refused is refused, and what is printed
// reads back.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "promql/expr_json.h"
#include "promql/expr_text.h"
#include "promql/parser.h"
#include "support/catch.h"
#include "support/conformance.h"

using namespace mcore;
using nlohmann::json;

namespace {

/// The tree without what printing may change: the order of conditions, and a plus before a duration.
json settled(json tree) {
  if (tree.is_object() && tree.value("op", "") == "+" && tree.value("type", "") == "durationExpr" &&
      tree["lhs"].is_null()) {
    return settled(tree["rhs"]);
  }
  if (tree.is_structured()) {
    for (json& part : tree) {
      part = settled(part);
    }
  }
  if (tree.is_object() && tree.contains("matchers")) {
    std::sort(tree["matchers"].begin(), tree["matchers"].end());  // its iterators are none for std::ranges
  }
  return tree;
}

void check_reads_back(std::string_view query) {
  INFO(query);
  const auto parsed = parse_promql(query);
  INFO((parsed.ok() ? "" : parsed.error().what()));
  REQUIRE(parsed.ok());
  const std::string text = expr_text(*parsed.value());
  INFO(text);
  const auto again = parse_promql(text);
  REQUIRE(again.ok());
  CHECK(expr_text(*again.value()) == text);
  CHECK(settled(json::parse(expr_json(*again.value()))) == settled(json::parse(expr_json(*parsed.value()))));
  const std::string pretty = pretty_expr_text(*parsed.value());
  CHECK(pretty_expr_text(*parse_promql(pretty).value_or_throw()) == pretty);
}

/// Whether everything in `wanted` is in `got`; an older server's objects lack some keys.
bool contains(const json& got, const json& wanted) {
  if (wanted.is_object() && got.is_object()) {
    return std::ranges::all_of(wanted.items(), [&](const auto& item) {
      return got.contains(item.key()) && contains(got[item.key()], item.value());
    });
  }
  if (wanted.is_array() && got.is_array()) {
    return std::ranges::equal(got, wanted, contains);
  }
  return got == wanted;
}

std::string query_of(const json& exchange) {
  for (const json& param : exchange["params"]) {
    if (param[0] == "query") {
      return param[1];
    }
  }
  return "";
}

/// The expression in a line `eval instant at 5m EXPR` or `eval range from A to B step S EXPR` of a script.
std::string_view evaluated(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with("eval")) {
    return "";
  }
  const bool is_instant = line.find(" instant at ") < line.find(" range from ");
  for (int words = is_instant ? 4 : 8; words > 0; --words) {
    line.remove_prefix(std::min(line.find_first_of(" \t"), line.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  }
  return line;
}

}  // namespace

TEST_CASE("every query of the scripts is read", "[promql][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no recordings");
    return;
  }
  std::size_t queries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "promql")) {
    const std::string script = read_test_file(entry.path());
    for (std::size_t at = 0; entry.path().extension() == ".test" && at < script.size();) {
      const std::size_t end = std::min(script.find('\n', at), script.size());
      if (const std::string_view query = evaluated(std::string_view(script).substr(at, end - at)); !query.empty()) {
        check_reads_back(query);
        ++queries;
      }
      at = end + 1;
    }
  }
  CHECK(queries > 1'300);
}

TEST_CASE("every query of the recorded directories is read or refused", "[promql][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no recordings");
    return;
  }
  std::size_t queries = 0;
  for (const auto& entry : std::filesystem::directory_iterator(*folder / "tsdb")) {
    const auto path = entry.path() / "queries.json";
    if (!std::filesystem::exists(path)) {
      continue;
    }
    for (const json& query : json::parse(read_test_file(path))) {
      ++queries;
      if (query["status"] == 400) {
        CHECK_FALSE(parse_promql(query["query"].get<std::string>()).ok());
      } else {
        check_reads_back(query["query"].get<std::string>());
      }
    }
  }
  CHECK(queries > 100);
}

TEST_CASE("trees, layouts and refusals are those of the API", "[promql][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no recordings");
    return;
  }
  std::size_t trees = 0;
  std::size_t refusals = 0;
  for (const json& exchange : json::parse(read_test_file(*folder / "api" / "data.json"))) {
    const std::string path = exchange["path"];
    const bool is_tree = path == "/api/v1/parse_query";
    if (!is_tree && path != "/api/v1/format_query") {
      continue;
    }
    const std::string query = query_of(exchange);
    INFO(query);
    const ParseOutcome outcome = parse_query(query);
    REQUIRE(outcome.ok() == (exchange["status"] == 200));
    if (!outcome.ok()) {
      const std::string wanted = exchange["json"]["error"];
      const std::string got = "invalid parameter \"query\": " + parse_error_text(query, outcome.errors.front());
      // Younger servers expect more behind `offset`.
      CHECK((got == wanted || (query == "x offset" && got == wanted.substr(0, wanted.rfind(" or duration")) +
                                                                 ", duration, step(), or range()")));
      ++refusals;
    } else if (is_tree) {
      CHECK(contains(json::parse(expr_json(*outcome.expr)), exchange["json"]["data"]));
      ++trees;
    } else {
      CHECK(pretty_expr_text(*outcome.expr) == exchange["json"]["data"].get<std::string>());
    }
  }
  CHECK(trees >= 25);
  CHECK(refusals >= 20);
}

TEST_CASE("queries that the API answered are read, those it could not parse are not", "[promql][conformance]") {
  const auto folder = conformance_folder();
  if (!folder) {
    WARN("skipped: no recordings");
    return;
  }
  std::size_t queries = 0;
  for (const char* const name : {"data.json", "live.json"}) {
    for (const json& exchange : json::parse(read_test_file(*folder / "api" / name))) {
      const std::string path = exchange["path"];
      const std::string query = query_of(exchange);
      if (query.empty() || (path != "/api/v1/query" && path != "/api/v1/query_range")) {
        continue;
      }
      const std::string error = exchange.contains("json") ? exchange["json"].value("error", "") : "";
      const bool is_parse_error =
          error.find("parse error") != std::string::npos && error.find("is experimental") == std::string::npos;
      INFO(query << "   " << error);
      CHECK(parse_promql(query).ok() == !is_parse_error);
      ++queries;
    }
  }
  CHECK(queries > 50);
}
