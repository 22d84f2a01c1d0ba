#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <fstream>
#include <sstream>
#include <thread>

#include "base/asio.hpp"
#include "service/service.hpp"

namespace sevenstops {
namespace {

namespace asio = boost::asio;
using base::tcp;
using service::Service;
using service::Settings;

std::string latin1(std::string_view utf8) {
  std::string bytes;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    if (c < 0x80) {
      bytes.push_back(utf8[i]);
    } else {
      bytes.push_back(
          static_cast<char>(((c & 3) << 6) | (static_cast<unsigned char>(utf8[++i]) & 63)));
    }
  }
  return bytes;
}

// Sends a case's parts and gives back everything the service answered.
std::string converse(std::uint16_t port, const boost::json::array& parts) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  std::string answer;
  std::thread reader([&] {
    boost::system::error_code error;
    std::array<char, 65536> buffer{};
    while (!error) {
      const auto n = socket.read_some(asio::buffer(buffer), error);
      answer.append(buffer.data(), n);
    }
  });
  boost::system::error_code error;
  for (const auto& part : parts) {
    const auto& step = part.as_array();
    const auto& kind = step[0].as_string();
    if (kind == "wait") {
      std::this_thread::sleep_for(std::chrono::milliseconds(step[1].to_number<int>()));
    } else {
      auto piece = latin1(step[1].as_string());
      // The cases post to /t; here a body has to reach the handler that reads one.
      if (piece.starts_with("POST /t ")) {
        piece.replace(0, 8, "POST /echo ");
      }
      std::string bytes;
      const int times = kind == "rep" ? step[2].to_number<int>() : 1;
      for (int i = 0; i < times; ++i) {
        bytes += piece;
      }
      asio::write(socket, asio::buffer(bytes), error);
    }
  }
  socket.shutdown(tcp::socket::shutdown_send, error);
  reader.join();
  return answer;
}

std::size_t occurrences(std::string_view text, std::string_view word) {
  std::size_t n = 0;
  for (auto i = text.find(word); i != std::string_view::npos; i = text.find(word, i + 1)) {
    ++n;
  }
  return n;
}

TEST(RequestCases, EveryRawRequestGetsItsAnswer) {
  std::ifstream file(SEVENSTOPS_REQUEST_CASES);
  std::stringstream text;
  text << file.rdbuf();
  const auto document = boost::json::parse(text.str());
  Settings settings = service::hardened();
  settings.drain.linger_timeout = 0.2;
  settings.route.odd_paths = stops::OddPaths::match;
  // The preface of HTTP/2 is one of the cases.
  settings.parse.http2.enabled = false;
  Service service(settings, {.threads = 1, .rows = 1});
  int seen = 0;
  for (const auto& item : document.at("cases").as_array()) {
    const std::string id(item.at("id").as_string());
    const auto want = item.at("want").as_string();
    const auto answer = converse(service.port(), item.at("parts").as_array());
    const auto status = answer.substr(0, 12);
    const auto refused = occurrences(answer, "HTTP/1.1 4") - occurrences(answer, "HTTP/1.1 404") -
                         occurrences(answer, "HTTP/1.1 405") + occurrences(answer, "HTTP/1.1 505");
    if (want == "reject") {
      // A body that simply stops is never a whole one: silence and a close are as good.
      EXPECT_TRUE(refused == 1 || answer.empty()) << id << " answered " << answer.substr(0, 300);
      EXPECT_LE(occurrences(answer, "HTTP/1.1 "), 2U) << id;
    } else if (want == "accept" && id != "pipe-bad-2nd") {
      EXPECT_EQ(refused, 0U) << id << " answered " << answer.substr(0, 300);
      EXPECT_FALSE(answer.empty()) << id;
    }
    ++seen;
  }
  EXPECT_EQ(seen, 202);
}

}  // namespace
}  // namespace sevenstops
