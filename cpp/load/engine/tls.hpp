#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "load/engine/engine.hpp"
#include "load/tasks/task.hpp"

namespace sevenstops::load {

/// How a load's TLS connections are made.
struct TlsOptions {
  bool enabled = false;
  /// Check the certificate's chain and name.
  bool verify = true;
  /// Trusted certificates (PEM) beside the system's; empty: the system's alone.
  std::string authorities;
};

/// What all TLS connections of a load share. Safe to use from several threads.
class TlsContext {
 public:
  /// `protocol` is offered by ALPN. Throws std::runtime_error when `authorities` can't be read.
  TlsContext(const TlsOptions& options, const std::string& host, const std::string& protocol);

 private:
  friend class TlsStream;
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  std::string host_;
  std::string protocol_;
};

/// TLS over a connected socket.
class TlsStream {
 public:
  TlsStream(Socket& socket, const TlsContext& context);

  /// Empty, or why there is no trust: one clause for people.
  [[nodiscard]] Task<std::string> handshake();
  /// 0, or an errno.
  [[nodiscard]] Task<int> send(std::string_view bytes);
  [[nodiscard]] Task<Received> receive(std::size_t limit = Socket::everything);

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  [[nodiscard]] Task<int> flush();

  Socket& socket_;
  const TlsContext& context_;
  std::unique_ptr<SSL, Free> ssl_;
  // Owned by ssl_.
  BIO* in_ = nullptr;
  BIO* out_ = nullptr;
};

}  // namespace sevenstops::load
