#pragma once

#include <poll.h>

#include "base/asio.hpp"

namespace sevenstops::base {

/// Whether a reset has come, or both sides are closed.
[[nodiscard]] inline bool is_broken(tcp::socket& socket) {
  pollfd state{.fd = socket.native_handle(), .events = 0, .revents = 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace sevenstops::base
