// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "model/matcher.h"

namespace mcore {

/// Reads a selector of series.
///
/// Shape:  a PromQL vector selector without range, offset and `@`: `up`, `up{job="node", mode!~"a|b"}`,
/// `{__name__=~"a.*"}`,
///         `{"a.b", "x y"='z'}`; strings in any of the three quotes with PromQL's escapes, comments, a trailing comma.
///         Besides, a value may stand without quotes, `up{job=node}`, up to the next comma, blank or brace and with its
///         backslashes as they are; and a list of conditions without braces, `job=node,mode!=idle`. The metric name
///         becomes the first matcher, `__name__="up"`. `{}` is a selector too: selects_everything() tells.
/// Errors: kUsage, `parse selector: 'TEXT': column N: expected ..., found ...`, columns in characters from 1; with a
/// hint
///         where the shell seems to have taken quotes away, or an expression stands where a selector belongs.
[[nodiscard]] Result<Selector> parse_selector(std::string_view text);

/// Whether a series without any label would match: PromQL refuses such a selector, and what deletes asks for more.
[[nodiscard]] bool selects_everything(const Selector& selector) noexcept;

/// The selector as PromQL writes it: `up{job="node"}`, `{}`.
[[nodiscard]] std::string selector_text(const Selector& selector);

}  // namespace mcore
