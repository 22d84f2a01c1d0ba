#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace sevenstops::test {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A socket that is connected to a port on loopback; used with blocking calls.
inline tcp::socket connect(asio::io_context& io, std::uint16_t port) {
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  return socket;
}

/// Both ends of one connection: the server's does not block, as the service's; the client's does.
struct Ends {
  tcp::socket server;
  tcp::socket client;
};

/// `buffers` bytes are asked for on either side; 0 leaves it to the kernel.
inline Ends connected(asio::io_context& io, int buffers = 0) {
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  tcp::socket client(io);
  client.open(tcp::v4());
  if (buffers > 0) {
    client.set_option(asio::socket_base::receive_buffer_size(buffers));
  }
  client.connect(acceptor.local_endpoint());
  auto server = acceptor.accept();
  if (buffers > 0) {
    server.set_option(asio::socket_base::send_buffer_size(buffers));
  }
  server.non_blocking(true);
  return {std::move(server), std::move(client)};
}

inline void send(tcp::socket& socket, std::string_view bytes) {
  boost::system::error_code error;
  asio::write(socket, asio::buffer(bytes), error);
}

/// What comes until `enough` says so of it, or the connection ends.
template <class Enough>
std::string receive_until(tcp::socket& socket, Enough enough) {
  std::string text;
  std::array<char, 65536> buffer{};
  boost::system::error_code error;
  while (!error && !enough(text)) {
    const auto n = socket.read_some(asio::buffer(buffer), error);
    text.append(buffer.data(), n);
  }
  return text;
}

inline std::string receive_all(tcp::socket& socket) {
  return receive_until(socket, [](const std::string&) { return false; });
}

/// What comes, up to so many bytes at least.
inline std::string receive(tcp::socket& socket, std::size_t n) {
  return receive_until(socket, [n](const std::string& text) { return text.size() >= n; });
}

/// Ends the connection with a reset.
inline void reset(tcp::socket& socket) {
  socket.set_option(asio::socket_base::linger(true, 0));
  socket.close();
}

}  // namespace sevenstops::test
