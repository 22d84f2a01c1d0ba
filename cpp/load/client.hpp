#pragma once

#include <list>

#include "load/arrivals.hpp"
#include "load/recorder.hpp"
#include "stops/connection.hpp"

namespace sevenstops {

/// What the clients of one load thread share.
struct LoadThread {
  LoadThread(const Plan& p, std::int64_t index, const tcp::endpoint& e, std::string h,
             Clock::time_point s);

  const Plan& plan;
  tcp::endpoint endpoint;
  std::string host;
  Clock::time_point start;
  ArrivalSequence arrivals;
  std::vector<std::string> prebuilt;
  LoadResult result;
  std::list<Connection*> open;
  std::int64_t clients_left = 0;

  void sweep();
};

/// One honest client: takes the next arrival, waits for its time, sends, records, again.
[[nodiscard]] asio::awaitable<void> honest_client(LoadThread& thread);

[[nodiscard]] asio::awaitable<void> endless_header(LoadThread& thread, const Crowd& crowd,
                                                   CrowdRecord& record);
[[nodiscard]] asio::awaitable<void> endless_body(LoadThread& thread, const Crowd& crowd,
                                                 CrowdRecord& record);
[[nodiscard]] asio::awaitable<void> slow_reader(LoadThread& thread, const Crowd& crowd,
                                                CrowdRecord& record);

}  // namespace sevenstops
