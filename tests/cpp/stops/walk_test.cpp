#include "stops/walk.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>

#include "../support/run.hpp"
#include "fakes.hpp"
#include "walk_fixture.hpp"

namespace sevenstops::stops {
namespace {

using fakes::WalkTest;
using http::Outcome;
using http::Reason;
using Next = Walk::Next;
using namespace std::chrono_literals;

TEST_F(WalkTest, PassesEveryStopOnce) {
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_EQ(writer.body, "ok\n");
  EXPECT_TRUE(writer.kept_alive);
  EXPECT_EQ(entered(), (std::vector<std::uint64_t>{0, 1, 1, 1, 1, 1, 1}));
  for (std::size_t stop = 1; stop < timings.size(); ++stop) {
    EXPECT_TRUE(timings[stop]) << base::stop_names[stop];
  }
  EXPECT_EQ(refused(), 0U);
}

TEST_F(WalkTest, ARefusalGoesStraightToDrain) {
  EXPECT_EQ(walk("/nothing"), Next::request);
  EXPECT_EQ(writer.status, 404U);
  EXPECT_EQ(entered(), (std::vector<std::uint64_t>{0, 1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(refused(Reason::no_route), 1U);
  EXPECT_EQ(refused(), 1U);
}

TEST_F(WalkTest, WhatCanNotBeTrustedEndsItsConnection) {
  EXPECT_EQ(walk("/%zz"), Next::linger);
  EXPECT_EQ(writer.status, 400U);
  EXPECT_FALSE(writer.kept_alive);
  // A body that was not read makes the next request's first byte unknown.
  EXPECT_EQ(walk("/nothing", "Content-Length: 5\r\n"), Next::linger);
  EXPECT_EQ(walk("/healthz", "Connection: close\r\n"), Next::end);
  EXPECT_EQ(walk("/nothing", "Connection: close\r\n"), Next::linger);
}

TEST_F(WalkTest, ABodyIsNotReadBeforeItsSenderIsKnown) {
  const std::string head = "POST /admin/wipe HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n";
  EXPECT_EQ(walk_over({head + "\r\n"}), Next::linger);
  EXPECT_EQ(writer.status, 401U);
  EXPECT_FALSE(request.body_read);
  EXPECT_EQ(walk_over({head + "Authorization: Bearer let-me-in\r\n\r\n"}), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_TRUE(request.body_read);
}

TEST_F(WalkTest, AnOddPathIsRedirectedWithItsQueryAndWasNotRefused) {
  EXPECT_EQ(walk("//orders/?limit=5&x=//"), Next::request);
  EXPECT_EQ(writer.status, 308U);
  EXPECT_EQ(writer.says("Location"), "/orders?limit=5&x=//");
  EXPECT_EQ(writer.body, "");
  EXPECT_EQ(entered(), (std::vector<std::uint64_t>{0, 1, 1, 0, 0, 0, 1}));
  EXPECT_EQ(refused(), 0U);
  EXPECT_EQ(metrics.route.redirected.value(), 1U);
  EXPECT_EQ(walk("http://a//evil.example/"), Next::request);
  EXPECT_EQ(writer.says("Location"), "/evil.example");
  // Its body has not been read.
  EXPECT_EQ(walk("//orders", "Content-Length: 5\r\n"), Next::linger);
  EXPECT_FALSE(writer.kept_alive);
  EXPECT_EQ(walk("/orders"), Next::request);
  EXPECT_EQ(writer.says("Location"), "");
}

TEST_F(WalkTest, SilenceIsNoRequest) {
  EXPECT_EQ(walk_over({}), Next::end);
  EXPECT_EQ(writer.heads, 0);
  EXPECT_EQ(entered(), std::vector<std::uint64_t>(7, 0));
  EXPECT_EQ(refused(), 0U);
}

TEST_F(WalkTest, AHandlersExceptionIsAnsweredCountedAndLogged) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(walk("/throws"), Next::request);
  EXPECT_EQ(writer.status, 500U);
  EXPECT_EQ(writer.body, "exception\n");
  EXPECT_EQ(refused(Reason::handle_exception), 1U);
  EXPECT_EQ(refused(), 1U);
  EXPECT_EQ(entered(), (std::vector<std::uint64_t>{0, 1, 1, 1, 1, 0, 1}));
  // The connection is as good as before.
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  // Its end is the end of its queue; nothing walks any more.
  log.reset();
  const auto written = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("/throws failed: no such table\n"), std::string::npos) << written;
}

Settings limited() {
  Settings settings;
  settings.middleware.rate_limit = 0.001;
  settings.middleware.rate_burst = 2;
  return settings;
}

class LimitedWalkTest : public WalkTest {
 protected:
  explicit LimitedWalkTest(Settings with = limited()) : WalkTest(with) {}
};

TEST_F(LimitedWalkTest, WhoSendsTooMuchIsTold) {
  EXPECT_EQ(walk("/users/42"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  EXPECT_EQ(writer.says("RateLimit-Policy"), "\"client\";q=2;w=2000");
  EXPECT_EQ(writer.says("RateLimit"), "\"client\";r=1;t=1000");
  EXPECT_EQ(walk("/users/42"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  const auto handled = metrics[base::Stop::handle].entered.value();
  EXPECT_EQ(walk("/users/42"), Next::request);
  EXPECT_EQ(writer.status, 429U);
  EXPECT_TRUE(writer.body.ends_with("rate_limit\n")) << writer.body;
  EXPECT_EQ(writer.says("RateLimit"), "\"client\";r=0;t=1000");
  EXPECT_EQ(writer.retry_after, 1000U);
  EXPECT_TRUE(writer.kept_alive);
  EXPECT_EQ(metrics[base::Stop::handle].entered.value(), handled);
  EXPECT_EQ(metrics.middleware.rate_limited_after_work.value(), 0U);
  EXPECT_EQ(refused(Reason::rate_limit), 1U);
  EXPECT_EQ(refused(), 1U);
  // Whether the service lives may be asked at any rate.
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(writer.status, 200U);
}

TEST_F(LimitedWalkTest, WhoBringsNoTokenSpendsNothing) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(walk_over({"POST /admin/wipe HTTP/1.1\r\nHost: a\r\n\r\n"}), Next::request);
    EXPECT_EQ(writer.status, 401U);
    EXPECT_EQ(writer.says("RateLimit-Policy"), "");
  }
  EXPECT_EQ(walk("/users/42"), Next::request);
  EXPECT_EQ(writer.status, 200U);
}

Settings limited_late() {
  auto settings = limited();
  settings.middleware.rate_limit_first = false;
  return settings;
}

class LateLimitWalkTest : public LimitedWalkTest {
 protected:
  LateLimitWalkTest() : LimitedWalkTest(limited_late()) {}
};

TEST_F(LateLimitWalkTest, TheWorkIsDoneForWhoIsRefused) {
  for (const auto status : {200U, 200U, 429U}) {
    EXPECT_EQ(walk("/users/42"), Next::request);
    EXPECT_EQ(writer.status, status);
  }
  EXPECT_EQ(metrics[base::Stop::handle].entered.value(), 3U);
  EXPECT_EQ(metrics.middleware.rate_limited_after_work.value(), 1U);
}

TEST_F(WalkTest, ALayersExceptionIsAnsweredCountedAndLogged) {
  stops.faults = faults::Injection({faults::make_fault("failing-layer=1")}, clock);
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(walk("/healthz", "Authorization: Bearer let-me-in\r\n"), Next::request);
  EXPECT_EQ(writer.status, 500U);
  EXPECT_EQ(writer.body, "exception\n");
  EXPECT_EQ(refused(Reason::middleware_exception), 1U);
  EXPECT_EQ(refused(), 1U);
  // Who brings no credentials is not asked for any.
  EXPECT_EQ(walk("/healthz"), Next::request);
  EXPECT_EQ(writer.status, 200U);
  log.reset();
  const auto written = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find("/healthz failed: the auth layer has the fault failing-layer\n"),
            std::string::npos)
      << written;
}

TEST_F(WalkTest, TheRestOfABodyThatBrokeOffIsNoRequest) {
  content.body = "GET /healthz HTTP/1.1";
  content.breaks = true;
  ::testing::internal::CaptureStderr();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n";
  EXPECT_EQ(walk_over({head}), Next::linger);
  log.reset();
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("bad_alloc"), std::string::npos);
  EXPECT_EQ(writer.status, 500U);
  EXPECT_FALSE(writer.kept_alive);
  EXPECT_FALSE(request.body_read);
  EXPECT_EQ(refused(Reason::parse_exception), 1U);
  EXPECT_EQ(refused(), 1U);
}

TEST_F(WalkTest, WhatCanNotBeSerializedIsNotTheHandlersFault) {
  EXPECT_EQ(walk("/spoiled"), Next::request);
  EXPECT_EQ(writer.status, 500U);
  EXPECT_EQ(writer.body, "exception\n");
  EXPECT_EQ(refused(Reason::serialize_exception), 1U);
  EXPECT_EQ(refused(), 1U);
}

TEST_F(WalkTest, ADeclaredLengthIsHeldAgainstTheLimitBeforeTheToken) {
  EXPECT_EQ(walk_over({"POST /admin/wipe HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n"}),
            Next::linger);
  EXPECT_EQ(writer.status, 413U);
  EXPECT_FALSE(request.body_read);
}

// What a stop took is measured from the end of the one before, and the body comes between the two.
TEST_F(WalkTest, ABodyThatTakesItsTimeIsNoTimeOfTheStopsAfterIt) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  for (const bool breaks : {false, true}) {
    content.body = "hello";
    content.takes = 300ms;
    content.breaks = breaks;
    walk_over({head});
    EXPECT_EQ(writer.status, breaks ? 500U : 200U);
    for (const auto stop : {base::Stop::handle, base::Stop::serialize, base::Stop::drain}) {
      EXPECT_LT(timings[base::index(stop)].value_or(0s), 150ms)
          << base::stop_names[base::index(stop)];
    }
  }
}

Settings one_at_a_time() {
  Settings settings;
  settings.accept.admission.method = AdmissionMethod::codel;
  settings.accept.admission.limit = 1;
  return settings;
}

class AdmittedWalkTest : public WalkTest {
 protected:
  AdmittedWalkTest() : WalkTest(one_at_a_time()) {}
};

TEST_F(AdmittedWalkTest, TheWaitForATurnIsNoTimeOfAStop) {
  const auto match = stops.router.match("GET", "/throws");
  std::optional<Outcome<Admission::Lease>> lease;
  test::run([&]() -> asio::awaitable<void> {
    lease.emplace(co_await stops.admission.enter(*match->route));
  });
  EXPECT_EQ(walk("/throws"), Next::request);
  EXPECT_EQ(refused(Reason::admission_queue_time), 1U);
  EXPECT_LT(timings[base::index(base::Stop::drain)].value_or(1s), 50ms);
}

TEST_F(WalkTest, ACancellationIsNoAnswer) {
  EXPECT_THROW((void)walk("/cancelled"), boost::system::system_error);
  EXPECT_EQ(writer.heads, 0);
  EXPECT_EQ(refused(), 0U);
}

TEST_F(WalkTest, AClientThatHasLeftIsNotAnsweredAndWasNotRefused) {
  stops.faults = faults::Injection({faults::make_fault("slow-dependency=60")}, clock);
  caller.leaves = true;
  EXPECT_EQ(walk("/page"), Next::end);
  EXPECT_EQ(writer.heads, 0);
  EXPECT_EQ(refused(), 0U);
}

TEST_F(WalkTest, APeerThatTakesNothingIsCountedOnce) {
  writer.refuses_from = 1;
  EXPECT_EQ(walk("/healthz"), Next::end);
  EXPECT_EQ(refused(Reason::write_timeout), 1U);
  EXPECT_EQ(refused(), 1U);
}

TEST_F(WalkTest, APeerThatIsGoneIsNotCounted) {
  writer.refuses_from = 1;
  writer.refusal = Reason::closed;
  EXPECT_EQ(walk("/healthz"), Next::end);
  EXPECT_EQ(refused(), 0U);
}

// Each response has its line, and so has what ended without one, but not silence.
TEST(WalkLog, HasALineForEach) {
  auto name = (std::filesystem::temp_directory_path() / "walk-test-XXXXXX").string();
  const std::filesystem::path folder = ::mkdtemp(name.data());
  const auto file = folder / "access.log";
  {
    base::Log log(file.string());
    Metrics metrics;
    const Backend backend{
        .store = std::make_shared<store::Store>(1, 1),
        .workers = std::make_shared<store::Workers>(store::WorkerLimits{.threads = 1}),
        .dependencies = {}};
    const faults::FaultClock clock;
    base::Budget budget(1 << 30);
    Stops stops(Settings(), backend, "let-me-in", {}, clock, metrics, log, budget);
    const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n";
    fakes::FakeIncoming incoming({"GET /healthz" + rest, "GET /nothing" + rest, "GET" + rest});
    http::Request request;
    fakes::FakeContent content;
    fakes::FakeCaller caller;
    fakes::FakeWriter writer;
    test::run([&]() -> asio::awaitable<void> {
      for (int i = 0; i < 4; ++i) {
        Exchange exchange{.request = request,
                          .incoming = incoming,
                          .content = content,
                          .caller = caller,
                          .writer = writer,
                          .peer = "here"};
        Walk one(stops, exchange);
        (void)co_await one.once();
      }
    });
  }
  std::ifstream in(file);
  std::string line;
  std::vector<std::string> said;
  while (std::getline(in, line)) {
    const auto fields = boost::json::parse(line);
    said.push_back(std::to_string(fields.at("status").to_number<int>()) + " " +
                   std::string(fields.at("refused").as_string()));
    EXPECT_FALSE(fields.at("drain").is_null());
  }
  EXPECT_EQ(said, (std::vector<std::string>{"200 ", "404 no_route", "400 request_line"}));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sevenstops::stops
