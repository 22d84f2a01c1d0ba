#include <boost/json.hpp>
#include <limits>
#include <stdexcept>

#include "load/plan/plan.hpp"
#include "load/sha256.hpp"

namespace sevenstops::load {
namespace {

namespace json = boost::json;

template <class Part>
concept Composite = requires(Part& part) {
  for_each_field(part, [](auto...) {});
};

json::value to_json(const std::string& text) { return json::string(text); }
json::value to_json(bool value) { return value; }
json::value to_json(std::int64_t value) { return value; }
json::value to_json(std::uint64_t value) { return value; }
// Whole numbers look the same whether they were written as 2 or as 2.0.
json::value to_json(double value) {
  constexpr double exact = 9007199254740992.0;
  if (value == static_cast<double>(static_cast<std::int64_t>(value)) && std::abs(value) < exact) {
    return static_cast<std::int64_t>(value);
  }
  return value;
}
template <class Value>
json::value to_json(const std::optional<Value>& value) {
  return value ? to_json(*value) : json::value();
}
template <class First, class Second>
json::value to_json(const std::pair<First, Second>& pair) {
  return json::array{to_json(pair.first), to_json(pair.second)};
}
template <Composite Part>
json::value to_json(const Part& part);
template <class Value>
json::value to_json(const std::vector<Value>& values) {
  json::array array;
  for (const auto& value : values) {
    array.push_back(to_json(value));
  }
  return array;
}
template <Composite Part>
json::value to_json(const Part& part) {
  json::object object;
  for_each_field(part, [&](const char* name, const auto& field) { object[name] = to_json(field); });
  return object;
}

[[noreturn]] void wrong(const std::string& where, const char* wanted) {
  throw std::invalid_argument("plan: " + where + " must be " + wanted);
}

void read(const json::value& value, std::string& field, const std::string& where) {
  if (!value.is_string()) {
    wrong(where, "a text");
  }
  field = value.as_string();
}
void read(const json::value& value, bool& field, const std::string& where) {
  if (!value.is_bool()) {
    wrong(where, "true or false");
  }
  field = value.as_bool();
}
template <class Number>
requires std::is_arithmetic_v<Number>
void read(const json::value& value, Number& field, const std::string& where) {
  boost::system::error_code error;
  field = value.to_number<Number>(error);
  if (!value.is_number() || error) {
    wrong(where, std::is_floating_point_v<Number> ? "a number" : "a whole number in its range");
  }
}
template <class Value>
void read(const json::value& value, std::optional<Value>& field, const std::string& where) {
  if (value.is_null()) {
    field.reset();
  } else {
    read(value, field.emplace(), where);
  }
}
template <Composite Part>
void read(const json::value& value, Part& part, const std::string& where);
template <class First, class Second>
void read(const json::value& value, std::pair<First, Second>& pair, const std::string& where) {
  if (!value.is_array() || value.as_array().size() != 2) {
    wrong(where, "a pair");
  }
  read(value.as_array()[0], pair.first, where + "[0]");
  read(value.as_array()[1], pair.second, where + "[1]");
}
template <class Value>
void read(const json::value& value, std::vector<Value>& field, const std::string& where) {
  if (!value.is_array()) {
    wrong(where, "a list");
  }
  field.clear();
  for (const auto& each : value.as_array()) {
    const auto place = where + "[" + std::to_string(field.size()) + "]";
    read(each, field.emplace_back(), place);
  }
}
template <Composite Part>
void read(const json::value& value, Part& part, const std::string& where) {
  if (!value.is_object()) {
    wrong(where.empty() ? "the whole" : where, "an object of named fields");
  }
  const auto inside = where.empty() ? where : where + ".";
  for (const auto& member : value.as_object()) {
    const std::string_view key = member.key();
    bool known = false;
    for_each_field(part, [&](const char* name, auto& field) {
      if (name == key) {
        known = true;
        read(member.value(), field, inside + name);
      }
    });
    if (!known) {
      throw std::invalid_argument("plan: " + inside + std::string(key) + " is not a field");
    }
  }
}

}  // namespace

std::string Plan::canonical() const { return json::serialize(to_json(*this)); }

std::string Plan::fingerprint() const {
  auto load = *this;
  load.threads = 1;
  load.allow.clear();
  Sha256 digest;
  digest.update(load.canonical());
  return "sha256:" + digest.hex();
}

Plan plan_from_json(std::string_view text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error) {
    throw std::invalid_argument("plan: not JSON: " + error.message());
  }
  Plan plan;
  read(value, plan, "");
  return plan;
}

}  // namespace sevenstops::load
