#include "load/engine/engine.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <optional>

#include "load/engine/block_on.hpp"
#include "local_server.hpp"

namespace sevenstops::load {
namespace {

using namespace std::chrono_literals;

class Engines : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "io_uring" && make_uring_engine() == nullptr) {
      GTEST_SKIP() << "no io_uring for this process";
    }
    engine = make_engine(GetParam());
  }
  static Task<int> connect(Socket& socket, const Peer& peer) {
    co_return co_await socket.connect(reinterpret_cast<const sockaddr*>(&peer.address),
                                      peer.length);
  }
  // A port that nobody listens on.
  static Peer nobody() { return LocalServer(nullptr).peer(); }

  std::unique_ptr<Engine> engine;
};

INSTANTIATE_TEST_SUITE_P(Each, Engines, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Engines, AnExchangeSendsAndGivesTheFirstBytesBack) {
  const LocalServer server(echo);
  const auto before = Clock::now();
  const auto got = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<std::string> {
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    std::string all;
    for (const auto* text : {"hello", "again"}) {
      const auto exchanged = co_await socket.exchange(text);
      EXPECT_EQ(exchanged.received.error, 0);
      EXPECT_LE(exchanged.sent, Clock::now());
      all += exchanged.received.bytes;
    }
    co_return all;
  }(*engine, server.peer()));
  EXPECT_EQ(got, "helloagain");
  EXPECT_LE(before, engine->now());
  EXPECT_EQ(engine->name(), GetParam());
}

TEST_P(Engines, ARefusedConnectionIsAnErrno) {
  const auto peer = nobody();
  Socket socket(*engine, AF_INET);
  EXPECT_EQ(block_on(*engine, connect(socket, peer)), ECONNREFUSED);
}

TEST_P(Engines, EveryByteArrivesInItsOrder) {
  std::string large;
  for (std::size_t i = 0; large.size() < 8 << 20; ++i) {
    large.append(std::to_string(i)).push_back(' ');
  }
  std::string arrived;
  const LocalServer server([&](int fd) {
    while (arrived.size() < large.size()) {
      arrived += read_some(fd);
    }
    write_all(fd, arrived);
  });
  const auto back = block_on(
      *engine, [](Engine& e, const Peer& peer, std::string_view bytes) -> Task<std::string> {
        Socket socket(e, AF_INET);
        EXPECT_EQ(co_await connect(socket, peer), 0);
        EXPECT_EQ(co_await socket.send(bytes), 0);
        std::string all;
        for (auto got = co_await socket.receive(); !got.ended(); got = co_await socket.receive()) {
          all += got.bytes;
        }
        co_return all;
      }(*engine, server.peer(), large));
  EXPECT_TRUE(back == large) << back.size();
}

TEST_P(Engines, NoMoreThanTheLimitIsReceivedAtOnce) {
  const LocalServer server([](int fd) { write_all(fd, std::string(10000, 'x')); });
  const auto sizes =
      block_on(*engine, [](Engine& e, const Peer& peer) -> Task<std::pair<std::size_t, bool>> {
        Socket socket(e, AF_INET);
        EXPECT_EQ(co_await connect(socket, peer), 0);
        std::size_t sum = 0;
        bool within = true;
        for (auto got = co_await socket.receive(300); !got.ended();
             got = co_await socket.receive(300)) {
          sum += got.bytes.size();
          within = within && got.bytes.size() <= 300;
        }
        co_return std::pair(sum, within);
      }(*engine, server.peer()));
  EXPECT_EQ(sizes, std::pair(std::size_t{10000}, true));
}

// What a connection gives that says "x" and waits for the first bytes back.
Task<Received> ask(Engine& engine, const Peer& peer, Clock::duration patience) {
  Socket socket(engine, AF_INET);
  const auto* address = reinterpret_cast<const sockaddr*>(&peer.address);
  EXPECT_EQ(co_await socket.connect(address, peer.length), 0);
  socket.expire_at(Clock::now() + patience);
  auto exchanged = co_await socket.exchange("x");
  exchanged.received.bytes = exchanged.received.bytes.empty() ? "" : "some";
  co_return exchanged.received;
}

TEST_P(Engines, TheEndIsNoErrorAndAResetIs) {
  const LocalServer closing([](int fd) { (void)read_some(fd); });
  const auto ended = block_on(*engine, ask(*engine, closing.peer(), 10s));
  EXPECT_TRUE(ended.ended());
  EXPECT_EQ(ended.error, 0);
  const LocalServer resetting([](int fd) {
    (void)read_some(fd);
    reset_on_close(fd);
  });
  EXPECT_EQ(block_on(*engine, ask(*engine, resetting.peer(), 10s)).error, ECONNRESET);
}

