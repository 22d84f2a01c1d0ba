#pragma once

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>

namespace sevenstops::test {

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
    const auto write = [](std::string& path, auto put) {
      FILE* file = ::fdopen(::mkstemp(path.data()), "w");
      put(file);
      ::fclose(file);
    };
    write(path_, [&](FILE* file) { PEM_write_X509(file, x509); });
    write(key_path_, [&](FILE* file) {
      PEM_write_PrivateKey(file, key(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  SelfSigned(const SelfSigned&) = delete;
  SelfSigned& operator=(const SelfSigned&) = delete;
  ~SelfSigned() {
    ::unlink(path_.c_str());
    ::unlink(key_path_.c_str());
  }

  /// The certificate as a PEM file, and its key as one.
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::string& key_path() const { return key_path_; }
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
  std::string key_path_ = path_;
};

}  // namespace sevenstops::test
