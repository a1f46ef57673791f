// SPDX-License-Identifier: Apache-2.0
#include "promql/matcher_error.h"

#include <string_view>

namespace mcore {
namespace {

struct Phrase {
  std::string_view ours;
  std::string_view theirs;
};
// RE2 and Go's regexp come from one hand and refuse the same, in slightly other words.
constexpr Phrase kPhrases[] = {
    {"missing ]", "missing closing ]"},
    {"missing )", "missing closing )"},
    {"unexpected )", "unexpected )"},
    {"trailing \\", "trailing backslash at end of expression"},
    {"no argument for repetition operator", "missing argument to repetition operator"},
    {"invalid repetition size", "invalid repeat count"},
    {"bad repetition operator", "invalid nested repetition operator"},
    {"invalid perl operator", "invalid or unsupported Perl syntax"},
    {"invalid named capture group", "invalid named capture"},
};

}  // namespace

std::string matcher_error_text(const Error& error) {
  std::string_view why = error.why();
  std::string_view piece;
  if (const std::size_t at = why.find(": \""); at != std::string_view::npos && why.ends_with('"')) {
    piece = why.substr(at + 3, why.size() - at - 4);
    why = why.substr(0, at);
  }
  for (const Phrase& phrase : kPhrases) {
    if (why == phrase.ours) {
      why = phrase.theirs;
      break;
    }
  }
  return "error parsing regexp: " + std::string(why) + ": `" + std::string(piece) + "`";
}

}  // namespace mcore
