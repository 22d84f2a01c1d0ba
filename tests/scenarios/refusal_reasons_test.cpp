#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <thread>

#include "../cpp/stops/fakes.hpp"
#include "../cpp/support/self_signed.hpp"
#include "../cpp/support/sockets.hpp"
#include "http2_floods.hpp"
#include "load/fetch.hpp"
#include "own_walk.hpp"
#include "provocation.hpp"
#include "service/service.hpp"
#include "stops/handle/endpoint.hpp"

namespace sevenstops {
namespace {

using base::Clock;
using http::Reason;
using service::Service;
using service::Settings;
using test::at_a_body_without_memory;
using test::at_an_endpoint_of_its_own;
using test::breaking;
using test::count;
using test::get;
using test::injected;
using test::post;
using test::Provocation;
using test::receive_answer;
using test::refused;
using test::Seen;
using test::tcp;
using test::throwing;
using test::until;
using namespace std::chrono_literals;

// Hardened settings with a change.
template <class Change>
Settings with(Change change) {
  auto settings = service::hardened();
  change(settings);
  return settings;
}

std::string chunks(const std::string& body) { return post("Transfer-Encoding: chunked\r\n", body); }

using Provoke = std::function<Seen(Reason)>;

// One request is refused.
Provoke sent(const std::string& bytes, const Settings& settings = service::hardened(),
             const std::string& fault = "") {
  return [=](Reason reason) {
    Provocation provocation(settings,
                            {.faults = fault.empty() ? faults::Faults() : injected(fault)});
    return provocation.seen(reason, provocation.ask(bytes));
  };
}

// Frames of HTTP/2 are: there is no answer, or one that only another HTTP/2 could read.
Provoke framed(const std::string& bytes, const Settings& settings = service::hardened()) {
  return [=](Reason reason) {
    Provocation provocation(settings);
    auto socket = provocation.connect();
    std::thread sender([&] { test::send(socket, test::http2_begin() + bytes); });
    auto seen = provocation.seen(reason, "");
    boost::system::error_code error;
    socket.shutdown(tcp::socket::shutdown_both, error);
    sender.join();
    return seen;
  };
}

Provoke flooded(Reason reason) {
  for (const auto& flood : floods()) {
    if (flood.name == http::info(reason).name) {
      return framed(flood.bytes());
    }
  }
  throw std::logic_error("there is no such flood");
}

// Twice as many streams are worked for as there may be, since nobody notices who has left.
Seen beyond_the_streams(Reason reason) {
  auto settings = with([](Settings& s) {
    s.parse.http2.streams = 1;
    s.handle.cancel = false;
    s.handle.deadline = 60;
  });
  Provocation provocation(settings, {.faults = injected("slow-dependency=1")});
  auto socket = provocation.connect();
  std::string bytes = test::http2_begin();
  for (const std::uint32_t id : {1, 3, 5}) {
    bytes += test::get_frame(id, "/page") +
             test::frame(NGHTTP2_RST_STREAM, 0, id, test::big_endian(NGHTTP2_CANCEL));
  }
  test::send(socket, bytes);
  return provocation.seen(reason, "");
}

Seen beyond_the_connections(Reason reason) {
  Provocation provocation(with([](Settings& s) { s.accept.max_connections = 1; }));
  // Who has begun to speak keeps its place.
  auto held = provocation.connect();
  test::send(held, post("Content-Length: 9\r\nExpect: 100-continue\r\n", ""));
  (void)test::receive(held, 1);
  auto socket = provocation.connect();
  return provocation.seen(reason, receive_answer(socket));
}

Seen without_tls(Reason reason) {
  const test::SelfSigned identity;
  Provocation provocation(
      service::hardened(),
      {.tls = base::TlsFiles{.certificate = identity.path(), .key = identity.key_path()}});
  return provocation.seen(reason, provocation.ask(get("/healthz")));
}

// Others hold it whose bodies have all but come, and nobody is called slow.
Seen beyond_the_budget(Reason reason) {
  constexpr std::size_t size = 38000;
  constexpr int others = 4;
  Provocation provocation(with([](Settings& s) {
    s.parse.byte_budget = 200000;
    s.parse.body_limit = 60000;
    s.parse.body_rate = 0;
  }));
  const auto length = "Content-Length: " + std::to_string(size) + "\r\n";
  std::vector<tcp::socket> held;
  for (int i = 0; i < others; ++i) {
    test::send(held.emplace_back(provocation.connect()), post(length, std::string(size - 1, 'x')));
  }
  until([&] { return count(provocation.stops(), "held_bytes") >= others * (size - 1); });
  return provocation.seen(reason, provocation.ask(post("Content-Length: 60000\r\n", "")));
}

Seen beyond_the_rate(Reason reason) {
  Provocation provocation(with([](Settings& s) {
    s.middleware.rate_limit = 0.001;
    s.middleware.rate_burst = 1;
  }));
  (void)provocation.ask(get("/users/7"));
  return provocation.seen(reason, provocation.ask(get("/users/7")));
}

// One page takes its time, on a service that has one at once or makes the next one wait.
Provoke beyond_the_admission(stops::AdmissionMethod method) {
  return [=](Reason reason) {
    Provocation provocation(with([=](Settings& s) {
                              s.handle.deadline = 60;
                              s.accept.admission = {
                                  .method = method, .limit = 1, .queue_time = 0.0001};
                            }),
                            {.faults = injected("slow-dependency=60")});
    auto first = provocation.connect();
    test::send(first, get("/page"));
    until([&] { return count(provocation.stops(), "admitted_requests_in_progress") == 1; });
    return provocation.seen(reason, provocation.ask(get("/page")));
  };
}

// A service beneath that always fails; what is repeated without end opens its breaker.
Seen on_a_failing_dependency(Reason reason, std::int64_t repeats) {
  const Service failing(service::hardened(),
                        {.threads = 1, .rows = 1, .faults = injected("fail=1")});
  const auto settings = with([=](Settings& s) {
    s.handle.deadline = 60;
    s.handle.retry = {.most = repeats, .budget = 1000, .pause = 0, .jitter = false};
    s.handle.breaker.pause = 3600;
  });
  Provocation provocation(settings,
                          {.dependencies = {{.name = "failing", .replicas = {failing.port()}}}});
  return provocation.seen(reason, provocation.ask(get("/page")));
}

constexpr std::int64_t many_rows = 60000;

Settings with_one_worker() {
  return with([](Settings& s) {
    s.handle.workers = 1;
    s.handle.queue_limit = 1;
    s.handle.deadline = 3600;
    s.drain.await_writes = false;
  });
}

// A report keeps the one worker, a part of an export the one place in the queue.
Seen beyond_the_queue(Reason reason) {
  constexpr int tries = 10;
  for (int i = 1;; ++i) {
    Provocation provocation(with_one_worker(), {.rows = many_rows});
    auto report = provocation.connect();
    test::send(report, get("/report"));
    until([&] { return count(provocation.stops(), "queries_total") == 1; });
    auto exported = provocation.connect();
    test::send(exported, get("/export.csv"));
    (void)test::receive(exported, 1);
    auto answer = provocation.ask(get("/orders?limit=1"));
    if (answer.find(" 503 ") != std::string::npos || i == tries) {
      return provocation.seen(reason, std::move(answer));
    }
  }
}

// A report keeps the one worker, and a part of an export the queue from being empty, for longer
// than a burst may last.
Seen too_long_in_the_queue(Reason reason) {
  constexpr int tries = 10;
  auto settings = with_one_worker();
  settings.handle.queue_limit = 100;
  settings.handle.queue_time = 0.0001;
  for (int i = 1;; ++i) {
    Provocation provocation(settings, {.rows = 10 * many_rows});
    auto report = provocation.connect();
    test::send(report, get("/report"));
    until([&] { return count(provocation.stops(), "queries_total") == 1; });
    auto exported = provocation.connect();
    test::send(exported, get("/export.csv"));
    (void)test::receive(exported, 1);
    std::this_thread::sleep_for(150ms);
    auto answer = provocation.ask(get("/orders?limit=1"));
    if (answer.find(" 503 ") != std::string::npos || i == tries) {
      return provocation.seen(reason, std::move(answer));
    }
  }
}

Seen by_one_who_does_not_read(Reason reason) {
  Provocation provocation(with([](Settings& s) {
                            s.drain.write_timeout = 0.05;
                            s.drain.send_buffer = 4096;
                          }),
                          {.rows = many_rows});
  auto socket = provocation.connect();
  test::send(socket, get("/export.csv"));
  return provocation.seen(reason, "");
}

Seen asked_while_unready(Reason reason) {
  Provocation service;
  service.say_unready();
  return service.seen(reason, service.ask(get("/healthz")));
}

const std::map<Reason, Provoke>& provocations() {
  static const auto short_times = with([](Settings& s) {
    s.parse.head_timeout = 0.05;
    s.parse.body_timeout = 0.05;
  });
  static const auto small_limits = with([](Settings& s) {
    s.parse.request_line_limit = 64;
    s.parse.header_limit = 256;
    s.parse.header_count = 2;
    s.parse.body_limit = 8;
  });
  const std::string long_text(300, 'a');
  static const std::map<Reason, Provoke> all = {
      {Reason::max_connections, beyond_the_connections},
      {Reason::accept_queue_time,
       sent(get("/healthz"), with([](Settings& s) { s.accept.queue_time = 0.05; }),
            "stalled-acceptor=0.2/3600")},
      {Reason::tls_handshake, without_tls},
      {Reason::admission, beyond_the_admission(stops::AdmissionMethod::fixed)},
      {Reason::admission_queue_time, beyond_the_admission(stops::AdmissionMethod::codel)},
      {Reason::leaving, asked_while_unready},
      {Reason::bare_line_feed, sent("GET / HTTP/1.1\nHost: a\n\n")},
      {Reason::request_line_limit, sent(get("/" + long_text), small_limits)},
      {Reason::header_limit, sent(get("/", "A: " + long_text + "\r\n"), small_limits)},
      {Reason::header_count, sent(get("/", "A: b\r\nC: d\r\n"), small_limits)},
      {Reason::head_timeout, sent("GET /", short_times)},
      {Reason::request_line, sent("GET\r\nHost: a\r\n\r\n")},
      {Reason::method_token, sent("G(T / HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::version, sent("GET / HTTP/2.0\r\nHost: a\r\n\r\n")},
      {Reason::target, sent(get("/\x7f"))},
      {Reason::target_escape, sent(get("/%zz"))},
      {Reason::target_form, sent(get("*"))},
      {Reason::target_authority, sent(get("http://b/"))},
      {Reason::misdirected, sent(get("https://a/"))},
      {Reason::field_line, sent(get("/", "no colon\r\n"))},
      {Reason::field_name, sent(get("/", "A b: c\r\n"))},
      {Reason::field_value, sent(get("/", "A: \x01\r\n"))},
      {Reason::obs_fold, sent(get("/", " folded\r\n"))},
      {Reason::host, sent(get("/", "Host: b\r\n"))},
      {Reason::content_length, sent(post("Content-Length: 1x\r\n", ""))},
      {Reason::transfer_encoding, sent(post("Transfer-Encoding: gzip\r\n", ""))},
      {Reason::connection_names_framing, sent(get("/", "Connection: host\r\n"))},
      {Reason::repeated_field, sent(get("/", "Authorization: a\r\nAuthorization: b\r\n"))},
      {Reason::expectation, sent(get("/", "Expect: much\r\n"))},
      {Reason::body_limit, sent(post("Content-Length: 9\r\n", ""), small_limits)},
      {Reason::body_timeout, sent(post("Content-Length: 9\r\n", "abc"), short_times)},
      {Reason::byte_budget, beyond_the_budget},
      {Reason::parse_exception, at_a_body_without_memory},
      {Reason::chunk_size, sent(chunks("x\r\n"))},
      {Reason::chunk_extension, sent(chunks("1;=\r\n"))},
      {Reason::chunk_line, sent(chunks("1\rx"))},
      {Reason::chunk_end, sent(chunks("1\r\nab"))},
      {Reason::trailer_limit, sent(chunks("0\r\nA: " + std::string(5000, 'a')))},
      {Reason::trailer_line, sent(chunks("0\r\nA: b\rc"))},
      {Reason::trailer_field, sent(chunks("0\r\nHost: b\r\n"))},
      {Reason::http2_protocol, flooded(Reason::http2_protocol)},
      {Reason::http2_message,
       framed(test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                          test::get_block("no-path")))},
      {Reason::http2_streams, beyond_the_streams},
      {Reason::http2_resets, flooded(Reason::http2_resets)},
      {Reason::http2_made_resets, flooded(Reason::http2_made_resets)},
      {Reason::http2_pings, flooded(Reason::http2_pings)},
      {Reason::http2_settings, flooded(Reason::http2_settings)},
      {Reason::http2_priorities, flooded(Reason::http2_priorities)},
      {Reason::http2_empty_frames, flooded(Reason::http2_empty_frames)},
      {Reason::http2_window_updates, flooded(Reason::http2_window_updates)},
      {Reason::http2_continuations, flooded(Reason::http2_continuations)},
      {Reason::http2_acknowledgements,
       framed(test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')) +
                  test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')) +
                  test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')),
              with([](Settings& s) { s.parse.http2.acknowledgements = 1; }))},
      {Reason::path_form, sent(get("/../healthz"))},
      {Reason::odd_path, sent(get("//healthz"), with([](Settings& s) {
                                s.route.odd_paths = stops::OddPaths::refuse;
                              }))},
      {Reason::no_route, sent(get("/nothing"))},
      {Reason::method_unknown, sent("BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::method_not_allowed, sent("DELETE /healthz HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::unauthenticated, sent("POST /admin/wipe HTTP/1.1\r\nHost: a\r\n\r\n")},
      {Reason::rate_limit, beyond_the_rate},
      {Reason::middleware_exception, sent(get("/healthz", "Authorization: Bearer none\r\n"),
                                          service::hardened(), "failing-layer=1")},
      {Reason::query, sent(get("/orders?limit=none"))},
      {Reason::no_user, sent(get("/users/somebody"))},
      {Reason::no_dependency, sent(get("/page?of=nobody"))},
      {Reason::deadline_header, sent(get("/page", "X-Request-Deadline-Ms: soon\r\n"))},
      {Reason::deadline, sent(get("/page", "X-Request-Deadline-Ms: 20\r\n"), service::hardened(),
                              "slow-dependency=60")},
      {Reason::dependency_failed, [](Reason r) { return on_a_failing_dependency(r, 0); }},
      {Reason::dependency_stopped, [](Reason r) { return on_a_failing_dependency(r, 1000); }},
      {Reason::worker_queue, beyond_the_queue},
      {Reason::worker_queue_time, too_long_in_the_queue},
      {Reason::fault, sent(get("/page"), service::hardened(), "fail=1")},
      {Reason::handle_exception,
       [](Reason) { return at_an_endpoint_of_its_own({"throwing", throwing}); }},
      {Reason::serialize_exception,
       [](Reason) { return at_an_endpoint_of_its_own({"spoiled", stops::fakes::spoiled}); }},
      {Reason::precondition, sent(get("/orders?limit=1", "If-Match: \"another\"\r\n"))},
      {Reason::write_timeout, by_one_who_does_not_read},
      {Reason::stream_broken,
       [](Reason) { return at_an_endpoint_of_its_own({"breaking", breaking}); }},
  };
  return all;
}

class RefusalReasons : public ::testing::TestWithParam<http::ReasonInfo> {};

TEST_P(RefusalReasons, IsCountedOnceAtItsStop) {
  const auto& about = GetParam();
  const auto provoke = provocations().find(about.reason);
  ASSERT_NE(provoke, provocations().end()) << "nothing here provokes " << about.name;
  const auto seen = provoke->second(about.reason);
  if (about.status != 0) {
    EXPECT_EQ(seen.answer.substr(0, 13), "HTTP/1.1 " + std::to_string(about.status) + " ")
        << seen.answer;
    EXPECT_TRUE(seen.answer.ends_with("\r\n\r\n" + std::string(about.name) + "\n")) << seen.answer;
    EXPECT_EQ(seen.answer.find("Connection: close") != std::string::npos, about.ends_connection);
    EXPECT_EQ(seen.answer.find("Retry-After") != std::string::npos, about.retry_after > 0);
  }
  EXPECT_EQ(refused(seen.stops, about), 1U) << seen.stops;
  EXPECT_EQ(refused(seen.stops), 1U) << seen.stops;
  // Every reason has its line, and this one alone is above nought.
  for (const auto& each : http::reasons) {
    if (http::refuses(each.reason)) {
      const auto line = "\nsevenstops_stop_refused_total{stop=\"" +
                        std::string(base::stop_names[base::index(each.stop)]) + "\",reason=\"" +
                        std::string(each.name) + "\"} " +
                        (each.reason == about.reason ? "1\n" : "0\n");
      EXPECT_NE(seen.metrics.find(line), std::string::npos) << line;
    }
  }
}

std::vector<http::ReasonInfo> refusing() {
  std::vector<http::ReasonInfo> all;
  std::ranges::copy_if(http::reasons, std::back_inserter(all),
                       [](const auto& about) { return http::refuses(about.reason); });
  return all;
}

INSTANTIATE_TEST_SUITE_P(EveryReason, RefusalReasons, ::testing::ValuesIn(refusing()),
                         [](const auto& each) {
                           return std::string(base::stop_names[base::index(each.param.stop)]) +
                                  "_" + std::string(each.param.name);
                         });

}  // namespace
}  // namespace sevenstops
