#pragma once

#include <openssl/types.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "base/asio.hpp"

namespace sevenstops::base {

/// Where a server's certificate and its key are, as PEM; behind the certificate may follow those
/// that vouch for it.
struct TlsFiles {
  std::string certificate;
  std::string key;
};

/// What all TLS connections of a server share: TLS 1.2 and 1.3, without early data, renegotiation
/// and compression, and of TLS 1.2 only ciphers that HTTP/2 allows (RFC 9113, 9.2.2). Safe to use
/// from several threads.
class TlsServer {
 public:
  /// Chooses h2, where it is to be offered, or HTTP/1.1 of what a client offers by ALPN. Throws
  /// std::runtime_error in one sentence where certificate and key can't be used.
  TlsServer(const TlsFiles& files, bool http2);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  [[nodiscard]] SSL_CTX* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const;
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

/// The server's end of TLS on a socket that does not block. What can't go on at once says
/// would_block; `waits_for` tells what for, right after that.
class TlsSession {
 public:
  /// `descriptor` stays the caller's. Throws std::bad_alloc.
  TlsSession(const TlsServer& server, int descriptor);
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;
  ~TlsSession();

  [[nodiscard]] boost::system::error_code handshake();
  /// Whether the peer has sent anything.
  [[nodiscard]] bool has_heard() const;
  /// What was chosen by ALPN; empty, where nothing was offered.
  [[nodiscard]] std::string_view protocol() const;

  /// At most a record. The peer's end is eof, whether it said so or closed the connection: in HTTP
  /// a request tells where it ends by itself.
  [[nodiscard]] std::size_t read(asio::mutable_buffer room, boost::system::error_code& error);
  /// Whether a read would give something; or why not. Nothing is taken.
  [[nodiscard]] boost::system::error_code peek();
  /// As much as goes at once. After would_block, whoever writes next has to begin with the same
  /// bytes: a part of them may have left.
  [[nodiscard]] std::size_t write(asio::const_buffer bytes, boost::system::error_code& error);
  /// Bytes that were taken off the socket and wait to be read.
  [[nodiscard]] std::size_t available() const;
  /// Says once that nothing more is sent (close_notify). would_block where that does not go at
  /// once.
  boost::system::error_code say_end();

  [[nodiscard]] tcp::socket::wait_type waits_for() const;

 private:
  struct Socket;
  struct Free {
    void operator()(SSL* ssl) const;
  };
  [[nodiscard]] boost::system::error_code error_of(int result);

  std::unique_ptr<Socket> socket_;
  std::unique_ptr<SSL, Free> ssl_;
  bool broken_ = false;
  bool said_end_ = false;
};

}  // namespace sevenstops::base
