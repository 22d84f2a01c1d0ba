#include "service/admin.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <thread>

#include "base/task_group.hpp"
#include "http/characters.hpp"
#include "stops/accept/accept.hpp"

namespace sevenstops::service {

namespace asio = boost::asio;
namespace beast = boost::beast;
using base::tcp;

namespace {

// Whether a Host field names this machine's loopback, at whatever port.
bool loopback_name(std::string_view host) {
  const auto name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return http::iequals(name, "localhost") || name == "127.0.0.1" || name == "[::1]";
}

}  // namespace

struct Admin::State {
  State(std::uint16_t port, std::uint16_t of, Threads t, faults::FaultClock& c)
      : service_port(of),
        threads(std::move(t)),
        clock(c),
        accept(io, {asio::ip::address_v4::loopback(), port}, {.backlog = 64, .reuse_port = false}) {
  }

  asio::awaitable<void> run() {
    // Nobody reaches the group once it is gone, however it ended.
    struct Forgotten {
      ~Forgotten() { group = nullptr; }
      base::TaskGroup*& group;
    } const forgotten{group};
    co_await base::with_task_group([this](base::TaskGroup& all) -> asio::awaitable<void> {
      group = &all;
      all.spawn(listen(all));
      co_return;
    });
  }

  asio::awaitable<void> listen(base::TaskGroup& all) {
    while (auto socket = co_await accept.next(io)) {
      all.spawn(answer(std::move(*socket)));
    }
  }

  asio::awaitable<void> answer(tcp::socket socket) {
    constexpr std::chrono::seconds patience{5};
    constexpr std::size_t head_limit = 8192;
    beast::tcp_stream stream(std::move(socket));
    stream.expires_after(patience);
    beast::flat_buffer buffer(head_limit);
    beast::http::request<beast::http::empty_body> request;
    const auto [error, n] =
        co_await beast::http::async_read(stream, buffer, request, base::as_tuple);
    if (error) {
      co_return;
    }
    auto response = respond(request);
    if (request.method() == beast::http::verb::head) {
      // Its length stays as it is (RFC 9110, 9.3.2).
      response.body().clear();
    }
    co_await beast::http::async_write(stream, response, base::as_tuple);
    boost::system::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  [[nodiscard]] beast::http::response<beast::http::string_body> respond(
      const beast::http::request<beast::http::empty_body>& request) const {
    beast::http::response<beast::http::string_body> response(beast::http::status::ok,
                                                             request.version());
    response.keep_alive(false);
    const bool begins = request.target() == "/faults/begin";
    const auto method = request.method();
    if (!loopback_name(request[beast::http::field::host])) {
      // Whoever came by another name was led here by a DNS that he believed (DNS rebinding).
      response.result(beast::http::status::misdirected_request);
      response.body() = "The admin listener answers to localhost, 127.0.0.1 and [::1] only.\n";
    } else if (begins ? method != beast::http::verb::post
                      : method != beast::http::verb::get && method != beast::http::verb::head) {
      response.result(beast::http::status::method_not_allowed);
      response.set(beast::http::field::allow, begins ? "POST" : "GET, HEAD");
    } else if (request.target() == "/metrics") {
      response.set(beast::http::field::content_type, "text/plain; version=0.0.4");
      response.body() = report_prometheus(threads) + report_listener(service_port);
    } else if (request.target() == "/stops") {
      response.set(beast::http::field::content_type, "application/json");
      response.body() = report_json(threads);
    } else if (begins) {
      response.result(clock.begin() ? beast::http::status::no_content
                                    : beast::http::status::conflict);
    } else {
      response.result(beast::http::status::not_found);
    }
    response.prepare_payload();
    return response;
  }

  std::uint16_t service_port;
  Threads threads;
  faults::FaultClock& clock;
  asio::io_context io{1};
  stops::Accept accept;
  base::TaskGroup* group = nullptr;
  std::thread thread;
};

Admin::Admin(std::uint16_t port, std::uint16_t service_port, Threads threads,
             faults::FaultClock& clock, std::function<void(const std::string&)> failed)
    : state_(std::make_unique<State>(port, service_port, std::move(threads), clock)) {
  asio::co_spawn(state_->io, state_->run(),
                 [failed = std::move(failed)](const std::exception_ptr& trouble) {
                   try {
                     if (trouble) {
                       std::rethrow_exception(trouble);
                     }
                   } catch (const std::exception& error) {
                     failed(std::string("the admin listener can't go on: ") + error.what());
                   }
                 });
  state_->thread = std::thread([&io = state_->io] { io.run(); });
}

Admin::~Admin() { stop(); }

std::uint16_t Admin::port() const { return state_->accept.port(); }

void Admin::stop() {
  asio::post(state_->io, [s = state_.get()] {
    if (s->group != nullptr) {
      s->group->cancel();
    }
  });
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
}

}  // namespace sevenstops::service
