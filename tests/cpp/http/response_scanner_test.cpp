#include "http/response_scanner.hpp"

#include <gtest/gtest.h>

namespace sevenstops::http {
namespace {

struct Seen {
  ResponseScanner::State state = ResponseScanner::State::more;
  unsigned status = 0;
  bool keep_alive = false;
  std::string body;
  std::string left;
  bool operator==(const Seen&) const = default;
};

Seen scan(std::string_view bytes, std::size_t step, bool head_request = false, bool ends = false) {
  ResponseScanner scanner;
  Seen seen;
  scanner.begin(head_request, &seen.body);
  while (seen.state == ResponseScanner::State::more && !bytes.empty()) {
    auto piece = bytes.substr(0, step);
    const auto size = piece.size();
    seen.state = scanner.feed(piece);
    bytes.remove_prefix(size - piece.size());
  }
  if (seen.state == ResponseScanner::State::more && ends) {
    seen.state = scanner.end();
  }
  seen.status = scanner.status();
  seen.keep_alive = scanner.keep_alive();
  seen.left = bytes;
  return seen;
}

// Whole, and however it is cut.
Seen scan_all_ways(std::string_view bytes, bool head_request = false, bool ends = false) {
  auto whole = scan(bytes, bytes.size(), head_request, ends);
  for (const std::size_t step : {1U, 2U, 3U, 7U}) {
    EXPECT_EQ(scan(bytes, step, head_request, ends), whole) << step << " of " << bytes;
  }
  return whole;
}

using State = ResponseScanner::State;

TEST(Scanner, FramingIsFoundHoweverTheBytesAreCut) {
  const auto sized = scan_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\nNEXT");
  EXPECT_EQ(sized, (Seen{State::done, 200, true, "ok\n", "NEXT"}));
  const auto chunked = scan_all_ways(
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n+");
  EXPECT_EQ(chunked, (Seen{State::done, 200, true, "abc", "+"}));
  const auto to_the_end = scan_all_ways("HTTP/1.0 200 OK\r\n\r\nall of it", false, true);
  EXPECT_EQ(to_the_end, (Seen{State::done, 200, false, "all of it", ""}));
}

TEST(Scanner, AnswersWithoutABodyHaveNone) {
  EXPECT_EQ(scan_all_ways("HTTP/1.1 204 No Content\r\n\r\nX").left, "X");
  EXPECT_EQ(scan_all_ways("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\nX").left, "X");
  EXPECT_EQ(scan_all_ways("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nX", true).left, "X");
}

TEST(Scanner, InterimAnswersArePassedOver) {
  const auto seen = scan_all_ways(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
      "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(seen, (Seen{State::done, 413, false, "", ""}));
}

TEST(Scanner, WhatIsNoAnswerIsMalformed) {
  for (const std::string_view bytes :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_EQ(scan_all_ways(bytes).state, State::malformed) << bytes;
  }
  EXPECT_EQ(scan("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfour", 99, false, true).state,
            State::malformed);
  EXPECT_EQ(scan(std::string(100000, 'x'), 4096).state, State::malformed);
}

}  // namespace
}  // namespace sevenstops::http