TEST_P(Engines, ADeadlineEndsAReceiving) {
  const LocalServer silent(await_close);
  const auto before = Clock::now();
  EXPECT_EQ(block_on(*engine, ask(*engine, silent.peer(), 50ms)).error, ETIMEDOUT);
  EXPECT_GE(Clock::now() - before, 50ms);
  EXPECT_LT(Clock::now() - before, 5s);
}

TEST_P(Engines, ADeadlineEndsASending) {
  const LocalServer silent(await_close);
  const auto error = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<int> {
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    socket.expire_at(Clock::now() + 50ms);
    const std::string more_than_buffers_hold(64 << 20, 'x');
    co_return co_await socket.send(more_than_buffers_hold);
  }(*engine, silent.peer()));
  EXPECT_EQ(error, ETIMEDOUT);
}

TEST_P(Engines, ADeadlineEndsAConnecting) {
  // A queue that is full makes the kernel drop handshakes.
  const LocalServer full(nullptr, 0);
  std::vector<std::unique_ptr<Socket>> queued;
  const auto error = block_on(
      *engine,
      [](Engine& e, const Peer& peer, std::vector<std::unique_ptr<Socket>>& others) -> Task<int> {
        int last = 0;
        for (int i = 0; i < 8 && last == 0; ++i) {
          auto& socket = *others.emplace_back(std::make_unique<Socket>(e, AF_INET));
          socket.expire_at(Clock::now() + 50ms);
          last = co_await connect(socket, peer);
        }
        co_return last;
      }(*engine, full.peer(), queued));
  EXPECT_EQ(error, ETIMEDOUT);
}

TEST_P(Engines, AnAnswerMayComeBeforeTheLastByteHasLeft) {
  const LocalServer server([](int fd) {
    (void)read_some(fd);
    write_all(fd, "refused");
    await_close(fd);
  });
  const auto got = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<std::string> {
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    const std::string large(64 << 20, 'x');
    const auto exchanged = co_await socket.exchange(large);
    co_return std::string(exchanged.received.bytes);
  }(*engine, server.peer()));
  EXPECT_EQ(got, "refused");
}

TEST_P(Engines, BothDirectionsMayBeUnderWay) {
  const LocalServer server(echo);
  const auto received = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<std::size_t> {
    constexpr std::size_t size = 4 << 20;
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    TaskGroup sender;
    const std::string bytes(size, 'x');
    sender.spawn([](Socket& s, std::string_view out) -> Task<> {
      EXPECT_EQ(co_await s.send(out), 0);
    }(socket, bytes));
    std::size_t sum = 0;
    while (sum < size) {
      const auto got = co_await socket.receive();
      EXPECT_EQ(got.error, 0);
      sum += got.bytes.size();
    }
    co_await sender.join();
    co_return sum;
  }(*engine, server.peer()));
  EXPECT_EQ(received, std::size_t{4} << 20);
}

TEST_P(Engines, ThePeersCloseIsSeenWhileAConnectionRests) {
  const LocalServer server([](int fd) {
    (void)read_some(fd);
    write_all(fd, "last");
  });
  const auto seen = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<bool> {
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    EXPECT_FALSE(socket.closed_by_peer());
    EXPECT_EQ((co_await socket.exchange("x")).received.bytes, "last");
    for (int i = 0; i < 100 && !socket.closed_by_peer(); ++i) {
      co_await e.sleep_until(Clock::now() + 10ms);
    }
    co_return socket.closed_by_peer();
  }(*engine, server.peer()));
  EXPECT_TRUE(seen);
}

// Answer and close are found together, and the next request is in the queue between them.
// Sanitizers see what would be left of it.
TEST_P(Engines, AnExchangeMayEndBeforeTheKernelHasItsRequest) {
  const LocalServer server([](int fd) {
    (void)read_some(fd);
    write_all(fd, "last");
  });
  const auto ended = block_on(*engine, [](Engine& e, const Peer& peer) -> Task<bool> {
    Socket socket(e, AF_INET);
    EXPECT_EQ(co_await connect(socket, peer), 0);
    TaskGroup beside;
    beside.spawn([](Engine& busy) -> Task<> {
      co_await busy.sleep_until(Clock::now() + 1ms);
      std::this_thread::sleep_for(100ms);
    }(e));
    EXPECT_EQ((co_await socket.exchange("x")).received.bytes, "last");
    const auto again = [](Socket& s) -> Task<bool> {
      const std::string request(100, 'y');
      co_return (co_await s.exchange(request)).received.bytes.empty();
    };
    const bool empty = co_await again(socket);
    co_await beside.join();
    co_return empty;
  }(*engine, server.peer()));
  EXPECT_TRUE(ended);
}

