#include "base/tls.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <fstream>
#include <stdexcept>

#include "../support/self_signed.hpp"

namespace sevenstops::base {
namespace {

using test::SelfSigned;

// Why a server can't be made of these; empty where it can.
std::string trouble(const std::string& certificate, const std::string& key) {
  try {
    const TlsServer server({.certificate = certificate, .key = key}, true);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(TlsServer, TakesACertificateAndItsKey) {
  const SelfSigned identity;
  EXPECT_EQ(trouble(identity.path(), identity.key_path()), "");
}

TEST(TlsServer, SaysInASentenceWhatIsWrong) {
  const SelfSigned identity;
  const SelfSigned other;
  const std::string missing = "/nowhere/at-all.pem";
  EXPECT_EQ(trouble(missing, identity.key_path()),
            missing + " can't be read: No such file or directory");
  EXPECT_EQ(trouble(identity.path(), missing),
            missing + " can't be read: No such file or directory");
  EXPECT_EQ(trouble("/tmp", identity.key_path()), "/tmp can't be read: Is a directory");
  EXPECT_TRUE(trouble(identity.key_path(), identity.key_path())
                  .starts_with(identity.key_path() + " holds no certificate that can be used: "));
  EXPECT_TRUE(trouble(identity.path(), identity.path())
                  .starts_with(identity.path() + " holds no private key that can be used: "));
  EXPECT_EQ(
      trouble(identity.path(), other.key_path()),
      "the key in " + other.key_path() + " does not fit the certificate in " + identity.path());
}

// OpenSSL would ask for a passphrase on the terminal.
TEST(TlsServer, AsksNobodyForAPassphrase) {
  const SelfSigned identity;
  FILE* file = std::fopen(identity.key_path().c_str(), "w");
  std::string phrase = "secret";
  PEM_write_PrivateKey(file, identity.key(), EVP_aes_128_cbc(),
                       reinterpret_cast<unsigned char*>(phrase.data()),
                       static_cast<int>(phrase.size()), nullptr, nullptr);
  std::fclose(file);
  EXPECT_TRUE(trouble(identity.path(), identity.key_path())
                  .starts_with(identity.key_path() + " holds no private key that can be used: "));
}

TEST(TlsServer, AllowsOfTls12WhatHttp2Allows) {
  const SelfSigned identity;
  const TlsServer server({.certificate = identity.path(), .key = identity.key_path()}, true);
  const auto* ciphers = SSL_CTX_get_ciphers(server.context());
  int of_tls_12 = 0;
  for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i) {
    const auto* cipher = sk_SSL_CIPHER_value(ciphers, i);
    EXPECT_EQ(SSL_CIPHER_is_aead(cipher), 1) << SSL_CIPHER_get_name(cipher);
    if (std::string_view(SSL_CIPHER_get_version(cipher)) == "TLSv1.2") {
      ++of_tls_12;
      EXPECT_TRUE(std::string_view(SSL_CIPHER_get_name(cipher)).starts_with("ECDHE-"));
    }
  }
  EXPECT_GE(of_tls_12, 6);
  EXPECT_EQ(SSL_CTX_get_min_proto_version(server.context()), TLS1_2_VERSION);
  EXPECT_EQ(SSL_CTX_get_max_early_data(server.context()), 0U);
}

}  // namespace
}  // namespace sevenstops::base
