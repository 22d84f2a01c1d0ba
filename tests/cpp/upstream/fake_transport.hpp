#pragma once

#include <exception>
#include <functional>
#include <vector>

#include "base/task_group.hpp"
#include "upstream/request.hpp"

namespace sevenstops::upstream {

/// Replicas that answer as a test says.
class FakeTransport final : public Transport {
 public:
  struct Answer {
    Clock::duration after{};
    unsigned status = ok;
    /// Says at once that its work has begun.
    bool begins = false;
    /// Thrown in place of an answer.
    std::exception_ptr trouble = nullptr;
  };
  /// What the `n`-th attempt of all gets.
  using Plan = std::function<Answer(std::size_t n, const Attempt& attempt)>;

  explicit FakeTransport(Plan plan) : plan_(std::move(plan)) {}

  [[nodiscard]] asio::awaitable<unsigned> exchange(const Attempt& attempt,
                                                   const Context& context) override {
    const auto n = ports.size();
    ports.push_back(attempt.port);
    limits.push_back(context.limit);
    times.push_back(Clock::now());
    const auto answer = plan_(n, attempt);
    const Running running_now(*this);
    if (answer.begins && attempt.begun) {
      attempt.begun();
    }
    co_await base::sleep_until(Clock::now() + answer.after);
    ++ended;
    if (answer.trouble) {
      std::rethrow_exception(answer.trouble);
    }
    co_return answer.status;
  }

  /// Attempts under way.
  int running = 0;
  /// Those that came to an end of their own.
  int ended = 0;
  std::vector<std::uint16_t> ports;
  std::vector<Clock::time_point> limits;
  std::vector<Clock::time_point> times;

 private:
  struct Running {
    explicit Running(FakeTransport& t) : transport(t) { ++transport.running; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { --transport.running; }
    FakeTransport& transport;
  };

  Plan plan_;
};

inline Context for_an_hour() {
  return {.limit = Clock::now() + std::chrono::hours(1), .trace = http::new_trace()};
}

}  // namespace sevenstops::upstream
