#include "http/trace.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>

#include "http/characters.hpp"

namespace sevenstops::http {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
// version "-" trace-id "-" parent-id "-" trace-flags (3.2.2).
constexpr std::size_t id_at = 3;
constexpr std::size_t id_size = 32;
constexpr std::size_t parent_at = id_at + id_size + 1;
constexpr std::size_t parent_size = 16;
constexpr std::size_t flags_at = parent_at + parent_size + 1;
constexpr std::size_t whole = flags_at + 2;
// What has to be passed on at least (3.3.1.5); a longer one is dropped whole.
constexpr std::size_t state_limit = 512;

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return digits.find(c) != std::string_view::npos; });
}

bool is_zero(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c == '0'; });
}

std::string random_hex(std::size_t size) {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string text;
  while (text.size() < size) {
    auto bits = random();
    for (int i = 0; i < 16 && text.size() < size; ++i, bits >>= 4) {
      text.push_back(digits[bits & 15]);
    }
  }
  // All zero is invalid; it comes up once in 2^64.
  text.back() = is_zero(text) ? '1' : text.back();
  return text;
}

}  // namespace

bool Trace::sampled() const { return (digits.find(flags[1]) & 1) != 0; }

std::optional<Trace> parse_traceparent(std::string_view text) {
  if (text.size() < whole || text[2] != '-' || text[parent_at - 1] != '-' ||
      text[flags_at - 1] != '-') {
    return std::nullopt;
  }
  const auto version = text.substr(0, 2);
  const auto id = text.substr(id_at, id_size);
  const auto parent = text.substr(parent_at, parent_size);
  const auto flags = text.substr(flags_at, 2);
  if (!is_lower_hex(version) || version == "ff" || !is_lower_hex(id) || is_zero(id) ||
      !is_lower_hex(parent) || is_zero(parent) || !is_lower_hex(flags)) {
    return std::nullopt;
  }
  if (text.size() > whole && (version == "00" || text[whole] != '-')) {
    return std::nullopt;
  }
  return Trace{.id = std::string(id), .flags = std::string(flags), .state = {}};
}

std::optional<Trace> trace_of(const Request& request) {
  const auto* parent = request.find("traceparent");
  auto trace = parent == nullptr ? std::nullopt : parse_traceparent(parent->value);
  if (!trace) {
    return trace;
  }
  // A tracestate may come in several fields, which are one list (3.3.1).
  for (const auto& field : request.fields) {
    if (iequals(field.name, "tracestate")) {
      trace->state.append(trace->state.empty() ? "" : ",").append(field.value);
    }
  }
  if (trace->state.size() > state_limit) {
    trace->state.clear();
  }
  return trace;
}

Trace new_trace() { return {.id = random_hex(id_size), .flags = "00", .state = {}}; }

std::string child_traceparent(const Trace& trace) {
  // Only the sampled bit is known in version 00; other bits are not passed on (3.2.2.5).
  return "00-" + trace.id + "-" + random_hex(parent_size) + (trace.sampled() ? "-01" : "-00");
}

}  // namespace sevenstops::http
