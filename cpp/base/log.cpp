#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/log_file.hpp"
#include "base/time.hpp"

namespace sevenstops::base {
namespace {

// A queued line takes some 400 bytes: 13 MiB at most, and a third of a second at 100,000
// requests/s.
constexpr std::size_t access_queue = 32768;
constexpr std::size_t error_queue = 1024;

// How long a log may stand still at its end, and how long it may take where it does not.
constexpr std::chrono::seconds patience{1};
constexpr std::chrono::seconds most_patience{5};

using Pool = std::shared_ptr<spdlog::details::thread_pool>;
using Logger = std::shared_ptr<spdlog::async_logger>;

Logger make_logger(const char* name, const spdlog::sink_ptr& sink, const Pool& pool,
                   const char* pattern) {
  auto logger = std::make_shared<spdlog::async_logger>(
      name, sink, pool, spdlog::async_overflow_policy::overrun_oldest);
  logger->set_pattern(pattern);
  return logger;
}

// Whether nothing is left in a queue before its thread stands still for too long.
bool empties(const Pool& pool, Clock::time_point most) {
  constexpr std::chrono::milliseconds pause{1};
  auto least = pool->queue_size();
  auto end = std::min(Clock::now() + patience, most);
  while (const auto left = pool->queue_size()) {
    const auto now = Clock::now();
    if (left < least) {
      least = left;
      end = std::min(now + patience, most);
    } else if (now > end) {
      return false;
    }
    std::this_thread::sleep_for(pause);
  }
  return true;
}

// Whether the thread of a log comes to the end of its queue.
bool comes_to_its_end(const Pool& pool, const std::function<void()>& flush,
                      Clock::time_point most) {
  // A full queue would lose its oldest lines to what is said next.
  if (!empties(pool, most)) {
    return false;
  }
  // It takes the second when it is done with the first, and with all before that.
  flush();
  flush();
  return empties(pool, most);
}

}  // namespace

struct Log::State {
  Pool error_thread = std::make_shared<spdlog::details::thread_pool>(error_queue, 1);
  Logger errors = make_logger("error", std::make_shared<spdlog::sinks::stderr_sink_mt>(),
                              error_thread, "%Y-%m-%dT%H:%M:%S.%e%z sevenstops-service: %v");
  std::shared_ptr<LogFile> access_file;
  Pool access_thread;
  Logger accesses;
  std::atomic<std::uint64_t> flushes_asked = 0;

  void flush_accesses() {
    ++flushes_asked;
    accesses->flush();
  }
};

Log::Log(const std::string& access_file) : state_(std::make_unique<State>()) {
  if (access_file.empty()) {
    return;
  }
  state_->access_file = std::make_shared<LogFile>(
      access_file, [errors = state_->errors](const std::string& sentence) {
        errors->log(spdlog::level::err, spdlog::string_view_t(sentence));
      });
  state_->access_thread = std::make_shared<spdlog::details::thread_pool>(access_queue, 1);
  state_->accesses = make_logger("access", state_->access_file, state_->access_thread,
                                 "{\"time\":\"%Y-%m-%dT%H:%M:%S.%e%z\"%v}");
}

// A pool's end waits for its thread, which may be in a write that nobody ends: then both are left
// to the process, where a leak checker finds them in use.
void Log::leave(std::unique_ptr<State> state) {
  static std::mutex mutex;
  static auto& left = *new std::vector<std::unique_ptr<State>>;
  const std::scoped_lock lock(mutex);
  left.push_back(std::move(state));
}

Log::~Log() {
  if (!drain()) {
    leave(std::move(state_));
    return;
  }
  state_->accesses.reset();
  state_->access_thread.reset();
  state_->access_file.reset();
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
  if (!state_->access_thread) {
    return 0;
  }
  // The queue drops what asks for a flush as well, and counts it. What has not been answered is
  // taken for dropped: until it is, there may be a line too few.
  // In this order, or one that comes in between would be answered before it was asked for.
  const auto answered = state_->access_file->flushes();
  const auto flushes = state_->flushes_asked - answered;
  const auto all = state_->access_thread->overrun_counter();
  return all - std::min<std::uint64_t>(all, flushes);
}

std::uint64_t Log::errors_dropped() const { return state_->error_thread->overrun_counter(); }

std::uint64_t Log::write_errors() const {
  return state_->access_file ? state_->access_file->write_errors() : 0;
}

std::uint64_t Log::lines_lost() const {
  return state_->access_file ? state_->access_file->lines_lost() : 0;
}

bool Log::drain() {
  const auto most = Clock::now() + most_patience;
  const bool accesses =
      !state_->accesses || comes_to_its_end(
                               state_->access_thread, [this] { state_->flush_accesses(); }, most);
  // Afterwards, since what goes wrong with the one is said by the other.
  return comes_to_its_end(
             state_->error_thread, [this] { state_->errors->flush(); }, most) &&
         accesses;
}

void Log::flush() {
  if (state_->accesses) {
    state_->flush_accesses();
  }
}

void Log::reopen() {
  if (state_->access_file) {
    state_->access_file->reopen();
    flush();
  }
}

}  // namespace sevenstops::base