TEST_P(Engines, ASocketThatIsGoneLeavesNothingToTheNext) {
  // Each is left with its answer unread, and the next takes its place.
  const LocalServer server([](int fd) {
    write_all(fd, "unasked");
    echo(fd);
  });
  for (const std::string text : {"first", "second", "third"}) {
    const auto got = block_on(
        *engine, [](Engine& e, const Peer& peer, std::string_view out) -> Task<std::string> {
          Socket socket(e, AF_INET);
          EXPECT_EQ(co_await connect(socket, peer), 0);
          std::string all((co_await socket.receive()).bytes);
          EXPECT_EQ(co_await socket.send(out), 0);
          co_await e.sleep_until(Clock::now() + 20ms);
          if (out != "first") {
            all += (co_await socket.receive()).bytes;
          }
          co_return all;
        }(*engine, server.peer(), text));
    EXPECT_EQ(got, text == "first" ? "unasked" : "unasked" + text);
  }
}

TEST_P(Engines, SleepersWakeInTheirOrder) {
  std::vector<int> order;
  TaskGroup sleepers;
  const auto start = Clock::now();
  for (const int ms : {30, 10, 20}) {
    sleepers.spawn(
        [](Engine& e, Clock::time_point until, std::vector<int>& woken, int name) -> Task<> {
          co_await e.sleep_until(until);
          woken.push_back(name);
        }(*engine, start + std::chrono::milliseconds(ms), order, ms));
  }
  while (!sleepers.empty()) {
    engine->run_once(Clock::now() + 1s);
  }
  EXPECT_EQ(order, (std::vector<int>{10, 20, 30}));
  EXPECT_GE(Clock::now() - start, 30ms);
}

TEST_P(Engines, RunOnceComesBackInTime) {
  const auto start = Clock::now();
  while (Clock::now() < start + 20ms) {
    engine->run_once(start + 20ms);
  }
  EXPECT_LT(Clock::now() - start, 1s);
}

TEST_P(Engines, StoppingEndsWhatIsUnderWayAndWhatBeginsLater) {
  const LocalServer silent(await_close);
  std::optional<int> received;
  bool woken = false;
  TaskGroup tasks;
  tasks.spawn([](Engine& e, const Peer& peer, std::optional<int>& error) -> Task<> {
    error = (co_await ask(e, peer, 1h)).error;
    Socket late(e, AF_INET);
    EXPECT_EQ(co_await connect(late, peer), ECANCELED);
    co_await e.sleep_until(Clock::now() + 1h);
  }(*engine, silent.peer(), received));
  tasks.spawn([](Engine& e, bool& out) -> Task<> {
    co_await e.sleep_until(Clock::now() + 1h);
    out = true;
  }(*engine, woken));
  for (int i = 0; i < 5; ++i) {
    engine->run_once(Clock::now() + 10ms);
  }
  EXPECT_FALSE(woken);
  engine->stop();
  EXPECT_TRUE(engine->stopping());
  for (int i = 0; i < 100 && !tasks.empty(); ++i) {
    engine->run_once(Clock::now() + 10ms);
  }
  tasks.rethrow();
  EXPECT_TRUE(woken);
  EXPECT_EQ(received, ECANCELED);
}

TEST_P(Engines, ASocketThatIsNotToBeHadSaysSo) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  Socket socket(*engine, AF_INET);
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(socket.error(), EMFILE);
  EXPECT_EQ(block_on(*engine, connect(socket, nobody())), EMFILE);
}

TEST(MakeEngine, GivesTheOneThatIsNamed) {
  EXPECT_EQ(make_engine("epoll")->name(), "epoll");
  EXPECT_NE(make_engine("auto"), nullptr);
}

TEST(BlockOn, PassesAnExceptionOn) {
  const auto engine = make_epoll_engine();
  EXPECT_THROW((void)block_on(*engine,
                              []() -> Task<int> {
                                throw std::runtime_error("no");
                                co_return 1;
                              }()),
               std::runtime_error);
}

}  // namespace
}  // namespace sevenstops::load
