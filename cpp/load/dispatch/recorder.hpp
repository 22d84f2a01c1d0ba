#pragma once

#include <exception>
#include <vector>

#include "load/dispatch/job.hpp"
#include "load/dispatch/schedule.hpp"
#include "load/record/result.hpp"

namespace sevenstops::load {

/// What one thread of a load counts. Each job begins once and ends once, answered or failed;
/// those of the warm-up leave no trace but their number. `series` may be read from any thread, the
/// rest when the thread has ended.
class Recorder {
 public:
  Recorder(const Plan& plan, const Schedule& schedule);

  /// Sets whether the job is recorded.
  void begin(Job& job);
  /// The job, due at its intended time, was come to at `now`.
  void late(const Job& job, Clock::time_point now);
  /// Nobody was free to send the job.
  void blocked(const Job& job) { blocked_.no_connection += job.recorded ? 1 : 0; }
  /// Somebody became free for a job that had been blocked.
  void unblocked(const Job& job, Clock::time_point now);
  /// The mix asked for more misbehaving clients at once than the plan has.
  void no_client() { ++blocked_.no_client; }

  void connected(const Job& job, Clock::duration took);
  /// The job was begun on a connection.
  void sent(Job& job, Clock::time_point when);
  /// The connection that was begun for the job at `began` did not come about, which ends it. Where
  /// there was no socket, nothing was begun.
  void not_connected(Job& job, Ending ending, Clock::time_point began, Clock::time_point now);
  /// Bytes of the job that went out and that came back.
  void carried(const Job& job, std::uint64_t sent, std::uint64_t received) {
    if (job.recorded) {
      requests_[job.request].bytes_sent += sent;
      requests_[job.request].bytes_received += received;
    }
  }
  /// How the job's time went: sending, waiting for the first byte, receiving until the last.
  void phases(const Job& job, Clock::duration send, Clock::duration first_byte,
              Clock::duration last_byte);
  /// The same where the end of the sending is not known.
  void phases(const Job& job, Clock::duration first_byte, Clock::duration last_byte);
  /// A whole answer; sent at `started`, ended at `now`.
  void answered(const Job& job, Clock::time_point started, Clock::time_point now, unsigned status,
                bool as_expected);
  void failed(const Job& job, Ending ending, Clock::time_point now);

  /// Jobs that have begun and not ended.
  [[nodiscard]] std::uint64_t outstanding() const { return begun_ - ended_; }
  [[nodiscard]] CrowdRecord& crowd(std::size_t place) { return crowds_[place]; }
  [[nodiscard]] const Series& series() const { return series_; }
  /// How the thread itself fared.
  [[nodiscard]] ClientRecord& client() { return client_; }

  /// The thread has come to its end at `when`, by this exception or by none.
  void end(Clock::time_point when, std::exception_ptr failure);
  /// Adds what was counted to the result of the whole load, `sending` and `duration` as the later
  /// of two ends in seconds since the start. Throws what the thread ended with.
  void add_to(LoadResult& result, const Plan& plan) const;

 private:
  void count_sent(Job& job, Clock::time_point when);

  const Schedule& schedule_;
  std::uint64_t begun_ = 0;
  std::uint64_t ended_ = 0;
  std::uint64_t recorded_ = 0;
  std::vector<RequestRecord> requests_;
  PhaseRecord phases_;
  BlockedRecord blocked_;
  ClientRecord client_;
  std::vector<CrowdRecord> crowds_;
  Series series_;
  Clock::time_point last_sent_;
  Clock::time_point finished_;
  std::exception_ptr failure_;
};

}  // namespace sevenstops::load
