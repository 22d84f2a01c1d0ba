#include "service/admin.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <thread>

#include "base/task_group.hpp"
#include "http/characters.hpp"
#include "http/date.hpp"
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
  const auto port = host.substr(name.size());
  return (http::iequals(name, "localhost") || name == "127.0.0.1" || name == "[::1]") &&
         (port.empty() || port.starts_with(':')) &&
         port.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

using Request = beast::http::request<beast::http::empty_body>;
using Response = beast::http::response<beast::http::string_body>;

// What is no request gets an answer all the same; who is silent or gone gets none.
std::optional<beast::http::status> refused(const boost::system::error_code& error) {
  using Error = beast::http::error;
  if (error == Error::header_limit || error == Error::buffer_overflow) {
    return beast::http::status::request_header_fields_too_large;
  }
  if (error.category() != make_error_code(Error::end_of_stream).category() ||
      error == Error::end_of_stream || error == Error::partial_message) {
    return std::nullopt;
  }
  return beast::http::status::bad_request;
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
    // No request here has a use for a body.
    beast::http::request_parser<beast::http::empty_body> parser;
    const auto [error, n] =
        co_await beast::http::async_read_header(stream, buffer, parser, base::as_tuple);
    Response response;
    if (!error) {
      response = respond(parser.get());
    } else if (const auto status = refused(error)) {
      response.result(*status);
      response.prepare_payload();
    } else {
      co_return;
    }
    response.keep_alive(false);
    response.set(beast::http::field::date, http::date_now());
    if (parser.get().method() == beast::http::verb::head) {
      // Its length stays as it is (RFC 9110, 9.3.2).
      response.body().clear();
    }
    co_await beast::http::async_write(stream, response, base::as_tuple);
    boost::system::error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    // What is closed with bytes unread is reset (RFC 2525, 2.17), and the answer may be lost with
    // it.
    std::array<char, 16384> unread{};
    stream.socket().non_blocking(true, ignored);
    for (int i = 0; i < 4 && !ignored; ++i) {
      (void)stream.socket().read_some(asio::buffer(unread), ignored);
    }
  }

  [[nodiscard]] Response respond(const Request& request) const {
    Response response(beast::http::status::ok, request.version());
    const bool begins = request.target() == "/faults/begin";
    const auto method = request.method();
    if (request.count(beast::http::field::host) != 1 ||
        !loopback_name(request[beast::http::field::host])) {
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
