#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <thread>

#include "service/service.hpp"

namespace sevenstops::test {

/// A counter or gauge of `/stops`.
inline std::uint64_t count(const service::Service& service, std::string_view name) {
  return boost::json::parse(service.stops_json()).at(name).to_number<std::uint64_t>();
}

/// How often a stop has refused for this reason.
inline std::uint64_t refused(const service::Service& service, std::string_view stop,
                             std::string_view name) {
  const auto document = boost::json::parse(service.stops_json());
  const auto& all = document.at("stops").at(stop).at("refused").as_object();
  return all.contains(name) ? all.at(name).to_number<std::uint64_t>() : 0;
}

/// Whether it comes true within ten seconds.
template <class Done>
bool eventually(Done done) {
  const auto end = base::Clock::now() + std::chrono::seconds(10);
  while (!done()) {
    if (base::Clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace sevenstops::test
