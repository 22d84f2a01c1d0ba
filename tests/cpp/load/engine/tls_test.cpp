#include "load/engine/tls.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <stdexcept>

#include "load/engine/block_on.hpp"
#include "tls_server.hpp"

namespace sevenstops::load {
namespace {

void echo_tls(SSL* ssl) {
  std::array<char, 16384> buffer{};
  std::size_t count = 0;
  while (SSL_read_ex(ssl, buffer.data(), buffer.size(), &count) == 1) {
    if (SSL_write_ex(ssl, buffer.data(), count, &count) != 1) {
      return;
    }
  }
}

class Tls : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    // The server's OpenSSL writes to connections that the client has closed.
    std::signal(SIGPIPE, SIG_IGN);
    if (std::string_view(GetParam()) == "io_uring" && make_uring_engine() == nullptr) {
      GTEST_SKIP() << "no io_uring for this process";
    }
    engine = make_engine(GetParam());
  }
  // What a handshake says, or what came back for `out` where it succeeded.
  static Task<std::string> talk(Engine& engine, const Peer& peer, const TlsContext& context,
                                std::string_view out) {
    Socket socket(engine, AF_INET);
    const auto* address = reinterpret_cast<const sockaddr*>(&peer.address);
    EXPECT_EQ(co_await socket.connect(address, peer.length), 0);
    TlsStream stream(socket, context);
    auto trouble = co_await stream.handshake();
    if (!trouble.empty()) {
      co_return trouble;
    }
    EXPECT_EQ(co_await stream.send(out), 0);
    std::string back;
    while (back.size() < out.size()) {
      const auto got = co_await stream.receive(1000);
      EXPECT_EQ(got.error, 0);
      EXPECT_LE(got.bytes.size(), 1000U);
      if (got.ended()) {
        break;
      }
      back += got.bytes;
    }
    co_return back;
  }
  std::string talk_to(const LocalServer& server, const TlsOptions& options,
                      const std::string& host = "sevenstops.test",
                      const std::string& protocol = "http/1.1", std::string_view out = "hello") {
    const TlsContext context(options, host, protocol);
    return block_on(*engine, talk(*engine, server.peer(), context, out));
  }
  [[nodiscard]] TlsOptions trusting() const {
    return {.enabled = true, .verify = true, .authorities = identity.path()};
  }

  const SelfSigned identity;
  std::unique_ptr<Engine> engine;
};

INSTANTIATE_TEST_SUITE_P(Each, Tls, testing::Values("epoll", "io_uring"),
                         [](const auto& engine) { return std::string(engine.param); });

TEST_P(Tls, BytesGoBothWaysOnceThereIsTrust) {
  const LocalServer server(with_tls(identity, "", echo_tls));
  EXPECT_EQ(talk_to(server, trusting()), "hello");
  // Ports and brackets are no part of a name; an address is looked for among addresses.
  EXPECT_EQ(talk_to(server, trusting(), "sevenstops.test:8443"), "hello");
  EXPECT_EQ(talk_to(server, trusting(), "127.0.0.1:8443"), "hello");
  const std::string large(300'000, 'x');
  EXPECT_TRUE(talk_to(server, trusting(), "sevenstops.test", "http/1.1", large) == large);
}

TEST_P(Tls, AnotherNameIsNotTrusted) {
  const LocalServer server(with_tls(identity, "", echo_tls));
  EXPECT_EQ(talk_to(server, trusting(), "other.test"),
            "its certificate is not trusted: hostname mismatch");
  EXPECT_EQ(talk_to(server, trusting(), "[::1]:8443"),
            "its certificate is not trusted: IP address mismatch");
}

TEST_P(Tls, AnUnknownIssuerIsNotTrusted) {
  const LocalServer server(with_tls(identity, "", echo_tls));
  const auto said = talk_to(server, {.enabled = true});
  EXPECT_TRUE(said.starts_with("its certificate is not trusted: self")) << said;
  EXPECT_EQ(talk_to(server, {.enabled = true, .verify = false}, "other.test"), "hello");
}

TEST_P(Tls, AProtocolThatIsNeededHasToBeChosen) {
  const LocalServer speaks(with_tls(identity, "h2", echo_tls));
  EXPECT_EQ(talk_to(speaks, trusting(), "sevenstops.test", "h2"), "hello");
  const LocalServer does_not(with_tls(identity, "", echo_tls));
  EXPECT_EQ(talk_to(does_not, trusting(), "sevenstops.test", "h2"), "the server does not offer h2");
}

TEST_P(Tls, APeerWithoutTlsIsTold) {
  const LocalServer plain([](int fd) {
    (void)read_some(fd);
    write_all(fd, "HTTP/1.1 400 Bad Request\r\n\r\n");
  });
  const auto said = talk_to(plain, trusting());
  EXPECT_TRUE(said.starts_with("the TLS handshake failed: ")) << said;
  const LocalServer closing([](int fd) { (void)read_some(fd); });
  EXPECT_EQ(talk_to(closing, trusting()), "the connection broke off in the TLS handshake");
}

TEST_P(Tls, TheEndInOrderIsNoError) {
  const LocalServer server(with_tls(identity, "", [](SSL* ssl) {
    std::array<char, 100> buffer{};
    SSL_read(ssl, buffer.data(), buffer.size());
    SSL_write(ssl, "last", 4);
    SSL_shutdown(ssl);
  }));
  EXPECT_EQ(talk_to(server, trusting(), "sevenstops.test", "http/1.1", "longer than that"), "last");
}

TEST(TlsContext, AuthoritiesHaveToBeReadable) {
  EXPECT_THROW(TlsContext({.enabled = true, .authorities = "/nowhere/at/all.pem"}, "a", "h2"),
               std::runtime_error);
}

}  // namespace
}  // namespace sevenstops::load
