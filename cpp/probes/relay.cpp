#include "probes/relay.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <mutex>
#include <random>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "base/time.hpp"

namespace sevenstops::probes {

using base::Clock;

namespace {

// The largest packet of IP.
constexpr std::size_t largest = 65535;

void require(bool holds, const char* otherwise) {
  if (!holds) {
    throw std::invalid_argument(otherwise);
  }
}

int checked(int result) {
  if (result < 0) {
    throw std::system_error(errno, std::generic_category(), "a link can't be made");
  }
  return result;
}

timespec as_timespec(Clock::duration wait) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(wait);
  return {.tv_sec = whole.count(), .tv_nsec = (wait - whole).count()};
}

}  // namespace

class Relay::Direction {
 public:
  Direction(int from, int to, const LinkPath& path) : from_(from), to_(to), path_(path) {
    require(path.delay >= 0 && path.delay <= 10, "a link's delay lies between 0 and 10 s");
    require(path.loss >= 0 && path.loss <= 1, "a link's loss is a share between 0 and 1");
    require(path.rate == 0 || path.rate >= 1000, "a link carries 1,000 bytes a second or more");
    require(path.queue >= 1, "a link has room for one packet at least");
    random_.seed(path.seed);
    checked(::fcntl(from, F_SETFL, ::fcntl(from, F_GETFL) | O_NONBLOCK));
    ends_ = checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    thread_ = std::jthread([this] { carry(); });
  }
  Direction(const Direction&) = delete;
  Direction& operator=(const Direction&) = delete;
  ~Direction() {
    stop();
    ::close(ends_);
  }

  void stop() {
    if (thread_.joinable()) {
      (void)::eventfd_write(ends_, 1);
      thread_.join();
    }
  }

  void lose_one(std::int64_t bytes, std::int64_t skipped) {
    const std::scoped_lock lock(mutex_);
    bytes_ = bytes;
    skipped_ = skipped;
  }
  [[nodiscard]] LinkCount count() const { return {.carried = carried_, .lost = lost_}; }

 private:
  struct Packet {
    Clock::time_point due;
    std::vector<char> bytes;
  };

  void carry() {
    // The default lets a wait be 50 us longer.
    ::prctl(PR_SET_TIMERSLACK, 1);
    constexpr auto gone = POLLERR | POLLHUP | POLLNVAL;
    std::array<pollfd, 2> watched = {pollfd{.fd = from_, .events = POLLIN, .revents = 0},
                                     pollfd{.fd = ends_, .events = POLLIN, .revents = 0}};
    while (watched[1].revents == 0 && (watched[0].revents & gone) == 0) {
      const auto now = Clock::now();
      take(now);
      deliver(now);
      const auto wait =
          under_way_.empty()
              ? timespec{.tv_sec = 1, .tv_nsec = 0}
              : as_timespec(std::max(Clock::duration{}, under_way_.front().due - Clock::now()));
      (void)::ppoll(watched.data(), watched.size(), &wait, nullptr);
    }
  }

  void take(Clock::time_point now) {
    // Whoever sends without end must not keep what is due.
    constexpr int most = 256;
    ssize_t n = 1;
    for (int taken = 0; n > 0 && taken < most; ++taken) {
      n = ::read(from_, buffer_.data(), buffer_.size());
      if (n > 0 && !loses(n)) {
        free_ = std::max(free_, now) +
                base::seconds(path_.rate > 0 ? static_cast<double>(n) / path_.rate : 0);
        under_way_.push_back({.due = free_ + base::seconds(path_.delay),
                              .bytes = {buffer_.data(), buffer_.data() + n}});
      }
    }
  }

  bool loses(std::int64_t bytes) {
    const bool lost =
        is_the_one(bytes) || static_cast<std::int64_t>(under_way_.size()) >= path_.queue ||
        (path_.loss > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < path_.loss);
    lost_ += lost ? 1 : 0;
    return lost;
  }

  bool is_the_one(std::int64_t bytes) {
    const std::scoped_lock lock(mutex_);
    return bytes >= bytes_ && skipped_ >= 0 && skipped_-- == 0;
  }

  void deliver(Clock::time_point now) {
    for (; !under_way_.empty() && under_way_.front().due <= now; under_way_.pop_front()) {
      const auto& bytes = under_way_.front().bytes;
      // A device that is full or down loses packets, as any does.
      const bool written = ::write(to_, bytes.data(), bytes.size()) >= 0;
      (written ? carried_ : lost_) += 1;
    }
  }

  int from_;
  int to_;
  int ends_ = -1;
  LinkPath path_;
  std::mt19937_64 random_;
  std::vector<char> buffer_ = std::vector<char>(largest);
  std::deque<Packet> under_way_;
  // When the last packet has left the sender, at the link's rate.
  Clock::time_point free_;
  std::mutex mutex_;
  // Which one is to be lost; negative: none.
  std::int64_t skipped_ = -1;
  std::int64_t bytes_ = 0;
  std::atomic<std::int64_t> carried_ = 0;
  std::atomic<std::int64_t> lost_ = 0;
  std::jthread thread_;
};

Relay::Relay(int near, int far, const LinkPath& there, const LinkPath& back)
    : there_(std::make_unique<Direction>(near, far, there)),
      back_(std::make_unique<Direction>(far, near, back)) {}

Relay::~Relay() = default;

void Relay::stop() {
  there_->stop();
  back_->stop();
}

void Relay::lose_one(std::int64_t bytes, std::int64_t skipped) { back_->lose_one(bytes, skipped); }
LinkCount Relay::there() const { return there_->count(); }
LinkCount Relay::back() const { return back_->count(); }

}  // namespace sevenstops::probes
