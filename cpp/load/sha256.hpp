#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace sevenstops::load {

/// A SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();

  void update(std::string_view bytes);
  /// The digest of what has come so far, as 64 hexadecimal digits.
  [[nodiscard]] std::string hex() const;

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace sevenstops::load
