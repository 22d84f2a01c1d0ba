#include "load/engine/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

namespace sevenstops::load {
namespace {

// Plain text on its way to whoever asked; one record (RFC 8446, 5.1) at a time.
thread_local std::array<char, 16384> plain;

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> parsed{};
  return ::inet_pton(AF_INET, host.c_str(), parsed.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), parsed.data()) == 1;
}

// "[::1]:8443" and "name:8443" without their port and brackets.
std::string bare(const std::string& host) {
  if (host.starts_with('[')) {
    return host.substr(1, host.find(']') - 1);
  }
  return host.substr(0, host.find(':'));
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options, const std::string& host,
                       const std::string& protocol)
    : context_(SSL_CTX_new(TLS_client_method())), host_(bare(host)), protocol_(protocol) {
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_default_verify_paths(context_.get());
  if (!options.authorities.empty() &&
      SSL_CTX_load_verify_locations(context_.get(), options.authorities.c_str(), nullptr) != 1) {
    ERR_clear_error();
    throw std::runtime_error(options.authorities + " holds no certificates that can be read");
  }
  std::string offered;
  offered.push_back(static_cast<char>(protocol_.size()));
  offered += protocol_;
  SSL_CTX_set_alpn_protos(context_.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                          static_cast<unsigned>(offered.size()));
}

TlsStream::TlsStream(Socket& socket, const TlsContext& context)
    : socket_(socket), context_(context), ssl_(SSL_new(context.context_.get())) {
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  // An empty store means "more to come", not the end.
  BIO_set_mem_eof_return(in_, -1);
  BIO_set_mem_eof_return(out_, -1);
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_connect_state(ssl_.get());
  const auto& host = context.host_;
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_.get(), host.c_str());
    SSL_set1_host(ssl_.get(), host.c_str());
  }
}

Task<int> TlsStream::flush() {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(out_, &data);
  if (size <= 0) {
    co_return 0;
  }
  // A copy, since a read in the meantime may write to the store.
  const std::string bytes(data, static_cast<std::size_t>(size));
  (void)BIO_reset(out_);
  co_return co_await socket_.send(bytes);
}

Task<std::string> TlsStream::handshake() {
  while (true) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    const int why = SSL_get_error(ssl_.get(), done);
    if (const int error = co_await flush(); error != 0) {
      co_return std::string("the connection broke off in the TLS handshake");
    }
    if (done == 1) {
      break;
    }
    if (why != SSL_ERROR_WANT_READ) {
      const auto verdict = SSL_get_verify_result(ssl_.get());
      if (verdict != X509_V_OK) {
        co_return std::string("its certificate is not trusted: ") +
            X509_verify_cert_error_string(verdict);
      }
      const char* reason = ERR_reason_error_string(ERR_peek_last_error());
      co_return std::string("the TLS handshake failed: ") +
          (reason != nullptr ? reason : "no reason given");
    }
    const auto got = co_await socket_.receive();
    if (got.ended()) {
      co_return std::string("the connection broke off in the TLS handshake");
    }
    BIO_write(in_, got.bytes.data(), static_cast<int>(got.bytes.size()));
  }
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
  if (context_.protocol_ == "h2" &&
      std::string_view(reinterpret_cast<const char*>(chosen), size) != "h2") {
    co_return std::string("the server does not offer h2");
  }
  co_return std::string();
}

Task<int> TlsStream::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) != 1) {
      co_return EPROTO;
    }
    bytes.remove_prefix(written);
  }
  co_return co_await flush();
}

Task<Received> TlsStream::receive(std::size_t limit) {
  Received result;
  while (true) {
    ERR_clear_error();
    std::size_t count = 0;
    if (SSL_read_ex(ssl_.get(), plain.data(), std::min(limit, plain.size()), &count) == 1) {
      result.bytes = {plain.data(), count};
      co_return result;
    }
    const int why = SSL_get_error(ssl_.get(), 0);
    if (why == SSL_ERROR_ZERO_RETURN) {
      co_return result;
    }
    if (why != SSL_ERROR_WANT_READ) {
      result.error = EPROTO;
      co_return result;
    }
    const auto got = co_await socket_.receive();
    if (got.ended()) {
      result.error = got.error;
      co_return result;
    }
    BIO_write(in_, got.bytes.data(), static_cast<int>(got.bytes.size()));
  }
}

}  // namespace sevenstops::load
