#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.hpp"

namespace sevenstops::test {

/// What a response says in a field; empty where it says nothing.
inline std::string value_of(const std::vector<http::ResponseField>& fields, std::string_view name) {
  const auto found = std::ranges::find(fields, name, &http::ResponseField::name);
  return found == fields.end() ? std::string() : found->value;
}

}  // namespace sevenstops::test
