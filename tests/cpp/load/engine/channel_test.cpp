#include "load/engine/channel.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "load/engine/block_on.hpp"
#include "tls_server.hpp"

namespace sevenstops::load {
namespace {

struct Said {
  int error = 0;
  std::string trouble;
  bool plain = true;
  std::string back;
};

Task<Said> talk(Engine& engine, const Peer& peer) {
  Said said;
  Channel channel(engine, peer);
  const auto opened = co_await channel.open();
  said.error = opened.error;
  said.trouble = opened.trouble;
  said.plain = channel.plain();
  EXPECT_EQ(opened.ok(), opened.error == 0 && opened.trouble.empty());
  if (opened.ok()) {
    EXPECT_EQ(co_await channel.send("hello"), 0);
    said.back = (co_await channel.receive()).bytes;
  }
  co_return said;
}

TEST(Channel, IsPlainWithoutTls) {
  const LocalServer server(echo);
  const auto engine = make_engine("auto");
  const auto said = block_on(*engine, talk(*engine, server.peer()));
  EXPECT_TRUE(said.plain);
  EXPECT_EQ(said.back, "hello");
}

TEST(Channel, SpeaksTlsWhereThePeerHasIt) {
  std::signal(SIGPIPE, SIG_IGN);
  const SelfSigned identity;
  const LocalServer server(with_tls(identity, "", [](SSL* ssl) {
    std::array<char, 100> buffer{};
    const int count = SSL_read(ssl, buffer.data(), buffer.size());
    SSL_write(ssl, buffer.data(), count);
  }));
  const TlsContext trusting({.enabled = true, .authorities = identity.path()}, "sevenstops.test",
                            "http/1.1");
  const TlsContext doubting({.enabled = true}, "sevenstops.test", "http/1.1");
  auto peer = server.peer();
  peer.tls = &trusting;
  const auto engine = make_engine("auto");
  const auto said = block_on(*engine, talk(*engine, peer));
  EXPECT_FALSE(said.plain);
  EXPECT_EQ(said.back, "hello");
  peer.tls = &doubting;
  const auto refused = block_on(*engine, talk(*engine, peer));
  EXPECT_EQ(refused.error, 0);
  EXPECT_FALSE(refused.trouble.empty());
}

TEST(Channel, NobodyThereIsAnErrno) {
  const auto peer = LocalServer(nullptr).peer();
  const auto engine = make_engine("auto");
  EXPECT_EQ(block_on(*engine, talk(*engine, peer)).error, ECONNREFUSED);
}

}  // namespace
}  // namespace sevenstops::load
