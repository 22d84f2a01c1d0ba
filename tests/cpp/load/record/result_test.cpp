#include "load/record/result.hpp"

#include <gtest/gtest.h>

namespace sevenstops::load {
namespace {

using Outcomes = std::map<std::string, std::uint64_t>;

TEST(RequestRecord, MergedPartsAreTheirSum) {
  RequestRecord a;
  a.latency.record(1000);
  a.response.record(500);
  a.status_counts[200] = 2;
  a.status_counts[204] = 1;
  a.endings[static_cast<std::size_t>(Ending::reset)] = 1;
  a.unexpected = 1;
  a.due = 5;
  a.sent = 4;
  a.bytes_sent = 100;
  RequestRecord b;
  b.latency.record(3000);
  b.unsuccessful.record(3000);
  b.status_counts[200] = 1;
  b.status_counts[503] = 4;
  b.endings[static_cast<std::size_t>(Ending::lost)] = 2;
  b.unexpected = 2;
  b.due = 8;
  b.sent = 6;
  b.bytes_received = 7;
  a.merge(b);
  EXPECT_EQ(a.successful().total(), 1U);
  EXPECT_EQ(a.successful().highest_seen(), 1000U);
  EXPECT_EQ(a.due, 13U);
  EXPECT_EQ(a.sent, 10U);
  EXPECT_EQ(a.answered(), 2U);
  EXPECT_EQ(a.bytes_sent, 100U);
  EXPECT_EQ(a.bytes_received, 7U);
  EXPECT_EQ(a.latency.total(), 2U);
  EXPECT_EQ(a.response.total(), 1U);
  EXPECT_EQ(a.unexpected, 3U);
  EXPECT_EQ(a.statuses(), (std::map<unsigned, std::uint64_t>{{200, 3}, {204, 1}, {503, 4}}));
  EXPECT_EQ(a.outcomes(), (Outcomes{{"2xx", 4}, {"5xx", 4}, {"reset", 1}, {"lost", 2}}));
}

TEST(RequestRecord, EveryEndingHasItsName) {
  RequestRecord record;
  for (std::size_t i = 1; i < ending_names.size(); ++i) {
    record.endings[i] = i;
  }
  EXPECT_EQ(record.outcomes().size(), ending_names.size() - 1);
  EXPECT_EQ(record.outcomes().at("lost"), static_cast<std::uint64_t>(Ending::lost));
  EXPECT_EQ(record.outcomes().at("closed_early"), static_cast<std::uint64_t>(Ending::closed_early));
}

TEST(Records, OfThreadsAreAdded) {
  CrowdRecord crowd{
      .due = 1, .started = 1, .statuses = {{0, 1}}, .bytes_sent = 10, .bytes_read = 20};
  crowd.merge({.due = 3,
               .started = 2,
               .statuses = {{0, 1}, {408, 1}},
               .bytes_sent = 1,
               .bytes_read = 2,
               .fetches_due = 4});
  EXPECT_EQ(crowd.due, 4U);
  EXPECT_EQ(crowd.started, 3U);
  EXPECT_EQ(crowd.answered(), 1U);
  EXPECT_EQ(crowd.fetches_due, 4U);
  EXPECT_EQ(crowd.statuses, (std::map<unsigned, std::uint64_t>{{0, 2}, {408, 1}}));
  EXPECT_EQ(crowd.bytes_sent, 11U);
  EXPECT_EQ(crowd.bytes_read, 22U);
  BlockedRecord blocked;
  BlockedRecord more;
  more.no_connection = 1;
  more.no_socket = 2;
  more.no_client = 3;
  more.seconds.record(5);
  blocked.merge(more);
  blocked.merge(more);
  EXPECT_EQ(blocked.no_connection + blocked.no_socket + blocked.no_client, 12U);
  EXPECT_EQ(blocked.seconds.total(), 2U);
  PhaseRecord phases;
  PhaseRecord others;
  others.connect.record(1);
  others.send.record(2);
  others.first_byte.record(3);
  others.last_byte.record(4);
  phases.merge(others);
  EXPECT_EQ(phases.connect.highest_seen(), 1U);
  EXPECT_EQ(phases.last_byte.highest_seen(), 4U);
}

TEST(CrowdRecord, ListsSoManyClientsAndCountsTheRest) {
  CrowdRecord first;
  CrowdRecord second;
  for (std::size_t i = 0; i < CrowdRecord::most_clients; ++i) {
    first.add({.status = 200});
  }
  first.add({.status = 503});
  second.add({.status = 404});
  second.merge(first);
  EXPECT_EQ(first.clients.size(), 4096U);
  EXPECT_EQ(first.clients_cut, 1U);
  EXPECT_EQ(second.clients.size(), 4096U);
  EXPECT_EQ(second.clients.front().status, 404U);
  EXPECT_EQ(second.clients_cut, 2U);
}

TEST(ClientRecord, TheBusiestThreadCounts) {
  ClientRecord client;
  ClientRecord first;
  first.engine = "epoll";
  first.cpu_seconds = 1;
  first.busiest = 0.9;
  ClientRecord second;
  second.engine = "epoll";
  second.cpu_seconds = 2;
  second.busiest = 0.4;
  client.merge(first);
  client.merge(second);
  EXPECT_EQ(client.engine, "epoll");
  EXPECT_EQ(client.cpu_seconds, 3);
  EXPECT_EQ(client.busiest, 0.9);
}

}  // namespace
}  // namespace sevenstops::load
