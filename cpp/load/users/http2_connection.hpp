#pragma once

#include <deque>
#include <memory>

#include "http/nghttp2.hpp"
#include "load/dispatch/worker.hpp"
#include "load/engine/channel.hpp"
#include "load/tasks/task_group.hpp"

namespace sevenstops::load {

class Http2Connection;

/// Room for one stream at a time of a connection: waits for a job, then carries it.
class Http2Slot final : public Waiter {
 public:
  Http2Slot(Http2Connection& connection, Dispatcher& dispatcher)
      : connection_(connection), dispatcher_(dispatcher) {}
  void assign(const Job& given) override;
  void dismiss() override;
  /// Acquires the next job, or waits where there is none yet.
  void next();

  std::optional<Job> job;
  std::int32_t stream = -1;
  Clock::time_point started;
  /// When the status came.
  Clock::time_point first;
  unsigned status = 0;
  /// Whether the answer has ended.
  bool ended = false;
  /// The beginning of a body that something is expected of.
  std::string kept;
  std::string_view body_left;

 private:
  Http2Connection& connection_;
  Dispatcher& dispatcher_;
};

/// One HTTP/2 connection (RFC 9113, by nghttp2): what was asked for on its streams and how far each
/// answer has come.
class Http2Connection {
 public:
  Http2Connection(Worker& worker, Channel& channel);

  /// Serves jobs until there are none any more or the connection ends; what it could not finish is
  /// recorded, or given to others where the peer has surely not begun it.
  [[nodiscard]] Task<> run(const Job& first_job);

  /// Whether a further stream may be opened on it.
  [[nodiscard]] bool takes_requests() const;
  /// Opens a stream for the slot's job; `flush` sends it.
  void submit(Http2Slot& slot);
  /// Has the writer send what nghttp2 has to send; comes back at once.
  void flush();
  /// A slot has no further job.
  void dismissed();

 private:
  // The writer waits here until there is something to send.
  struct Wanted {
    Http2Connection& connection;
    [[nodiscard]] bool await_ready() const { return connection.flush_wanted_; }
    void await_suspend(std::coroutine_handle<> writer) const { connection.writer_ = writer; }
    void await_resume() const { connection.flush_wanted_ = false; }
  };
  struct Callbacks;

  void configure(const Http2Spec& spec);
  [[nodiscard]] Task<> read();
  [[nodiscard]] Task<> write();
  void gather();
  void closed(Http2Slot& slot, std::uint32_t error);
  void answered(Http2Slot& slot);
  void fail(Http2Slot& slot, Ending ending);
  [[nodiscard]] bool done() const;
  [[nodiscard]] Clock::time_point next_deadline() const;
  void fail_overdue();
  [[nodiscard]] bool cut_by_us(int error) const;
  /// The reader waits for bytes; a deadline that has passed makes it look round.
  void wake_reader() { channel_.socket().expire_at(worker_.now()); }
  void retire();

  Worker& worker_;
  Channel& channel_;
  std::unique_ptr<nghttp2_session, http::FreeOfNghttp2> session_;
  std::vector<std::unique_ptr<Http2Slot>> slots_;
  // In the order of their start, which is that of their deadlines.
  std::deque<Http2Slot*> started_;
  std::string target_;
  std::string out_;
  std::size_t dismissed_ = 0;
  int error_ = 0;
  bool unsendable_ = false;
  // Nothing will be sent any more, so the writer ends.
  bool retired_ = false;
  bool flush_wanted_ = false;
  std::coroutine_handle<> writer_;
};

}  // namespace sevenstops::load
