#include "service/report.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <sstream>

namespace sevenstops::service {
namespace {

using namespace std::chrono_literals;

class ReportTest : public ::testing::Test {
 protected:
  [[nodiscard]] boost::json::object json() const {
    return boost::json::parse(report_json({&one, &other})).as_object();
  }
  [[nodiscard]] std::string text() const { return report_prometheus({&one, &other}); }
  [[nodiscard]] std::uint64_t value(std::string_view name) const {
    return json().at(name).to_number<std::uint64_t>();
  }

  stops::Metrics one;
  stops::Metrics other;
};

TEST_F(ReportTest, ThreadsAreMergedAsEachNumberSays) {
  one.parse.requests.add(3);
  other.parse.requests.add(4);
  one.accept.connections_open.add(2);
  other.accept.connections_open.add(5);
  one.parse.refused_buffered.raise_to(100);
  other.parse.refused_buffered.raise_to(40);
  one.drain.queued_most.raise_to(100);
  other.drain.queued_most.raise_to(40);
  EXPECT_EQ(value("requests_total"), 7U);
  EXPECT_EQ(value("connections_open"), 7U);
  EXPECT_EQ(value("refused_buffered_bytes_max"), 100U);
  EXPECT_EQ(value("queued_bytes_max"), 140U);
  const auto written = text();
  for (const auto* line :
       {"\nsevenstops_requests_total 7\n", "\nsevenstops_connections_open 7\n",
        "\nsevenstops_refused_buffered_bytes_max 100\n", "\nsevenstops_queued_bytes_max 140\n"}) {
    EXPECT_NE(written.find(line), std::string::npos) << line;
  }
}

TEST_F(ReportTest, EveryNumberIsInBothOnce) {
  const auto written = text();
  const auto document = json();
  std::size_t numbers = 0;
  for (const auto* group : one.groups()) {
    for (const auto& number : group->numbers()) {
      ++numbers;
      EXPECT_TRUE(document.contains(number.name)) << number.name;
      const auto type = "# TYPE sevenstops_" + std::string(number.name) + " ";
      EXPECT_NE(written.find(type + std::string(number.type) + "\n"), std::string::npos);
      EXPECT_EQ(written.find(type), written.rfind(type)) << number.name;
      EXPECT_FALSE(number.help.empty());
    }
  }
  // And the stops.
  EXPECT_EQ(document.size(), numbers + 1);
}

TEST_F(ReportTest, EveryReasonIsShownAtItsStop) {
  for (const auto& about : http::reasons) {
    one.refuse(about.reason);
    other.refuse(about.reason);
  }
  const auto document = json();
  const auto written = text();
  std::size_t shown = 0;
  for (const auto& about : http::reasons) {
    const auto stop = base::stop_names[base::index(about.stop)];
    const auto& refused = document.at("stops").at(stop).at("refused").as_object();
    const auto line =
        "stop=\"" + std::string(stop) + "\",reason=\"" + std::string(about.name) + "\"} 2\n";
    EXPECT_EQ(refused.contains(about.name), http::refuses(about.reason)) << about.name;
    EXPECT_EQ(written.find(line) != std::string::npos, http::refuses(about.reason)) << line;
    if (http::refuses(about.reason)) {
      ++shown;
      EXPECT_EQ(refused.at(about.name).to_number<int>(), 2);
    }
  }
  std::size_t in_all = 0;
  for (const auto& [stop, counted] : document.at("stops").as_object()) {
    in_all += counted.at("refused").as_object().size();
  }
  EXPECT_EQ(in_all, shown);
}

TEST_F(ReportTest, WhatNeverHappenedIsNotAmongTheReasons) {
  const auto document = json();
  for (const auto& [stop, counted] : document.at("stops").as_object()) {
    EXPECT_TRUE(counted.at("refused").as_object().empty()) << stop;
  }
  // A rate needs its nought.
  const auto written = text();
  for (const auto& about : http::reasons) {
    const auto line = "reason=\"" + std::string(about.name) + "\"} 0\n";
    EXPECT_EQ(written.find(line) != std::string::npos, http::refuses(about.reason)) << line;
  }
}

TEST_F(ReportTest, HistogramsAreCumulativeAndEndWithAll) {
  auto& handle = one[base::Stop::handle];
  handle.entered.add(3);
  handle.seconds.record(3us);
  handle.seconds.record(1h);
  other[base::Stop::handle].seconds.record(100ns);
  const auto stop = json().at("stops").at("handle").as_object();
  EXPECT_EQ(stop.at("timed").to_number<int>(), 3);
  EXPECT_NEAR(stop.at("seconds").to_number<double>(), 3600, 0.1);
  const auto written = text();
  const std::string name = "sevenstops_stop_duration_seconds";
  for (const auto* line :
       {"_bucket{stop=\"handle\",le=\"1e-06\"} 1\n", "_bucket{stop=\"handle\",le=\"2e-06\"} 1\n",
        "_bucket{stop=\"handle\",le=\"4e-06\"} 2\n", "_bucket{stop=\"handle\",le=\"+Inf\"} 3\n",
        "_count{stop=\"handle\"} 3\n"}) {
    EXPECT_NE(written.find("\n" + name + line), std::string::npos) << line;
  }
}

TEST_F(ReportTest, EveryLineIsPrometheusText) {
  std::istringstream lines(text());
  std::string line;
  std::set<std::string> samples;
  while (std::getline(lines, line)) {
    if (line.starts_with("# HELP sevenstops_") || line.starts_with("# TYPE sevenstops_")) {
      continue;
    }
    EXPECT_TRUE(line.starts_with("sevenstops_")) << line;
    const auto space = line.rfind(' ');
    ASSERT_NE(space, std::string::npos) << line;
    EXPECT_TRUE(samples.insert(line.substr(0, space)).second) << line;
  }
  EXPECT_GT(samples.size(), 100U);
}

// Alerts on drops are quiet where the kernel says nothing: that has to be seen.
TEST(ReportListener, SaysWhetherTheKernelTellsOfIt) {
  const auto unknown = report_listener(1);
  EXPECT_NE(unknown.find("\nsevenstops_listen_queue_known 0\n"), std::string::npos);
  EXPECT_EQ(unknown.find("listen_drops_total"), std::string::npos);
}

}  // namespace
}  // namespace sevenstops::service
