#include "stops/access_log.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "fakes.hpp"

namespace sevenstops::stops {
namespace {

using http::Reason;
using namespace std::chrono_literals;

class AccessLogTest : public ::testing::Test {
 protected:
  boost::json::object line(unsigned status = 200, std::uint64_t bytes = 7,
                           std::optional<Reason> refused = {}) {
    const auto text = R"({"time":"now")" + access_line(exchange, status, bytes, refused) + "}";
    EXPECT_EQ(text.find('\n'), std::string::npos);
    return boost::json::parse(text).as_object();
  }

  http::Request request;
  fakes::FakeIncoming incoming;
  fakes::FakeContent content;
  fakes::FakeCaller caller;
  fakes::FakeWriter writer;
  Exchange exchange{.request = request,
                    .incoming = incoming,
                    .content = content,
                    .caller = caller,
                    .writer = writer,
                    .peer = "127.0.0.1"};
};

TEST_F(AccessLogTest, SaysWhatWasAskedAndAnswered) {
  request.method = "GET";
  request.target = "/orders?limit=5";
  request.fields.push_back(
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
  const auto fields = line(404, 123, Reason::no_route);
  EXPECT_EQ(fields.at("peer").as_string(), "127.0.0.1");
  EXPECT_EQ(fields.at("method").as_string(), "GET");
  EXPECT_EQ(fields.at("target").as_string(), "/orders?limit=5");
  EXPECT_EQ(fields.at("protocol").as_string(), "HTTP/1.1");
  EXPECT_EQ(fields.at("status").to_number<int>(), 404);
  EXPECT_EQ(fields.at("bytes").to_number<int>(), 123);
  EXPECT_EQ(fields.at("trace").as_string(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(fields.at("refused").as_string(), "no_route");
  request.minor_version = 0;
  EXPECT_EQ(line().at("protocol").as_string(), "HTTP/1.0");
  request.major_version = 2;
  EXPECT_EQ(line().at("protocol").as_string(), "HTTP/2.0");
}

TEST_F(AccessLogTest, HasTheTraceThatBeganHereWhereNoneCame) {
  exchange.trace_begun = "4bf92f3577b34da6a3ce929d0e0e4736";
  EXPECT_EQ(line().at("trace").as_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
  request.fields.push_back({"traceparent", "no trace"});
  EXPECT_EQ(line().at("trace").as_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(AccessLogTest, HasAFieldForEachStop) {
  exchange.timings[base::index(base::Stop::handle)] = 1500us;
  exchange.timings[base::index(base::Stop::drain)] = 2h;
  const auto fields = line();
  for (const auto stop : base::stop_names) {
    ASSERT_TRUE(fields.contains(stop)) << stop;
    if (stop == "handle") {
      EXPECT_DOUBLE_EQ(fields.at(stop).as_double(), 0.0015);
    } else if (stop == "drain") {
      EXPECT_DOUBLE_EQ(fields.at(stop).as_double(), 7200);
    } else {
      EXPECT_TRUE(fields.at(stop).is_null()) << stop;
    }
  }
  constexpr std::size_t others = 9;
  EXPECT_EQ(fields.size(), others + base::stop_names.size());
}

TEST_F(AccessLogTest, WhatIsNotThereIsEmpty) {
  const auto fields = line(0, 0);
  EXPECT_EQ(fields.at("method").as_string(), "");
  EXPECT_EQ(fields.at("target").as_string(), "");
  EXPECT_EQ(fields.at("trace").as_string(), "");
  EXPECT_EQ(fields.at("refused").as_string(), "");
}

// What is refused may hold any byte; each stands for itself, as in Latin-1.
TEST_F(AccessLogTest, IsJsonWhateverWasSent) {
  std::string hostile;
  std::string expected;
  for (int byte = 0; byte < 256; ++byte) {
    hostile.push_back(static_cast<char>(byte));
    if (byte < 0x80) {
      expected.push_back(static_cast<char>(byte));
    } else {
      expected.push_back(static_cast<char>(0xc0 | (byte >> 6)));
      expected.push_back(static_cast<char>(0x80 | (byte & 63)));
    }
  }
  hostile += "\",\"status\":200,\"x\":\"";
  expected += "\",\"status\":200,\"x\":\"";
  request.method = hostile;
  request.target = hostile;
  request.fields.push_back({"traceparent", hostile});
  exchange.peer = hostile;
  const auto fields = line(400, 1, Reason::target);
  for (const auto* name : {"method", "target", "peer"}) {
    EXPECT_EQ(std::string_view(fields.at(name).as_string()), expected) << name;
  }
  EXPECT_EQ(fields.at("status").to_number<int>(), 400);
  EXPECT_FALSE(fields.contains("x"));
  EXPECT_EQ(fields.at("trace").as_string(), "");
}

TEST_F(AccessLogTest, EveryReasonHasItsName) {
  for (const auto& about : http::reasons) {
    EXPECT_EQ(line(about.status, 0, about.reason).at("refused").as_string(), about.name);
  }
}

TEST_F(AccessLogTest, ARefusalWithoutAnExchangeHasTheSameFields) {
  const auto text =
      R"({"time":"now")" + refusal_line("::1", "HTTP/2.0", Reason::http2_message) + "}";
  const auto fields = boost::json::parse(text).as_object();
  const auto others = line();
  EXPECT_EQ(fields.size(), others.size());
  for (const auto& [name, value] : others) {
    EXPECT_TRUE(fields.contains(name)) << name;
  }
  EXPECT_EQ(fields.at("peer").as_string(), "::1");
  EXPECT_EQ(fields.at("protocol").as_string(), "HTTP/2.0");
  EXPECT_EQ(fields.at("status").to_number<int>(), 0);
  EXPECT_EQ(fields.at("refused").as_string(), "http2_message");
  EXPECT_TRUE(fields.at("parse").is_null());
}

}  // namespace
}  // namespace sevenstops::stops
