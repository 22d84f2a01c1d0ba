#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/nghttp2.hpp"
#include "http/refusal.hpp"
#include "http/trailer.hpp"
#include "stops/http2/frame_budget.hpp"
#include "stops/http2/frame_scanner.hpp"
#include "stops/http2/history.hpp"
#include "stops/http2/stream.hpp"
#include "stops/http2_settings.hpp"

namespace sevenstops::stops {

/// The limits of heads: what they are held against as they come, and once they are whole.
struct Http2HeadLimits {
  http::HeadLimits early;
  http::HeadLimits last;
  http::Leniency leniency;
  http::TrailerLimits trailer;
  /// Whether the connection speaks TLS.
  bool secure = false;
};

/// The frames of one connection (by nghttp2) without its socket: bytes in, streams and their
/// requests; responses and bytes out; and a count of what a client may ask for.
class Http2Session {
 public:
  using Streams = std::map<std::int32_t, std::unique_ptr<Http2Stream>>;

  /// `refused` is told of what was refused without an answer: a stream, or at the end the
  /// connection.
  Http2Session(const Http2Settings& settings, const Http2HeadLimits& limits,
               std::function<void(http::Reason)> refused);

  /// What the client has sent. False: the connection has to end, `trouble` says why.
  [[nodiscard]] bool feed(std::string_view bytes);
  /// Appends what is to be sent, about `enough` bytes at most.
  void gather(std::string& out, std::size_t enough);
  /// The transport has taken what was gathered.
  void taken();
  /// Says with GOAWAY that no stream should begin, and, when it is the `last` word, which were the
  /// last that did (RFC 9113, 6.8); each once. Streams go on to their ends.
  void leave(bool last);
  /// Ends the connection with GOAWAY, once: for its trouble, or in peace.
  void end();
  /// It can't go on for a reason that frames don't tell.
  void give_up(http::Reason reason);
  /// Whether nothing more is to come or to go.
  [[nodiscard]] bool done() const;
  /// Why the connection can't go on; nothing, as long as it can.
  [[nodiscard]] std::optional<http::Reason> trouble() const { return trouble_; }

  [[nodiscard]] Streams& streams() { return streams_; }
  /// The streams whose heads have become whole, once.
  [[nodiscard]] std::vector<std::int32_t> opened() { return std::exchange(opened_, {}); }
  /// The streams that have got a piece of their bodies, and may be gone again, once.
  [[nodiscard]] std::vector<std::int32_t> fed() { return std::exchange(fed_, {}); }
  /// How many streams the client has reset since this was asked.
  [[nodiscard]] std::uint64_t resets() { return std::exchange(resets_, 0); }
  /// When the head began that is not whole; nothing, where there is none.
  [[nodiscard]] std::optional<Clock::time_point> head_begun() const { return head_begun_; }

  /// Hands over a response's head, written as HTTP/1 has it.
  void submit(Http2Stream& stream, std::string_view head);
  void interim(const Http2Stream& stream, unsigned status);
  /// More of its body is there, or its end.
  void resume(Http2Stream& stream);
  /// Opens the windows again by what was read of a body.
  void consume(const Http2Stream& stream, std::size_t bytes);
  /// Nobody answers it any more; what is not whole is reset.
  void retire(Http2Stream& stream);
  /// The client sends no more: a request that is not whole stays so.
  void cut_short();
  /// Sends a frame that a client which reads takes in silence, and one that has left with a reset.
  void probe();
  /// The connection has ended, and all streams with it.
  void close_streams();

 private:
  struct Callbacks;
  void configure();
  [[nodiscard]] bool may_begin(const nghttp2_frame_hd& frame);
  void head_is_whole(Http2Stream& stream, bool ended);
  void frame_sent(const nghttp2_frame& frame);
  void touch(Http2Stream& stream);
  void close(Http2Stream& stream);

  Http2Settings settings_;
  Http2HeadLimits limits_;
  std::function<void(http::Reason)> refused_;
  std::unique_ptr<nghttp2_session, http::FreeOfNghttp2> session_;
  Streams streams_;
  std::vector<std::int32_t> opened_;
  std::vector<std::int32_t> fed_;
  std::vector<std::int32_t> touched_;
  std::int64_t served_ = 0;
  std::uint64_t resets_ = 0;
  std::optional<http::Reason> trouble_;
  bool leaving_ = false;
  bool left_ = false;
  bool ended_ = false;
  std::uint32_t fault_ = NGHTTP2_PROTOCOL_ERROR;

  FrameScanner scanner_;
  std::optional<Clock::time_point> head_begun_;
  // Whether the frame that has come last, or comes, is the last one of a head.
  bool head_ends_ = false;
  FrameBudget budget_;
  StreamHistory history_;
};

}  // namespace sevenstops::stops
