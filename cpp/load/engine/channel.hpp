#pragma once

#include <optional>

#include "load/engine/peer.hpp"
#include "load/engine/tls.hpp"

namespace sevenstops::load {

/// A connection as clients use it, with TLS or without.
class Channel {
 public:
  Channel(Engine& engine, const Peer& peer)
      : peer_(peer), socket_(engine, peer.address.ss_family) {}

  struct Opened {
    /// 0, or the errno of the connecting.
    int error = 0;
    /// Why TLS did not come about; empty when it did or wasn't asked for.
    std::string trouble;
    [[nodiscard]] bool ok() const { return error == 0 && trouble.empty(); }
  };
  /// Connects and shakes hands; once.
  [[nodiscard]] Task<Opened> open();

  /// Sends all of it: 0, or an errno.
  [[nodiscard]] Task<int> send(std::string_view bytes);
  /// The next bytes, `limit` of them at most.
  [[nodiscard]] Task<Received> receive(std::size_t limit = Socket::everything);

  [[nodiscard]] Socket& socket() { return socket_; }
  /// Whether bytes travel as they are.
  [[nodiscard]] bool plain() const { return !tls_; }

 private:
  const Peer& peer_;
  Socket socket_;
  std::optional<TlsStream> tls_;
};

}  // namespace sevenstops::load
