#include "load/fetch.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <sstream>
#include <stdexcept>

namespace sevenstops::load {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t body_limit = std::size_t{16} << 20;

asio::awaitable<Fetched> ask(beast::tcp_stream& stream, asio::ip::tcp::endpoint endpoint,
                             http::request<http::empty_body> request) {
  co_await stream.async_connect(endpoint, asio::use_awaitable);
  co_await http::async_write(stream, request, asio::use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(body_limit);
  co_await http::async_read(stream, buffer, parser, asio::use_awaitable);
  auto response = parser.release();
  co_return Fetched{response.result_int(), std::move(response.body())};
}

Fetched exchange(http::verb method, const Target& target, const std::string& path,
                 std::chrono::milliseconds patience) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(target.address), target.port);
  asio::io_context io(1);
  beast::tcp_stream stream(io);
  stream.expires_after(patience);
  http::request<http::empty_body> request(method, path, 11);
  std::ostringstream authority;
  authority << endpoint;
  request.set(http::field::host, authority.str());
  request.set(http::field::connection, "close");
  request.prepare_payload();
  Fetched answer;
  std::exception_ptr trouble;
  asio::co_spawn(io, ask(stream, endpoint, std::move(request)),
                 [&](std::exception_ptr error, Fetched fetched) {
                   trouble = std::move(error);
                   answer = std::move(fetched);
                 });
  io.run();
  try {
    if (trouble) {
      std::rethrow_exception(trouble);
    }
  } catch (const boost::system::system_error& error) {
    std::ostringstream sentence;
    sentence << "no answer from " << endpoint << path << ": " << error.code().message();
    throw std::runtime_error(sentence.str());
  }
  return answer;
}

}  // namespace

Fetched fetch(const Target& target, const std::string& path, std::chrono::milliseconds patience) {
  return exchange(http::verb::get, target, path, patience);
}

Fetched post(const Target& target, const std::string& path, std::chrono::milliseconds patience) {
  return exchange(http::verb::post, target, path, patience);
}

}  // namespace sevenstops::load
