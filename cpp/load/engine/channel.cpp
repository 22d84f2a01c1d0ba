#include "load/engine/channel.hpp"

namespace sevenstops::load {

Task<Channel::Opened> Channel::open() {
  Opened opened;
  const auto* address = reinterpret_cast<const sockaddr*>(&peer_.address);
  opened.error = co_await socket_.connect(address, peer_.length);
  if (opened.error == 0 && peer_.tls != nullptr) {
    tls_.emplace(socket_, *peer_.tls);
    opened.trouble = co_await tls_->handshake();
  }
  co_return opened;
}

Task<int> Channel::send(std::string_view bytes) {
  if (tls_) {
    co_return co_await tls_->send(bytes);
  }
  co_return co_await socket_.send(bytes);
}

Task<Received> Channel::receive(std::size_t limit) {
  if (tls_) {
    co_return co_await tls_->receive(limit);
  }
  co_return co_await socket_.receive(limit);
}

}  // namespace sevenstops::load
