#pragma once

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace sevenstops::base {

/// A sink of lines that says what became of them: a file that is appended to, in writes of many
/// lines. Where one fails, its lines are lost and counted; the line that was cut off is ended
/// before the next, so that it is the only one that can't be read.
class LogFile final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  using Said = std::function<void(const std::string& sentence)>;

  /// Throws std::runtime_error in one sentence when it can't be opened. `said` is told of the first
  /// write to a file that fails, and of a file that can't be opened anew.
  LogFile(std::string path, Said said);
  ~LogFile() override;
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  /// The next that is written goes to a file that is opened by the same name.
  void reopen() { reopens_ = true; }
  [[nodiscard]] std::uint64_t write_errors() const { return write_errors_; }
  [[nodiscard]] std::uint64_t lines_lost() const { return lines_lost_; }
  /// How often it was asked to write what it holds.
  [[nodiscard]] std::uint64_t flushes() const { return flushes_; }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

 private:
  void write_out_and_reopen();
  void write_out();
  void open_anew();

  std::string path_;
  Said said_;
  int file_ = -1;
  std::string lines_;
  // Whether it was said that this file can't be written.
  bool told_ = false;
  // Whether the file ends in the middle of a line.
  bool cut_off_ = false;
  std::atomic<bool> reopens_ = false;
  std::atomic<std::uint64_t> write_errors_ = 0;
  std::atomic<std::uint64_t> lines_lost_ = 0;
  std::atomic<std::uint64_t> flushes_ = 0;
};

}  // namespace sevenstops::base
