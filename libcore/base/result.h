// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <utility>
#include <variant>

#include "base/error.h"

namespace mcore {

/// A value, or the Error that explains why there is none: for failures that the direct caller decides about.
///
/// Stands in for std::expected, which g++ 12 lacks in C++20.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  /// Requires: ok().
  [[nodiscard]] const T& value() const& {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  /// Requires: !ok().
  [[nodiscard]] const Error& error() const {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }
  /// The value, or for a failure a throw of its Error.
  [[nodiscard]] T value_or_throw() && {
    if (!ok()) {
      throw Error(error());
    }
    return std::move(*this).value();
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace mcore
