#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "../cpp/support/http2_client.hpp"
#include "../fuzz/targets.hpp"

namespace sevenstops {
namespace {

// The raw cases as texts to begin from, and a few for the targets they don't reach.
std::vector<std::string> seeds() {
  std::ifstream file(SEVENSTOPS_REQUEST_CASES);
  std::stringstream text;
  text << file.rdbuf();
  std::vector<std::string> found = {
      "5\r\nhello\r\n0\r\n\r\n",
      "5;ext=\"a b\"\r\nhello\r\n0\r\nTrailer: x\r\n\r\n",
      "ffffffffffffffff\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\nHTTP/1.1 204 No Content\r\n\r\n",
      std::string("HTTP/1.1 100 Continue\r\n\r\n")
          .append("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
      "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nto the end",
      "users/../admin/%2e%2e/%6De//x/./",
      std::string("0GET /users/{id}\nGET /users/me\nPOST /users/{id}/{rest...}\n\n")
          .append("GET /users/me\nHEAD /users//7\n"),
      std::string("1GET /\nGET /a/{x}\nPUT /a/{y...}\nGET /{z}/b\n\n")
          .append("GET /a/b\nOPTIONS /a/b/c\nPUT /a//\nGET *\n"),
  };
  const auto document = boost::json::parse(text.str());
  for (const auto& item : document.at("cases").as_array()) {
    std::string raw;
    for (const auto& part : item.at("parts").as_array()) {
      if (part.as_array()[0] != "wait") {
        raw += part.as_array()[1].as_string();
      }
    }
    const auto body = raw.find("\r\n\r\n");
    if (body != std::string::npos) {
      found.push_back(raw.substr(body + 4));
    }
    found.push_back(std::move(raw));
  }
  return found;
}

std::string mutate(std::string text, const std::vector<std::string>& all, std::mt19937& random) {
  constexpr std::string_view telling =
      "\r\n\t :;,/%\0\x7f\xff"
      "0aF\"\\";
  for (auto times = 1 + random() % 4; times > 0; --times) {
    const auto at = text.empty() ? 0 : random() % text.size();
    switch (random() % 5) {
      case 0:
        text.insert(at, 1, telling[random() % telling.size()]);
        break;
      case 1:
        text.erase(at, 1 + random() % 3);
        break;
      case 2:
        text.replace(at, std::min<std::size_t>(1, text.size()), 1, static_cast<char>(random()));
        break;
      case 3:
        text.insert(at, text.substr(random() % (text.size() + 1), random() % 64));
        break;
      default:
        text.insert(at, all[random() % all.size()].substr(0, random() % 64));
    }
  }
  return text;
}

// Connections of HTTP/2 after its preface.
std::vector<std::string> frame_seeds() {
  constexpr std::string_view post =
      "\x83\x86\x04\x05/echo\x01\x01"
      "a\x0f\x0d\x01"
      "5";
  const auto begin = test::frame(NGHTTP2_SETTINGS, 0, 0);
  return {
      begin + test::get_frame(1, "/a") + test::get_frame(3, "/b?c"),
      begin + test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, post) +
          test::frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, "hello"),
      test::frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_STREAM, 1, post.substr(0, 3)) +
          test::frame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, post.substr(3)),
      test::get_frame(5) + test::frame(NGHTTP2_RST_STREAM, 0, 5, test::big_endian(8)) +
          test::frame(NGHTTP2_DATA, 0, 5, "x") + test::get_frame(3),
      test::frame(NGHTTP2_PING, 0, 0, std::string(8, 'p')) +
          test::frame(NGHTTP2_WINDOW_UPDATE, 0, 0, test::big_endian(9)) +
          test::frame(NGHTTP2_GOAWAY, 0, 0, std::string(8, '\0')) + test::get_frame(1),
  };
}

void run(fuzz::Target target, const std::vector<std::string>& all = seeds()) {
  constexpr int rounds = 20000;
  std::mt19937 random(7);
  for (int i = 0; i < rounds; ++i) {
    const auto text =
        mutate(all[static_cast<std::size_t>(i) % all.size()].substr(0, 8000), all, random);
    target({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
}

TEST(Fuzz, HeadKeepsItsPromises) { run(fuzz::head); }
TEST(Fuzz, ChunkedBodyKeepsItsPromises) { run(fuzz::chunked); }
TEST(Fuzz, GuardKeepsItsPromises) { run(fuzz::guard); }
TEST(Fuzz, AnswerKeepsItsPromises) { run(fuzz::answer); }
TEST(Fuzz, PathKeepsItsPromises) { run(fuzz::path); }
TEST(Fuzz, NegotiationKeepsItsPromises) {
  run(fuzz::negotiation, {"gzip;q=0.5, zstd, *;q=0\n\"a\", W/\"0a-gzip\"",
                          "identity;q=0, x-gzip ; q=1.000\n*", "\n\"a,b\" , \"0a-gzip\""});
}
TEST(Fuzz, Http2KeepsItsPromises) { run(fuzz::http2, frame_seeds()); }
TEST(Fuzz, RouterKeepsItsPromises) { run(fuzz::router); }

}  // namespace
}  // namespace sevenstops
