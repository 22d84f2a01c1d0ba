#pragma once

#include "upstream/pool.hpp"
#include "upstream/transport.hpp"

namespace sevenstops::upstream {

/// GET /page over HTTP/1.1 on a connection of the pool, by Boost.Beast.
class Http1Transport final : public Transport {
 public:
  explicit Http1Transport(Pool& pool) : pool_(pool) {}

  [[nodiscard]] asio::awaitable<unsigned> exchange(const Attempt& attempt,
                                                   const Context& context) override;

 private:
  Pool& pool_;
};

}  // namespace sevenstops::upstream
