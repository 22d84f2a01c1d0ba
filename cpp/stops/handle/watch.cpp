#include "stops/handle/watch.hpp"

#include <sys/socket.h>

namespace sevenstops {

bool has_left(tcp::socket& socket) {
  char byte = 0;
  return ::recv(socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

Watch::Watch(tcp::socket& socket, std::function<void()> left)
    : socket_(socket), state_(std::make_shared<State>(State{std::move(left)})) {
  socket_.async_wait(tcp::socket::wait_read,
                     [this, state = state_](boost::system::error_code error) {
                       // Bytes that came are the next request: it is read when this one is done.
                       if (!error && state->left && has_left(socket_)) {
                         state->left();
                       }
                     });
}

Watch::~Watch() {
  state_->left = nullptr;
  boost::system::error_code error;
  socket_.cancel(error);
}

}  // namespace sevenstops
