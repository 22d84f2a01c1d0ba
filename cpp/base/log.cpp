#include "base/log.hpp"

#include <fcntl.h>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <thread>

namespace sevenstops::base {
namespace {

// A queued line takes some 400 bytes: 13 MiB at most, and a third of a second at 100,000
// requests/s.
constexpr std::size_t access_queue = 32768;
constexpr std::size_t error_queue = 1024;

using Pool = std::shared_ptr<spdlog::details::thread_pool>;

std::shared_ptr<spdlog::async_logger> make_logger(const char* name, const spdlog::sink_ptr& sink,
                                                  const Pool& pool, const char* pattern) {
  auto logger = std::make_shared<spdlog::async_logger>(
      name, sink, pool, spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern(pattern);
  return logger;
}

}  // namespace

struct Log::State {
  Pool error_thread = std::make_shared<spdlog::details::thread_pool>(error_queue, 1);
  std::shared_ptr<spdlog::async_logger> errors =
      make_logger("error", std::make_shared<spdlog::sinks::stderr_sink_mt>(), error_thread,
                  "%Y-%m-%dT%H:%M:%S.%e%z sevenstops-service: %v");
  Pool access_thread;
  std::shared_ptr<spdlog::sinks::basic_file_sink_mt> access_file;
  std::shared_ptr<spdlog::async_logger> accesses;
  std::atomic<std::uint64_t> write_errors = 0;
};

Log::Log(const std::string& access_file) : state_(std::make_unique<State>()) {
  if (access_file.empty()) {
    return;
  }
  // The sink would make missing folders, and wait for whoever reads a pipe.
  const auto folder = std::filesystem::absolute(access_file).parent_path();
  if (!std::filesystem::is_directory(folder)) {
    throw std::runtime_error("the access log " + access_file + " cannot be written: there is no " +
                             folder.string());
  }
  const int file = ::open(access_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0644);
  if (file < 0) {
    throw std::runtime_error("the access log " + access_file +
                             " cannot be written: " + std::strerror(errno));
  }
  ::close(file);
  try {
    state_->access_file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(access_file);
  } catch (const spdlog::spdlog_ex&) {
    throw std::runtime_error("the access log " + access_file + " cannot be written");
  }
  state_->access_thread = std::make_shared<spdlog::details::thread_pool>(access_queue, 1);
  const auto failed = [s = state_.get()](const std::string& why) {
    if (s->write_errors.fetch_add(1) == 0) {
      s->errors->error("the access log can't be written: " + why);
    }
  };
  state_->accesses = make_logger("access", state_->access_file, state_->access_thread,
                                 "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\"%v}");
  state_->accesses->set_error_handler(failed);
}

// The pools' threads come to the end of their queues first.
Log::~Log() {
  flush();
  state_->accesses.reset();
  state_->access_thread.reset();
  state_->errors.reset();
  state_->error_thread.reset();
}

bool Log::logs_access() const { return state_->accesses != nullptr; }

void Log::access(std::string_view line) {
  state_->accesses->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void Log::error(std::string_view sentence) {
  state_->errors->log(spdlog::level::err, spdlog::string_view_t(sentence.data(), sentence.size()));
}

std::uint64_t Log::dropped() const {
  return state_->access_thread ? state_->access_thread->overrun_counter() : 0;
}

std::uint64_t Log::write_errors() const { return state_->write_errors; }

void Log::drain() {
  constexpr std::chrono::seconds patience{1};
  constexpr std::chrono::milliseconds pause{1};
  flush();
  const auto end = std::chrono::steady_clock::now() + patience;
  const auto waits = [&] {
    return state_->error_thread->queue_size() > 0 ||
           (state_->access_thread && state_->access_thread->queue_size() > 0);
  };
  while (waits() && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(pause);
  }
  // The last of them is being written.
  std::this_thread::sleep_for(10 * pause);
}

void Log::flush() {
  state_->errors->flush();
  if (state_->accesses) {
    state_->accesses->flush();
  }
}

}  // namespace sevenstops::base
