#include <optional>
#include <string>

#include "http/response_scanner.hpp"
#include "load/engine/channel.hpp"
#include "load/users/users.hpp"

namespace sevenstops::load {
namespace {

using State = http::ResponseScanner::State;

class Http1User {
 public:
  explicit Http1User(Worker& worker)
      : worker_(worker),
        connect_timeout_(base::seconds(worker.plan().connect_timeout)),
        read_timeout_(base::seconds(worker.plan().read_timeout)),
        think_(base::seconds(worker.plan().closed() ? worker.plan().arrivals[0].think : 0)) {}

  [[nodiscard]] Task<> run();

 private:
  [[nodiscard]] Task<bool> connect(Job& job);
  [[nodiscard]] bool conclude(const Job& job, State state, const Received& last,
                              Clock::time_point sent, Clock::time_point first);
  void fail(const Job& job, Ending ending);

  Worker& worker_;
  const Clock::duration connect_timeout_;
  const Clock::duration read_timeout_;
  const Clock::duration think_;
  std::optional<Channel> channel_;
  http::ResponseScanner scanner_;
  std::string scratch_;
  // The beginning of a body that something is expected of.
  std::string kept_;
  // When the request under way was begun, its connection standing.
  Clock::time_point started_;
};

Task<> Http1User::run() {
  auto& engine = worker_.engine();
  while (auto job = co_await worker_.dispatcher().next_job()) {
    started_ = worker_.now();
    if (channel_ && channel_->socket().closed_by_peer()) {
      channel_.reset();
    }
    if (!channel_ && !co_await connect(*job)) {
      continue;
    }
    channel_->socket().expire_at(started_ + read_timeout_);
    const auto bytes = worker_.bytes().http1(*job, scratch_);
    worker_.recorder().sent(*job, started_);
    Received got;
    Clock::time_point sent;
    auto taken = bytes.size();
    if (channel_->plain()) {
      const auto exchanged = co_await channel_->socket().exchange(bytes);
      got = exchanged.received;
      sent = exchanged.sent;
      taken = exchanged.taken;
    } else {
      // Whether all was taken does not matter here: a refusal may come before the last byte.
      (void)co_await channel_->send(bytes);
      sent = worker_.now();
      got = co_await channel_->receive();
    }
    const auto first = std::max(engine.now(), sent);
    const auto& spec = worker_.plan().requests[job->request];
    kept_.clear();
    scanner_.begin(spec.method == "HEAD", spec.expect.empty() ? nullptr : &kept_);
    auto state = State::more;
    auto received = got.bytes.size();
    while (state == State::more && !got.ended()) {
      state = scanner_.feed(got.bytes);
      if (state == State::more) {
        got = co_await channel_->receive();
        received += got.bytes.size();
      }
    }
    worker_.recorder().carried(*job, taken, received);
    if (conclude(*job, state, got, sent, first) && think_.count() > 0) {
      co_await engine.sleep_until(worker_.now() + think_);
    }
  }
}

// False for a connection that did not come about, which ends the job.
Task<bool> Http1User::connect(Job& job) {
  channel_.emplace(worker_.engine(), worker_.peer());
  channel_->socket().expire_at(started_ + connect_timeout_);
  const auto opened = co_await channel_->open();
  if (!opened.ok()) {
    const auto ending = opened.error != 0 ? ending_of(opened.error, Ending::connect_error,
                                                      worker_.engine().stopping())
                                          : Ending::tls_error;
    worker_.recorder().not_connected(job, ending, started_, worker_.engine().now());
    channel_.reset();
    co_return false;
  }
  const auto connected = worker_.now();
  worker_.recorder().connected(job, connected - started_);
  started_ = connected;
  co_return true;
}

// Records how the job ended; whether it was answered. `last` is what came last.
bool Http1User::conclude(const Job& job, State state, const Received& last, Clock::time_point sent,
                         Clock::time_point first) {
  if (state == State::more && last.error == 0) {
    state = scanner_.end();
    if (state == State::malformed) {
      fail(job, Ending::closed_early);
      return false;
    }
  }
  if (state != State::done) {
    fail(job, state == State::malformed
                  ? Ending::malformed
                  : ending_of(last.error, Ending::reset, worker_.engine().stopping()));
    return false;
  }
  const auto now = worker_.engine().now();
  const auto& expect = worker_.plan().requests[job.request].expect;
  auto& recorder = worker_.recorder();
  recorder.phases(job, sent - started_, first - sent, now - first);
  recorder.answered(job, started_, now, scanner_.status(),
                    expect.empty() || kept_.find(expect) != std::string::npos);
  if (!worker_.plan().keep_alive || !scanner_.keep_alive() || !last.bytes.empty()) {
    channel_.reset();
  } else {
    channel_->socket().never_expire();
  }
  return true;
}

void Http1User::fail(const Job& job, Ending ending) {
  worker_.recorder().failed(job, ending, worker_.engine().now());
  channel_.reset();
}

}  // namespace

Task<> http1_user(Worker& worker) {
  Http1User user(worker);
  co_await user.run();
}

}  // namespace sevenstops::load
