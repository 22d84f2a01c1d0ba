#pragma once

#include <optional>

#include "load/engine/tls.hpp"

namespace sevenstops::load {

/// Where a load's connections go. `tls` is null for plain TCP.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t length = 0;
  /// What requests name as their Host.
  std::string host;
  const TlsContext* tls = nullptr;
};

/// A connection as clients use it, with TLS or without.
class Channel {
 public:
  Channel(Engine& engine, const Endpoint& endpoint)
      : endpoint_(endpoint), socket_(engine, endpoint.address.ss_family) {}

  struct Opened {
    /// 0, or the errno of the connecting.
    int error = 0;
    /// Why TLS did not come about; empty when it did or wasn't asked for.
    std::string trouble;
    [[nodiscard]] bool ok() const { return error == 0 && trouble.empty(); }
  };
  [[nodiscard]] Task<Opened> open();

  /// Sends all of it: 0, or an errno.
  [[nodiscard]] Task<int> send(std::string_view bytes);
  [[nodiscard]] Task<Received> receive(std::size_t limit = Socket::everything);

  [[nodiscard]] Socket& socket() { return socket_; }
  [[nodiscard]] bool plain() const { return !tls_; }

 private:
  const Endpoint& endpoint_;
  Socket socket_;
  std::optional<TlsStream> tls_;
};

}  // namespace sevenstops::load
