#include "stops/middleware/rate_limiter.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace sevenstops::stops {
namespace {

// Few clients share one lock, so that the bound is exact.
constexpr std::int64_t parts_of_many = 16;
constexpr std::int64_t many = 1024;
// Of seconds, for rates next to nothing.
constexpr double longest = 1e9;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

std::int64_t whole_seconds(Clock::duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration).count();
}

RateLimiter::RateLimiter(double rate, std::int64_t burst, std::int64_t clients)
    : rate_(rate), burst_(static_cast<double>(burst)), hash_{random_seed()} {
  const auto parts = clients < many ? 1 : parts_of_many;
  most_ = static_cast<std::size_t>(std::max<std::int64_t>(1, clients / parts));
  for (std::int64_t i = 0; i < parts; ++i) {
    parts_.push_back(std::make_unique<Part>(hash_));
  }
  const auto window = std::clamp(std::ceil(burst_ / rate_), 1.0, longest);
  policy_ = "\"client\";q=" + std::to_string(burst) +
            ";w=" + std::to_string(static_cast<std::int64_t>(window));
}

// Seeded, so that nobody can choose addresses that fall on each other (splitmix64).
std::size_t RateLimiter::Hash::operator()(const Client& client) const {
  auto mixed = client.number + seed + (client.v4 ? 0x9e3779b97f4a7c15U : 0U);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
  return mixed ^ (mixed >> 31);
}

RateLimiter::Client RateLimiter::client_of(const boost::asio::ip::address& address) {
  using boost::asio::ip::v4_mapped;
  if (address.is_v4()) {
    return {.number = address.to_v4().to_uint(), .v4 = true};
  }
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) {
    return {.number = boost::asio::ip::make_address_v4(v4_mapped, v6).to_uint(), .v4 = true};
  }
  std::uint64_t network = 0;
  const auto bytes = v6.to_bytes();
  for (std::size_t i = 0; i < sizeof network; ++i) {
    network = (network << 8) | bytes[i];
  }
  return {.number = network, .v4 = false};
}

// Puts the client's bucket in front, a full one for who is new; whether somebody was forgotten.
bool RateLimiter::meet(Part& part, const Client& client, Clock::time_point now) const {
  auto& buckets = part.buckets;
  if (const auto known = part.found.find(client); known != part.found.end()) {
    buckets.splice(buckets.begin(), buckets, known->second);
    return false;
  }
  const bool full = part.found.size() >= most_;
  if (full) {
    part.found.erase(buckets.back().client);
    buckets.pop_back();
  }
  buckets.push_front({.client = client, .tokens = burst_, .filled = now});
  part.found.emplace(client, buckets.begin());
  return full;
}

Quota RateLimiter::take(const boost::asio::ip::address& client, Clock::time_point now) {
  const auto key = client_of(client);
  // The map beneath uses the low bits.
  auto& part = *parts_[(hash_(key) >> 60) % parts_.size()];
  const std::scoped_lock lock(part.mutex);
  Quota quota{.forgot = meet(part, key, now)};
  auto& bucket = part.buckets.front();
  // Another thread may have looked at the time later, and asked before.
  const auto passed = std::max(Clock::duration::zero(), now - bucket.filled);
  bucket.tokens = std::min(burst_, bucket.tokens + rate_ * base::in_seconds(passed));
  bucket.filled = std::max(bucket.filled, now);
  quota.granted = bucket.tokens >= 1;
  if (quota.granted) {
    bucket.tokens -= 1;
  }
  const auto whole = std::floor(bucket.tokens);
  quota.left = static_cast<std::int64_t>(whole);
  if (whole < burst_) {
    quota.wait = base::seconds(std::min(longest, (whole + 1 - bucket.tokens) / rate_));
  }
  return quota;
}

std::string RateLimiter::standing(const Quota& quota) {
  auto text = "\"client\";r=" + std::to_string(quota.left);
  if (quota.wait > Clock::duration::zero()) {
    text.append(";t=").append(std::to_string(whole_seconds(quota.wait)));
  }
  return text;
}

}  // namespace sevenstops::stops
