#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>
#include <vector>

#include "../cpp/support/observed.hpp"
#include "../cpp/support/sockets.hpp"
#include "load/fetch.hpp"
#include "service/service.hpp"

// Who has to leave when connections or bytes run out: those who say nothing, then those who are
// slow, and a newcomer only when there are none.

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::Clock;
using service::Service;
using test::count;
using test::tcp;
using namespace std::chrono_literals;

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::string_view health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

// Whether a counter reaches a value within five seconds.
bool becomes(const Service& service, std::string_view name, std::uint64_t value) {
  const auto end = Clock::now() + 5s;
  while (count(service, name) != value) {
    if (Clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

std::string ask(tcp::socket& socket) {
  test::send(socket, health);
  return test::receive_until(
      socket, [](const std::string& text) { return text.find("\r\n\r\n") != std::string::npos; });
}

class Room : public ::testing::Test {
 protected:
  // A body of 1 MiB of which one byte is withheld, or not.
  tcp::socket upload(std::uint16_t port, bool whole) {
    auto socket = test::connect(io, port);
    test::send(socket, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                           std::to_string(mebibyte) + "\r\n\r\n");
    test::send(socket, std::string(whole ? mebibyte : mebibyte - 1, 'x'));
    return socket;
  }
  std::string status(tcp::socket& socket) {
    return test::receive(socket, std::string_view("HTTP/1.1 200").size()).substr(0, 12);
  }

  service::Settings settings = service::hardened();
  asio::io_context io;
};

TEST_F(Room, TheOneWhoHasBeenSilentLongestLeavesForANewOne) {
  settings.accept.max_connections = 3;
  const Service service(settings, {.threads = 1, .rows = 1});
  std::vector<tcp::socket> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(test::connect(io, service.port()));
    EXPECT_TRUE(ask(clients.back()).starts_with("HTTP/1.1 200"));
  }
  EXPECT_TRUE(ask(clients[0]).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(becomes(service, "connections_silent", 3));
  auto fourth = test::connect(io, service.port());
  EXPECT_TRUE(ask(fourth).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(test::receive_all(clients[1]), "");
  EXPECT_TRUE(ask(clients[0]).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask(clients[2]).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(count(service, "silent_connections_closed_total"), 1);
  clients.clear();
  fourth.close();
  EXPECT_TRUE(becomes(service, "connections_open", 0));
  EXPECT_EQ(count(service, "connections_silent"), 0);
}

TEST_F(Room, OneWhoHasNeverSpokenLeavesBeforeOneWhoHas) {
  settings.accept.max_connections = 3;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto user = test::connect(io, service.port());
  EXPECT_TRUE(ask(user).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(becomes(service, "connections_silent", 1));
  // However many come, and however long the user has been silent.
  std::vector<tcp::socket> strangers;
  for (int i = 1; i <= 20; ++i) {
    strangers.push_back(test::connect(io, service.port()));
    EXPECT_TRUE(becomes(service, "silent_connections_closed_total", std::max(0, i - 2)));
  }
  EXPECT_EQ(test::receive_all(strangers.front()), "");
  EXPECT_TRUE(ask(user).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(becomes(service, "connections_silent", 3));
  EXPECT_EQ(count(service, "connections_open"), 3);
}

TEST_F(Room, WhereTheSilentAreLeftAloneANewOneIsTurnedAway) {
  settings.accept.max_connections = 2;
  settings.accept.close_silent = false;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto first = test::connect(io, service.port());
  auto second = test::connect(io, service.port());
  ASSERT_TRUE(becomes(service, "connections_silent", 2));
  auto third = test::connect(io, service.port());
  EXPECT_TRUE(ask(third).starts_with("HTTP/1.1 503"));
  EXPECT_TRUE(ask(first).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(ask(second).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(count(service, "silent_connections_closed_total"), 0);
}

TEST_F(Room, OneWhoSpeaksIsNotClosedForANewOne) {
  settings.accept.max_connections = 2;
  const Service service(settings, {.threads = 1, .rows = 1});
  auto first = test::connect(io, service.port());
  auto second = test::connect(io, service.port());
  test::send(first, "GET /healthz HT");
  test::send(second, "GET /healthz HT");
  ASSERT_TRUE(becomes(service, "heads_unfinished", 2));
  EXPECT_EQ(count(service, "connections_silent"), 0);
  auto third = test::connect(io, service.port());
  EXPECT_TRUE(ask(third).starts_with("HTTP/1.1 503"));
  test::send(first, "TP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status(first), "HTTP/1.1 200");
  EXPECT_EQ(count(service, "heads_unfinished"), 1);
  EXPECT_EQ(count(service, "silent_connections_closed_total"), 0);
}

TEST_F(Room, BodiesThatStandStillMakeRoomForOneThatComes) {
  settings.parse.byte_budget = 4 * static_cast<std::int64_t>(mebibyte);
  const Service service(settings, {.threads = 1, .rows = 1});
  std::vector<tcp::socket> still;
  still.reserve(3);
  for (int i = 0; i < 3; ++i) {
    still.push_back(upload(service.port(), false));
  }
  ASSERT_TRUE(becomes(service, "bodies_unfinished", 3));
  std::this_thread::sleep_for(200ms);
  // Nobody has been slow for long enough to be called slow.
  auto early = upload(service.port(), true);
  EXPECT_EQ(status(early), "HTTP/1.1 503");
  early.close();
  std::this_thread::sleep_for(2500ms);
  auto late = upload(service.port(), true);
  EXPECT_EQ(status(late), "HTTP/1.1 200");
  EXPECT_GE(count(service, "slow_connections_ended_total"), 1);
  EXPECT_LE(count(service, "held_bytes_max"), settings.parse.byte_budget);
  late.close();
  still.clear();
  EXPECT_TRUE(becomes(service, "held_bytes", 0));
  EXPECT_TRUE(becomes(service, "bodies_unfinished", 0));
}

TEST_F(Room, TheLeastBudgetThatIsTakenHasRoomForABodyOfTheLimit) {
  settings.parse.body_limit = mebibyte;
  settings.parse.byte_budget = mebibyte + 131072;
  const Service service(settings, {.threads = 1, .rows = 1});
  for (int i = 0; i < 3; ++i) {
    auto socket = upload(service.port(), true);
    EXPECT_EQ(status(socket), "HTTP/1.1 200");
  }
  --settings.parse.byte_budget;
  EXPECT_THROW(Service(settings, {.threads = 1, .rows = 1}), std::invalid_argument);
}

TEST_F(Room, ADeclaredLengthHoldsNoRoom) {
  constexpr int claims = 60;
  constexpr std::size_t honest = 512 << 10;
  settings.parse.byte_budget = 4 * static_cast<std::int64_t>(mebibyte);
  const Service service(settings, {.threads = 1, .rows = 1});
  std::vector<tcp::socket> still;
  still.reserve(claims);
  const auto claim = [&] {
    auto socket = test::connect(io, service.port());
    test::send(socket, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048000\r\n\r\nx");
    return socket;
  };
  for (int i = 0; i < claims; ++i) {
    still.push_back(claim());
  }
  ASSERT_TRUE(becomes(service, "bodies_unfinished", claims));
  EXPECT_LE(count(service, "held_bytes"), claims * 4096);
  for (int i = 0; i < 3 * claims; ++i) {
    // None of them is old enough to be called slow.
    still[static_cast<std::size_t>(i % claims)] = claim();
    auto socket = test::connect(io, service.port());
    test::send(socket, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " +
                           std::to_string(honest) + "\r\n\r\n" + std::string(honest, 'x'));
    ASSERT_EQ(status(socket), "HTTP/1.1 200") << i;
    auto well = test::connect(io, service.port());
    ASSERT_TRUE(ask(well).starts_with("HTTP/1.1 200")) << i;
    ASSERT_EQ(load::fetch(load::Target{service.admin_port()}, "/stops", 5s).status, 200U) << i;
  }
  still.clear();
  EXPECT_TRUE(becomes(service, "bodies_unfinished", 0));
  EXPECT_TRUE(becomes(service, "held_bytes", 0));
}

TEST_F(Room, OtherThreadsMakeRoomToo) {
  settings.parse.byte_budget = 4 * static_cast<std::int64_t>(mebibyte);
  // Connections go to the threads in turn.
  settings.accept.reuse_port = false;
  const Service service(settings, {.threads = 2, .rows = 1});
  std::vector<tcp::socket> others;
  for (const std::int64_t open : {2, 4, 6}) {
    others.push_back(test::connect(io, service.port()));
    EXPECT_TRUE(ask(others.back()).starts_with("HTTP/1.1 200"));
    others.push_back(upload(service.port(), false));
    ASSERT_TRUE(becomes(service, "connections_open", open));
  }
  std::this_thread::sleep_for(2500ms);
  // On the thread that holds none of the three.
  auto first = upload(service.port(), true);
  EXPECT_EQ(status(first), "HTTP/1.1 503");
  const auto end = Clock::now() + 5s;
  while (count(service, "slow_connections_ended_total") == 0 && Clock::now() < end) {
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GE(count(service, "slow_connections_ended_total"), 1);
  others.push_back(test::connect(io, service.port()));
  auto second = upload(service.port(), true);
  EXPECT_EQ(status(second), "HTTP/1.1 200");
}

}  // namespace
}  // namespace sevenstops
