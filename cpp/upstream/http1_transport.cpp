#include "upstream/http1_transport.hpp"

#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <string>

#include "http/deadline.hpp"

namespace sevenstops::upstream {

namespace beast = boost::beast;

namespace {

constexpr std::size_t answer_limit = 65536;

std::string request_head(const Context& context, std::chrono::milliseconds left, bool tied) {
  std::string head = "GET /page HTTP/1.1\r\nHost: 127.0.0.1";
  head.append("\r\ntraceparent: ").append(http::child_traceparent(context.trace));
  if (tied) {
    head.append("\r\n").append(http::tied_header).append(": 1");
  }
  if (!context.trace.state.empty()) {
    head.append("\r\ntracestate: ").append(context.trace.state);
  }
  if (context.deadline) {
    head.append("\r\n").append(http::deadline_header).append(": ");
    head.append(std::to_string(left.count()));
  }
  return head.append("\r\n\r\n");
}

// What came back on a connection.
struct Answer {
  boost::system::error_code error;
  std::size_t received = 0;
  beast::http::response<beast::http::string_body> response;
};

asio::awaitable<Answer> send(tcp::socket& socket, const std::string& head, const Attempt& attempt) {
  Answer answer;
  std::size_t part = 0;
  std::tie(answer.error, part) =
      co_await asio::async_write(socket, asio::buffer(head), base::as_tuple);
  beast::flat_buffer buffer(answer_limit);
  while (!answer.error) {
    answer.response = {};
    std::tie(answer.error, part) =
        co_await beast::http::async_read(socket, buffer, answer.response, base::as_tuple);
    answer.received += part;
    if (answer.error || answer.response.result() != beast::http::status::processing) {
      break;
    }
    if (attempt.begun) {
      attempt.begun();
    }
  }
  if (answer.error == asio::error::operation_aborted) {
    throw boost::system::system_error(answer.error);
  }
  co_return answer;
}

}  // namespace

asio::awaitable<unsigned> Http1Transport::exchange(const Attempt& attempt, const Context& context) {
  while (true) {
    auto lease = co_await pool_.acquire(attempt.port, context.limit);
    if (!lease) {
      co_return Clock::now() >= context.limit ? gateway_timeout : bad_gateway;
    }
    std::chrono::milliseconds left{0};
    if (context.deadline) {
      left = std::chrono::floor<std::chrono::milliseconds>(
          std::min(*context.deadline, context.limit) - Clock::now());
      if (left.count() <= 0) {
        lease->keep();
        co_return gateway_timeout;
      }
    }
    const auto head = request_head(context, left, attempt.tied);
    const auto answer = co_await send(lease->socket(), head, attempt);
    if (!answer.error) {
      if (answer.response.keep_alive()) {
        lease->keep();
      }
      co_return answer.response.result_int();
    }
    // A kept connection may have been closed as the request left: nobody has seen it, most likely.
    if (!lease->used() || answer.received > 0 || !attempt.idempotent) {
      co_return bad_gateway;
    }
  }
}

}  // namespace sevenstops::upstream
