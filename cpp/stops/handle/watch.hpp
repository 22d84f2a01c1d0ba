#pragma once

#include <functional>
#include <memory>

#include "stops/connection.hpp"

namespace sevenstops {

/// Watches a connection whose request is being worked on, and calls `left` once its client has
/// gone; for as long as it lives. Only one read may wait on a connection, so nothing else may read
/// meanwhile.
class Watch {
 public:
  Watch(tcp::socket& socket, std::function<void()> left);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  struct State {
    std::function<void()> left;
  };
  tcp::socket& socket_;
  std::shared_ptr<State> state_;
};

/// Whether the peer has closed its side and nothing is left to read.
[[nodiscard]] bool has_left(tcp::socket& socket);

}  // namespace sevenstops
