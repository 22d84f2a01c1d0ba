#pragma once

#include <sys/socket.h>

#include <string>

namespace sevenstops::load {

class TlsContext;

/// Whom a load's connections go to. `tls` is null for plain TCP.
struct Peer {
  sockaddr_storage address{};
  socklen_t length = 0;
  /// What requests name as their Host.
  std::string host;
  const TlsContext* tls = nullptr;
};

}  // namespace sevenstops::load
