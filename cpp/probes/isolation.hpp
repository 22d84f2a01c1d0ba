#pragma once

#include <functional>
#include <string>

namespace sevenstops::probes {

/// Moves this process, which must have one thread, into a network namespace of its own with lo up;
/// with a user namespace around it where there is no CAP_SYS_ADMIN. "netns" or "userns+netns".
///
/// Each way is tried in a child process first, to its last step: some systems allow a user
/// namespace that is then allowed nothing (AppArmor on Ubuntu). Throws std::runtime_error in one
/// sentence where none of them works to its end; nothing has changed then.
[[nodiscard]] std::string isolate();

/// A network namespace of the calling thread's own, with lo up, for as long as this lives: what the
/// thread starts meanwhile, threads and processes, is in it as well. Made and destroyed by the same
/// thread.
class OwnNetwork {
 public:
  /// Throws std::runtime_error in one sentence where it isn't allowed (CAP_SYS_ADMIN).
  OwnNetwork();
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;
  ~OwnNetwork() { (void)go_back(); }

  /// Back to where the thread was, once. Throws std::runtime_error in one sentence where that
  /// fails.
  void leave();

  /// Whether it is allowed, and its net.core.somaxconn may be written.
  [[nodiscard]] static bool possible();

 private:
  // Whether the thread is where it was; errno says why not.
  [[nodiscard]] bool go_back();

  int before_;
};

/// Moves the calling thread into the network namespace of an open descriptor. Throws
/// std::runtime_error in one sentence where that isn't allowed.
void join_network(int network);

/// Does `steps` in a child process. What they threw there; empty when they came to their end.
[[nodiscard]] std::string trial(const std::function<void()>& steps);

}  // namespace sevenstops::probes
