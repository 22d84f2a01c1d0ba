#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <string>

#include "../../support/self_signed.hpp"
#include "local_server.hpp"

namespace sevenstops::load {

using test::SelfSigned;

/// What a LocalServer does with a connection to speak TLS on it: `serve` gets the session after
/// the handshake. `protocol` is chosen by ALPN where the client offers it; empty: none.
inline std::function<void(int)> with_tls(const SelfSigned& identity, std::string protocol,
                                         std::function<void(SSL*)> serve) {
  return [&identity, protocol = std::move(protocol), serve = std::move(serve)](int fd) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate());
    SSL_CTX_use_PrivateKey(context.get(), identity.key());
    const auto choose = [](SSL*, const unsigned char** out, unsigned char* size,
                           const unsigned char* offered, unsigned offered_size, void* wanted) {
      const auto& name = *static_cast<const std::string*>(wanted);
      const std::string_view offer(reinterpret_cast<const char*>(offered), offered_size);
      if (name.empty() || offer.find(name) == std::string_view::npos) {
        return SSL_TLSEXT_ERR_NOACK;
      }
      *out = reinterpret_cast<const unsigned char*>(name.data());
      *size = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    };
    SSL_CTX_set_alpn_select_cb(context.get(), choose, const_cast<std::string*>(&protocol));
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) == 1) {
      serve(ssl.get());
    }
  };
}

}  // namespace sevenstops::load
