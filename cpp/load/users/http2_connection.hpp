#pragma once

#include <nghttp2/nghttp2.h>

#include <deque>
#include <memory>

#include "load/thread.hpp"

namespace sevenstops::load {

class Http2Connection;

/// One of a connection's streams-to-be: takes a job at a time.
class Http2Slot final : public Taker {
 public:
  Http2Slot(Http2Connection& connection, LoadThread& thread)
      : connection_(connection), thread_(thread) {}
  void take(const Job& job) override;
  void dismiss() override;
  /// Looks for the next job, and rests where there is none yet.
  void next();
  /// Takes back its place among those who rest.
  void withdraw();

  std::optional<Job> job;
  std::int32_t stream = -1;
  Clock::time_point started;
  Clock::time_point first;
  unsigned status = 0;
  std::string kept;
  std::string_view body_left;

 private:
  Http2Connection& connection_;
  LoadThread& thread_;
  bool idle_ = false;
};

/// One HTTP/2 connection (RFC 9113, by nghttp2): what was asked for on its streams and how far each
/// answer has come.
class Http2Connection {
 public:
  Http2Connection(LoadThread& thread, Channel& channel);

  /// Serves jobs until there are none any more or the connection ends; what it could not finish is
  /// recorded, or given back where the peer has surely not begun it.
  [[nodiscard]] Task<> run(const Job& first_job);

  [[nodiscard]] bool takes_requests() const;
  void submit(Http2Slot& slot);
  /// Sends what nghttp2 has to send; comes back at once when it is doing so already.
  Detached flush();
  /// A slot has no further job.
  void dismissed();

 private:
  struct FlushEnd {
    Http2Connection& connection;
    [[nodiscard]] bool await_ready() const { return !connection.flushing_; }
    void await_suspend(std::coroutine_handle<> waiter) const { connection.waiter_ = waiter; }
    void await_resume() const {}
  };
  struct FreeSession {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Callbacks;

  void closed(Http2Slot& slot, std::uint32_t error);
  void fail(Http2Slot& slot, Ending ending);
  [[nodiscard]] bool done() const;
  [[nodiscard]] Clock::time_point next_deadline() const;
  void give_up_overdue();
  [[nodiscard]] bool cut_by_us(int error) const;
  /// The reader waits for bytes; a deadline that has passed makes it look round.
  void wake_reader() { channel_.socket().expire_at(Clock::now()); }
  void retire();

  LoadThread& thread_;
  Channel& channel_;
  std::string authority_;
  std::unique_ptr<nghttp2_session, FreeSession> session_;
  std::vector<std::unique_ptr<Http2Slot>> slots_;
  // In the order of their start, which is that of their deadlines.
  std::deque<Http2Slot*> started_;
  std::string target_;
  std::string out_;
  std::size_t active_ = 0;
  std::size_t dismissed_ = 0;
  int error_ = 0;
  bool flushing_ = false;
  bool again_ = false;
  bool unsendable_ = false;
  std::coroutine_handle<> waiter_;
};

}  // namespace sevenstops::load
