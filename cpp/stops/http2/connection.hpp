#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/asio.hpp"
#include "base/event.hpp"
#include "base/metrics.hpp"
#include "base/stream.hpp"
#include "http/refusal.hpp"
#include "stops/http2/session.hpp"
#include "stops/pace.hpp"
#include "stops/transport.hpp"

namespace sevenstops::stops {

namespace asio = boost::asio;
using base::tcp;

/// The transport of HTTP/2: a stream of bytes and its session, one coroutine that reads and one
/// that writes, and when waiting on them is given up.
class Http2Connection final : public Transport {
 public:
  /// Told what happens on the connection.
  class Watch {
   public:
    /// A stream's head is whole, and somebody has to answer it; who does gives it back by `retire`.
    virtual void opened(Http2Stream& stream) = 0;
    /// It has no stream any more; it has one.
    virtual void fell_silent() = 0;
    virtual void spoke() = 0;
    /// So many bytes are held now.
    virtual void holds(std::size_t bytes) = 0;
    /// Whether a part of a head is there that more of it has to follow.
    virtual void head_unfinished(bool unfinished) = 0;
    /// The peer has reset so many streams.
    virtual void reset(std::uint64_t streams) = 0;
    /// Somebody is about to wait for the peer.
    virtual void waits() = 0;
    /// Something was refused without an answer.
    virtual void refused(http::Reason reason) = 0;

   protected:
    ~Watch() = default;
  };

  /// How long it may take.
  struct Times {
    Clock::duration head;
    Clock::duration idle;
    Clock::duration write;
  };

  /// `watch` has to outlive it.
  Http2Connection(base::Stream stream, const Http2Settings& settings, const Http2HeadLimits& limits,
                  const Times& times, Watch& watch);

  /// Reads to the connection's end, `first` before anything else. What was to be sent is with the
  /// transport then, as far as the peer takes it. A client that closes its side is answered on the
  /// streams whose requests are whole.
  [[nodiscard]] asio::awaitable<void> read(std::string first);
  /// Writes what there is to send, until `read` has ended.
  [[nodiscard]] asio::awaitable<void> write();
  /// Reads away what the client is still sending, as the transport of HTTP/1 does it.
  [[nodiscard]] asio::awaitable<void> linger(Clock::duration timeout, std::uint64_t at_most,
                                             base::Counter& taken);

  /// The same of a stream that has been answered before its body had come; it is reset after that.
  [[nodiscard]] asio::awaitable<void> linger(Http2Stream& stream, Clock::duration timeout,
                                             std::uint64_t at_most, base::Counter& taken);

  /// Whom somebody waits for: one who sends, or one who takes.
  enum class Waiting { sending, taking };
  /// Waits for an event of a stream, until then. True when it was too late.
  [[nodiscard]] asio::awaitable<bool> wait(Http2Stream& stream, Waiting waiting,
                                           Clock::time_point deadline);
  /// There is something to send; it goes in this turn of the loop or the next.
  void wake();
  /// Sends what the kernel takes at once.
  void pump();
  /// The stream has been answered, or nobody goes on with it.
  void retire(Http2Stream& stream);
  /// Says what the stream holds now.
  void account(Http2Stream& stream);
  [[nodiscard]] Http2Session& session() { return session_; }
  /// Whether the client has closed its side while streams were open.
  [[nodiscard]] bool half_closed() const { return half_closed_; }

  void give_up_overdue(Clock::time_point now) override;
  [[nodiscard]] bool has_heard() override;
  void leave(bool last) override;
  void close() override;
  [[nodiscard]] std::optional<double> slower_than(std::int64_t sent, std::int64_t taken,
                                                  Clock::time_point now) const override;

 private:
  [[nodiscard]] bool turn(std::string_view bytes);
  [[nodiscard]] asio::awaitable<void> answer_rest();
  [[nodiscard]] asio::awaitable<bool> peer_left();
  [[nodiscard]] asio::awaitable<bool> streams_ended();
  void finish(bool cancelled);
  void note_silence();
  void give_up_streams(Clock::time_point now);

  base::Stream stream_;
  Times times_;
  Watch& watch_;
  Http2Session session_;
  Pace pace_;
  int sending_ = 0;
  int taking_ = 0;
  bool silent_ = false;
  Clock::time_point idle_since_ = Clock::now();
  // The least of the streams' deadlines, or sooner.
  Clock::time_point next_due_ = Clock::time_point::max();
  Clock::time_point write_due_ = Clock::time_point::max();
  std::optional<http::Reason> timed_out_;
  bool in_turn_ = false;
  bool reading_ = false;
  bool broken_ = false;
  bool ending_ = false;
  bool half_closed_ = false;
  base::Event wanted_;
  base::Event written_;
  base::Event streams_ended_;
  // What the kernel has not taken.
  std::string out_;
  std::size_t held_ = 0;
  std::array<char, 1024> in_{};
};

}  // namespace sevenstops::stops
