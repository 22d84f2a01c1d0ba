#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <functional>
#include <memory>
#include <string>

#include "local_server.hpp"

namespace sevenstops::load {

/// A key and the certificate that it signed for itself: for sevenstops.test and 127.0.0.1, an hour.
class SelfSigned {
 public:
  SelfSigned() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    auto* x509 = certificate_.get();
    X509_set_version(x509, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    constexpr long hour = 3600;
    X509_gmtime_adj(X509_getm_notBefore(x509), -hour);
    X509_gmtime_adj(X509_getm_notAfter(x509), hour);
    X509_set_pubkey(x509, key_.get());
    auto* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("sevenstops test"), -1, -1,
                               0);
    X509_set_issuer_name(x509, name);
    extend(NID_subject_alt_name, "DNS:sevenstops.test,IP:127.0.0.1");
    extend(NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(x509, key_.get(), EVP_sha256());
    const int fd = ::mkstemp(path_.data());
    FILE* file = ::fdopen(fd, "w");
    PEM_write_X509(file, x509);
    ::fclose(file);
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;
  ~SelfSigned() { ::unlink(path_.c_str()); }

  /// The certificate as a PEM file.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] EVP_PKEY* key() const { return key_.get(); }
  [[nodiscard]] X509* certificate() const { return certificate_.get(); }

 private:
  void extend(int nid, const char* value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }
  struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
  };

  std::unique_ptr<EVP_PKEY, Free> key_;
  std::unique_ptr<X509, Free> certificate_;
  std::string path_ = "/tmp/sevenstops-test-XXXXXX";
};

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
