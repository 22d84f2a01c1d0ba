#pragma once

#include <cstdint>

namespace sevenstops::probes {

/// What the kernel knows of one listening TCP port, of all its SO_REUSEPORT listeners.
struct ListenerProbe {
  /// How many there are, of whatever process.
  std::uint64_t listeners = 0;
  /// Connections completed and not yet accepted.
  std::uint64_t queue_depth = 0;
  /// What listen() was granted, to the listener that got least: its share overflows first.
  std::uint64_t backlog = 0;
  /// Connection attempts dropped because the queue was full (sk_drops; linux/inet_diag.h).
  std::uint64_t drops = 0;
};

/// Asks the sock_diag netlink socket, without a namespace of one's own. Throws std::runtime_error
/// when the kernel does not answer or nothing listens on `port`.
[[nodiscard]] ListenerProbe probe_listener(std::uint16_t port);

}  // namespace sevenstops::probes
