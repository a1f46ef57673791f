// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/utf8.h"
#include "promql/duration_resolve.h"
#include "promql/expr_json.h"
#include "promql/expr_text.h"
#include "promql/parser.h"

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

void check_refusal(std::string_view query, const mcore::ParseOutcome& outcome) {
  require(outcome.expr == nullptr);
  for (const mcore::ParseError& error : outcome.errors) {
    require(!error.message.empty());
    require(error.caret <= query.size());
    (void)mcore::parse_error_text(query, error);
    (void)mcore::parse_error_for_person(query, error);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view query(reinterpret_cast<const char*>(data), size);
  const mcore::ParseOutcome outcome = mcore::parse_query(query);
  if (!outcome.ok()) {
    check_refusal(query, outcome);
    return 0;
  }
  const std::string text = mcore::expr_text(*outcome.expr);
  require(mcore::is_valid_utf8(text));
  const mcore::ParseOutcome again = mcore::parse_query(text);
  require(again.ok());
  require(mcore::expr_text(*again.expr) == text);
  const std::string pretty = mcore::pretty_expr_text(*outcome.expr);
  const mcore::ParseOutcome laid_out = mcore::parse_query(pretty);
  require(laid_out.ok());
  require(mcore::expr_text(*laid_out.expr) == text);
  require(mcore::type_of(*again.expr) == mcore::type_of(*outcome.expr));
  const mcore::ExprPtr copy = mcore::clone(*outcome.expr);
  require(mcore::expr_json(*copy) == mcore::expr_json(*outcome.expr));
  (void)mcore::resolve_durations(*copy, 15'000, 3'600'000);
  return 0;
}
