#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include "load/engine/channel.hpp"
#include "load/plan/arrivals.hpp"
#include "load/plan/pattern.hpp"
#include "load/record/recorder.hpp"

namespace sevenstops::load {

/// One request to be sent.
struct Job {
  Clock::time_point intended;
  std::size_t request = 0;
  std::uint64_t draw = 0;
  /// False during the warm-up.
  bool recorded = true;
};

/// A slot for one request at a time: a connection, or a stream of one.
class Taker {
 public:
  virtual void take(const Job& job) = 0;
  /// No job will come any more.
  virtual void dismiss() = 0;

 protected:
  ~Taker() = default;
};

/// One thread of a load: its engine, its arrivals, its clients and what they record.
class LoadThread {
 public:
  LoadThread(const Plan& plan, const Endpoint& endpoint, std::int64_t index, std::string engine,
             Clock::time_point start);

  /// Sends the thread's part of the load; to be called in a thread of its own.
  void run();
  /// Ends the load soon; from any thread.
  void cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  [[nodiscard]] Engine& engine() { return *engine_; }
  [[nodiscard]] Clock::time_point end() const { return end_; }
  /// A number from 0 to 1, for clients that are not to march in step.
  [[nodiscard]] double chance() { return std::uniform_real_distribution<double>()(random_); }
  /// Whether misbehaving clients have to come to their end.
  [[nodiscard]] bool over() const { return engine_->stopping() || engine_->now() >= end_; }

  /// For users: whether it is known what comes next. Then `job` is the next request, or empty when
  /// there is none any more; else the slot has to `idle`.
  [[nodiscard]] bool pull(std::optional<Job>& job);
  void idle(Taker& taker) { idle_.push_back(&taker); }
  /// Takes back an `idle`.
  void withdraw(Taker& taker) { std::erase(idle_, &taker); }
  /// For a job that the peer has surely not begun: somebody else will take it.
  void give_back(const Job& job) { waiting_.push_front(job); }

  /// The next job, or nothing: `while (auto job = co_await thread.next_job())`.
  struct NextJob : Taker {
    LoadThread& thread;
    std::optional<Job> job;
    std::coroutine_handle<> waiter;

    explicit NextJob(LoadThread& t) : thread(t) {}
    [[nodiscard]] bool await_ready() { return thread.pull(job); }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter = handle;
      thread.idle(*this);
    }
    [[nodiscard]] const std::optional<Job>& await_resume() const { return job; }
    void take(const Job& given) override {
      job = given;
      waiter.resume();
    }
    void dismiss() override { waiter.resume(); }
  };
  [[nodiscard]] NextJob next_job() { return NextJob(*this); }

  /// The bytes of a job's HTTP/1.1 request; `scratch` is used where they have to be made.
  [[nodiscard]] std::string_view request_bytes(const Job& job, std::string& scratch) const;
  /// The job's target, written into `out`.
  void append_target(const Job& job, std::string& out) const;
  [[nodiscard]] const std::string& body(const Job& job) const { return bodies_[job.request]; }

  /// Recording; each job ends with one of the two.
  void sent(const Job& job, Clock::time_point when);
  void answered(const Job& job, Clock::time_point started, unsigned status, bool as_expected);
  void failed(const Job& job, Ending ending);
  void connected(Clock::duration took) { result.phases.connect.record(micros(took)); }
  void sent_in(Clock::duration took) { result.phases.send.record(micros(took)); }
  void first_byte_in(Clock::duration took) { result.phases.first_byte.record(micros(took)); }
  void last_byte_in(Clock::duration took) { result.phases.last_byte.record(micros(took)); }

  /// How an errno of the engine reads as an ending.
  [[nodiscard]] Ending ending_of(int error, Ending otherwise) const;

  struct Result {
    std::vector<RequestRecord> requests;
    std::uint64_t due = 0;
    std::uint64_t warm_up = 0;
    PhaseRecord phases;
    BlockedRecord blocked;
    ClientRecord client;
    std::vector<CrowdRecord> crowds;
    Clock::time_point last_sent;
    Clock::time_point ended;
    std::exception_ptr trouble;
  };
  Result result;
  Series series;

  [[nodiscard]] static Clock::duration as_duration(double seconds) {
    return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }
  [[nodiscard]] static std::uint64_t micros(Clock::duration duration) {
    const auto count = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, count));
  }

 private:
  struct CrowdState {
    // Clients that requests of the mix have asked for: under way now, and at most in this thread.
    std::int64_t of_the_mix = 0;
    std::int64_t most_of_the_mix = 0;
    bool lasting = false;
  };

  void populate();
  Detached follow_user(Task<> user);
  Detached follow_client(std::size_t crowd, bool of_the_mix);
  void dispatch();
  void give(const Arrival& arrival);
  void begin(Job& job);
  [[nodiscard]] bool finished() const;
  [[nodiscard]] Clock::time_point next_wake() const;
  [[nodiscard]] double since_start(Clock::time_point when) const {
    return std::chrono::duration<double>(when - start_).count();
  }

  const Plan& plan_;
  const Endpoint& endpoint_;
  std::int64_t index_;
  std::string engine_name_;
  Clock::time_point start_;
  Clock::time_point record_from_;
  Clock::time_point end_;
  Clock::time_point give_up_;
  std::unique_ptr<Engine> engine_;
  ArrivalSequence arrivals_;
  std::optional<Arrival> next_;
  std::deque<Taker*> idle_;
  std::deque<Job> waiting_;
  std::vector<CrowdState> crowds_;
  std::vector<Pattern> patterns_;
  std::vector<std::string> bodies_;
  std::vector<std::string> prebuilt_;
  // What follows the target in a request whose target is drawn.
  std::vector<std::string> after_target_;
  // Which crowd sends a request of the mix; no crowd: -1.
  std::vector<std::int64_t> sender_;
  std::mt19937_64 random_;
  std::int64_t outstanding_ = 0;
  std::int64_t alive_ = 0;
  std::int64_t finite_alive_ = 0;
  bool exhausted_ = false;
  std::atomic<bool> cancelled_{false};
};

/// One honest user over HTTP/1.1: takes a job, sends it, records it, again.
[[nodiscard]] Task<> http1_user(LoadThread& thread);
/// One honest user over HTTP/2: a connection with as many jobs at once as the plan has streams.
[[nodiscard]] Task<> http2_user(LoadThread& thread);

}  // namespace sevenstops::load
