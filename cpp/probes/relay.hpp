#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace sevenstops::probes {

/// One direction of a link.
struct LinkPath {
  /// Seconds that a packet is under way, beside what `rate` makes of it.
  double delay = 0;
  /// Share of packets that are lost, each by itself.
  double loss = 0;
  /// Bytes a second; 0: no bound.
  double rate = 0;
  /// Most packets under way; one more is lost (drop tail).
  std::int64_t queue = 10000;
  /// Of the losses.
  std::uint64_t seed = 1;
};

/// What became of one direction's packets.
struct LinkCount {
  std::int64_t carried = 0;
  std::int64_t lost = 0;
};

/// A link between two TUN devices: reads packets of each and writes them, in their order, to the
/// other. It stands in for netem where the kernel has none. It has two threads.
class Relay {
 public:
  /// Packets of `near` go to `far` by `there`, and those of `far` to `near` by `back`. The
  /// descriptors keep each write a packet; they stay the caller's, and outlive this. Throws
  /// std::system_error where threads or descriptors have run out, and std::invalid_argument for a
  /// path that makes no sense.
  Relay(int near, int far, const LinkPath& there, const LinkPath& back);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();

  /// Ends it, once: nothing is read of the descriptors any more.
  void stop();
  /// Loses one packet of `back`: of those that have at least so many bytes from now on, the one
  /// after `skipped` others.
  void lose_one(std::int64_t bytes, std::int64_t skipped);
  [[nodiscard]] LinkCount there() const;
  [[nodiscard]] LinkCount back() const;

 private:
  class Direction;
  std::unique_ptr<Direction> there_;
  std::unique_ptr<Direction> back_;
};

}  // namespace sevenstops::probes
