#include "service/admin.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <thread>

#include "service/report.hpp"
#include "stops/accept/accept.hpp"

namespace sevenstops {

namespace beast = boost::beast;
namespace http = beast::http;

struct Admin::State {
  State(std::uint16_t port, std::vector<const Metrics*> m)
      : metrics(std::move(m)), accept(io, port, {.backlog = 64, .reuse_port = false}, {}) {}

  asio::awaitable<void> listen() {
    while (true) {
      auto socket = co_await accept.next(io);
      asio::co_spawn(io, answer(std::move(socket)), asio::detached);
    }
  }

  asio::awaitable<void> answer(tcp::socket socket) {
    constexpr auto tuple = asio::as_tuple(asio::use_awaitable);
    constexpr std::chrono::seconds patience{5};
    constexpr std::size_t head_limit = 8192;
    beast::tcp_stream stream(std::move(socket));
    stream.expires_after(patience);
    beast::flat_buffer buffer(head_limit);
    http::request<http::empty_body> request;
    if (const auto [error, n] = co_await http::async_read(stream, buffer, request, tuple); error) {
      co_return;
    }
    http::response<http::string_body> response(http::status::ok, request.version());
    response.keep_alive(false);
    if (request.target() == "/metrics") {
      response.set(http::field::content_type, "text/plain; version=0.0.4");
      response.body() = report_prometheus(metrics);
    } else if (request.target() == "/stops") {
      response.set(http::field::content_type, "application/json");
      response.body() = report_json(metrics);
    } else {
      response.result(http::status::not_found);
    }
    response.prepare_payload();
    co_await http::async_write(stream, response, tuple);
    boost::system::error_code error;
    stream.socket().shutdown(tcp::socket::shutdown_send, error);
  }

  std::vector<const Metrics*> metrics;
  asio::io_context io{1};
  Accept accept;
  std::thread thread;
};

Admin::Admin(std::uint16_t port, std::vector<const Metrics*> metrics)
    : state_(std::make_unique<State>(port, std::move(metrics))) {
  asio::co_spawn(state_->io, state_->listen(), asio::detached);
  state_->thread = std::thread([&io = state_->io] { io.run(); });
}

Admin::~Admin() { stop(); }

std::uint16_t Admin::port() const { return state_->accept.port(); }

void Admin::stop() {
  state_->io.stop();
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
}

}  // namespace sevenstops
