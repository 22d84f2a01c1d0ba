#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sockets.hpp"

namespace sevenstops::test {

/// A client of TLS by OpenSSL on a connected socket, with blocking calls. It trusts anybody.
class TlsClient {
 public:
  struct Options {
    /// Offered by ALPN, in this order.
    std::vector<std::string> protocols = {};
    int most_version = 0;
    /// Of TLS 1.2.
    const char* ciphers = nullptr;
  };

  explicit TlsClient(tcp::socket socket) : TlsClient(std::move(socket), Options{}) {}
  TlsClient(tcp::socket socket, const Options& options) : socket_(std::move(socket)) {
    // OpenSSL writes to connections that the peer has closed.
    std::signal(SIGPIPE, SIG_IGN);
    std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), options.most_version);
    // Otherwise nothing below TLS 1.2 is offered at all.
    SSL_CTX_set_security_level(context.get(), 0);
    if (options.ciphers != nullptr) {
      SSL_CTX_set_cipher_list(context.get(), options.ciphers);
    }
    std::string offered;
    for (const auto& protocol : options.protocols) {
      offered.append(1, static_cast<char>(protocol.size())).append(protocol);
    }
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    ssl_.reset(SSL_new(context.get()));
    SSL_set_fd(ssl_.get(), socket_.native_handle());
  }

  /// Whether the handshake came to its end.
  [[nodiscard]] bool handshake() { return SSL_connect(ssl_.get()) == 1; }
  [[nodiscard]] std::string_view protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }

  /// Whether all of it went.
  bool send(std::string_view bytes) {
    std::size_t written = 0;
    return bytes.empty() || SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1;
  }
  /// As recv(2), with an errno of EAGAIN when nothing comes within the socket's patience.
  ssize_t receive(char* room, std::size_t size) {
    // Of a write that came too late.
    ERR_clear_error();
    const int count = SSL_read(ssl_.get(), room, static_cast<int>(size));
    if (count > 0) {
      return count;
    }
    const int why = SSL_get_error(ssl_.get(), count);
    said_end_ = said_end_ || why == SSL_ERROR_ZERO_RETURN;
    errno = why == SSL_ERROR_WANT_READ ? EAGAIN : EPROTO;
    return why == SSL_ERROR_ZERO_RETURN ? 0 : -1;
  }
  /// What comes until `enough` says so of it, or the connection ends.
  template <class Enough>
  std::string receive_until(Enough enough) {
    std::string text;
    std::string room(65536, '\0');
    while (!enough(text)) {
      const auto count = receive(room.data(), room.size());
      if (count <= 0) {
        break;
      }
      text.append(room, 0, static_cast<std::size_t>(count));
    }
    return text;
  }
  std::string receive_all() {
    return receive_until([](const std::string&) { return false; });
  }
  std::string receive(std::size_t n) {
    return receive_until([n](const std::string& text) { return text.size() >= n; });
  }

  /// Says that it sends nothing more (close_notify).
  void say_end() { SSL_shutdown(ssl_.get()); }
  /// Whether the peer has said so.
  [[nodiscard]] bool was_said_end() const { return said_end_; }
  [[nodiscard]] tcp::socket& socket() { return socket_; }
  [[nodiscard]] SSL* ssl() { return ssl_.get(); }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  tcp::socket socket_;
  std::unique_ptr<SSL, Free> ssl_;
  bool said_end_ = false;
};

}  // namespace sevenstops::test
