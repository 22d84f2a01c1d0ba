#include "stops/handle/hop.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace sevenstops {

namespace beast = boost::beast;
namespace http = beast::http;

asio::awaitable<unsigned> ask(const Dependency& dependency, Clock::time_point limit,
                              std::optional<Clock::time_point> deadline, const Trace& trace) {
  constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
  constexpr unsigned bad_gateway = 502;
  constexpr unsigned gateway_timeout = 504;
  beast::tcp_stream stream(co_await asio::this_coro::executor);
  stream.expires_at(limit);
  const auto failed = [](boost::system::error_code error) {
    return error == beast::error::timeout ? gateway_timeout : bad_gateway;
  };
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), dependency.port);
  if (const auto [error] = co_await stream.async_connect(endpoint, tuple); error) {
    co_return failed(error);
  }
  http::request<http::empty_body> request(http::verb::get, "/page", 11);
  request.set(http::field::host, dependency.name);
  request.set(http::field::connection, "close");
  if (deadline) {
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(*deadline - Clock::now()).count();
    if (left <= 0) {
      co_return gateway_timeout;
    }
    request.set(deadline_header, std::to_string(left));
  }
  request.set("traceparent", child_traceparent(trace));
  if (!trace.state.empty()) {
    request.set("tracestate", trace.state);
  }
  if (const auto [error, n] = co_await http::async_write(stream, request, tuple); error) {
    co_return failed(error);
  }
  constexpr std::size_t answer_limit = 65536;
  beast::flat_buffer buffer(answer_limit);
  http::response<http::string_body> response;
  if (const auto [error, n] = co_await http::async_read(stream, buffer, response, tuple); error) {
    co_return failed(error);
  }
  co_return response.result_int();
}

}  // namespace sevenstops
