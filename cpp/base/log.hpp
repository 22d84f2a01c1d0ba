#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace sevenstops::base {

/// What the service writes down: an access log, a JSON object for each response, and an error log
/// on stderr. Both go through bounded queues to a thread of their own (spdlog), so that no I/O
/// thread ever waits for a disk; when a queue is full its oldest line is dropped, and counted.
/// Safe to use from several threads.
class Log {
 public:
  /// `access_file` is appended to; empty: no access log. Throws std::runtime_error in one sentence
  /// when it can't be opened.
  explicit Log(const std::string& access_file = {});
  /// Writes what is still queued, as `drain` does. Where nobody takes it, the thread that writes is
  /// left to the process.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  [[nodiscard]] bool logs_access() const;
  /// The fields of one line that follow its time, beginning with a comma.
  void access(std::string_view line);
  /// One sentence for people.
  void error(std::string_view sentence);

  /// Lines of the access log, and sentences, that were dropped so far, since their queue was full.
  [[nodiscard]] std::uint64_t dropped() const;
  [[nodiscard]] std::uint64_t errors_dropped() const;
  /// Writes of the access log that failed so far, and the lines that are not in the file for it;
  /// the first is said on stderr.
  [[nodiscard]] std::uint64_t write_errors() const;
  [[nodiscard]] std::uint64_t lines_lost() const;
  /// Asks for what was logged so far to be written; comes back at once.
  void flush();
  /// What is logged from now on goes to a file opened by the same name, as somebody has moved the
  /// other one away; comes back at once.
  void reopen();
  /// Waits until what was logged so far has been written: true. False, when a log has stood still
  /// for a second, or it takes more than five.
  [[nodiscard]] bool drain();

 private:
  struct State;

  static void leave(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace sevenstops::base
