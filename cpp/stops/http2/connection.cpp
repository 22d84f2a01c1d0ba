#include "stops/http2/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "base/socket.hpp"
#include "base/task_group.hpp"

namespace sevenstops::stops {
namespace {

// Where what is beyond a connection's own room goes first, on each thread.
thread_local std::array<char, 65536> scratch;
// What is being sent.
thread_local std::string gathered;

constexpr std::size_t enough = 65536;

// No frame begins so: it would be longer than any may be.
constexpr char nothing = '\xff';

}  // namespace

Http2Connection::Http2Connection(base::Stream stream, const Http2Settings& settings,
                                 const Http2HeadLimits& limits, const Times& times, Watch& watch)
    : stream_(std::move(stream)),
      times_(times),
      watch_(watch),
      session_(settings, limits, [&watch](http::Reason reason) { watch.refused(reason); }) {}

asio::awaitable<void> Http2Connection::read(std::string first) {
  bool going = turn(first);
  std::string().swap(first);
  boost::system::error_code error;
  while (going) {
    in_[0] = nothing;
    reading_ = true;
    const auto [failed, count] = co_await stream_.async_read_some(asio::buffer(in_));
    reading_ = false;
    error = failed;
    if (error) {
      break;
    }
    going = turn({in_.data(), count});
    if (going && count == in_.size()) {
      boost::system::error_code next;
      // An error shows itself again when there is nothing else.
      const auto more = stream_.read_some(asio::buffer(scratch), next);
      going = more == 0 || turn({scratch.data(), more});
    }
  }
  if (error == asio::error::eof && !broken_ && !session_.streams().empty()) {
    co_await answer_rest();
    error = {};
  }
  broken_ = broken_ || (error && !timed_out_ && error != asio::error::operation_aborted);
  finish(error == asio::error::operation_aborted && !timed_out_);
  co_await written_.async_wait(asio::use_awaitable);
}

// An end of what the client sends looks the same whether it waits or has left: the reset with which
// one that has left takes a frame tells them apart.
asio::awaitable<void> Http2Connection::answer_rest() {
  half_closed_ = true;
  watch_.head_unfinished(false);
  session_.cut_short();
  session_.probe();
  pump();
  try {
    const auto ended = co_await base::unless(peer_left(), streams_ended());
    if (!ended) {
      close();
    }
  } catch (const boost::system::system_error&) {
    finish(true);
    throw;
  }
}

asio::awaitable<bool> Http2Connection::peer_left() {
  auto& socket = stream_.socket();
  const auto [error] = co_await socket.async_wait(tcp::socket::wait_error, base::as_tuple);
  // An urgent byte that nobody has read is told as well.
  co_return error || base::is_broken(socket);
}

asio::awaitable<bool> Http2Connection::streams_ended() {
  while (!session_.streams().empty()) {
    const auto [error] = co_await streams_ended_.async_wait(base::as_tuple);
    if (error) {
      co_return false;
    }
  }
  co_return true;
}

// What has come makes streams, what they answer at once leaves together.
bool Http2Connection::turn(std::string_view bytes) {
  if (broken_) {
    return false;
  }
  pace_.moved(bytes.size(), Clock::now());
  in_turn_ = true;
  const bool fed = session_.feed(bytes);
  for (const auto id : fed ? session_.opened() : std::vector<std::int32_t>()) {
    if (std::exchange(silent_, false)) {
      watch_.spoke();
    }
    watch_.opened(*session_.streams().at(id));
  }
  for (const auto id : session_.fed()) {
    if (const auto found = session_.streams().find(id); found != session_.streams().end()) {
      account(*found->second);
    }
  }
  in_turn_ = false;
  watch_.head_unfinished(session_.head_begun().has_value());
  watch_.reset(session_.resets());
  if (fed) {
    pump();
  }
  note_silence();
  return fed && !session_.trouble() && !session_.done() && !broken_;
}

void Http2Connection::note_silence() {
  if (!silent_ && !broken_ && session_.streams().empty()) {
    silent_ = true;
    idle_since_ = Clock::now();
    watch_.fell_silent();
  }
}

// The last frames go as far as they can; nobody goes on with a stream.
void Http2Connection::finish(bool cancelled) {
  if (timed_out_ == http::Reason::head_timeout) {
    session_.give_up(*timed_out_);
  }
  if (const auto trouble = session_.trouble()) {
    watch_.refused(*trouble);
  }
  watch_.head_unfinished(false);
  session_.end();
  session_.close_streams();
  ending_ = true;
  if (cancelled) {
    // There is no time to wait for the peer.
    pump();
  }
  wanted_.notify();
}

asio::awaitable<void> Http2Connection::write() {
  while (!broken_ && !(ending_ && out_.empty())) {
    co_await wanted_.async_wait(asio::use_awaitable);
    pump();
    while (!out_.empty() && !broken_) {
      write_due_ = Clock::now() + times_.write;
      const auto [error, count] = co_await stream_.async_write_some(asio::buffer(out_));
      write_due_ = Clock::time_point::max();
      pace_.moved(count, Clock::now());
      out_.erase(0, count);
      if (error) {
        broken_ = true;
      } else if (out_.empty()) {
        std::string().swap(out_);
        session_.taken();
        pump();
      }
    }
  }
  if (!ending_) {
    // Whoever reads meets the end.
    close();
  }
  written_.notify();
}

void Http2Connection::wake() {
  if (!in_turn_) {
    wanted_.notify();
  }
}

void Http2Connection::pump() {
  while (out_.empty() && !broken_) {
    gathered.clear();
    session_.gather(gathered, enough);
    if (gathered.empty()) {
      return;
    }
    boost::system::error_code error;
    const auto count = stream_.write_some(asio::buffer(gathered), error);
    if (error && error != asio::error::would_block) {
      broken_ = true;
      close();
    } else if (count < gathered.size()) {
      out_.assign(gathered, count);
      wanted_.notify();
    } else {
      pace_.moved(count, Clock::now());
      session_.taken();
    }
  }
}

asio::awaitable<void> Http2Connection::linger(Clock::duration timeout, std::uint64_t at_most,
                                              base::Counter& taken) {
  boost::system::error_code error;
  stream_.shutdown_send();
  auto& socket = stream_.socket();
  const auto end = Clock::now() + timeout;
  write_due_ = end;
  while (!error && Clock::now() < end && at_most > 0) {
    const auto [failed] = co_await socket.async_wait(tcp::socket::wait_read, base::as_tuple);
    error = failed;
    if (!error) {
      const auto room = asio::buffer(scratch, std::min<std::uint64_t>(scratch.size(), at_most));
      const auto count = socket.read_some(room, error);
      at_most -= count;
      taken.add(count);
      error = error == asio::error::would_block ? boost::system::error_code() : error;
    }
  }
  write_due_ = Clock::time_point::max();
}

asio::awaitable<void> Http2Connection::linger(Http2Stream& stream, Clock::duration timeout,
                                              std::uint64_t at_most, base::Counter& taken) {
  const auto end = Clock::now() + timeout;
  std::uint64_t read = 0;
  bool late = false;
  while (!late && read <= at_most && !stream.received && !stream.cut_short && !stream.closed) {
    late = co_await wait(stream, Waiting::sending, end);
    read += stream.in.size();
    taken.add(stream.in.size());
    session_.consume(stream, std::exchange(stream.in, {}).size());
    wake();
  }
}

asio::awaitable<bool> Http2Connection::wait(Http2Stream& stream, Waiting waiting,
                                            Clock::time_point deadline) {
  struct Counted {
    explicit Counted(int& n) : count(n) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    int& count;
  };
  const bool sends = waiting == Waiting::sending;
  const Counted counted(sends ? sending_ : taking_);
  if (const auto now = Clock::now(); sending_ + taking_ == 1 && pace_.rests(now)) {
    // Until now it was not the peer who let others wait.
    pace_.begin(now);
  }
  stream.timed_out = false;
  stream.due = deadline;
  next_due_ = std::min(next_due_, deadline);
  account(stream);
  watch_.waits();
  auto& event = sends ? stream.input : stream.output;
  co_await event.async_wait(asio::use_awaitable);
  stream.due = Clock::time_point::max();
  co_return stream.timed_out;
}

void Http2Connection::retire(Http2Stream& stream) {
  held_ -= stream.held;
  watch_.holds(held_ + out_.capacity());
  const bool sends = !stream.closed || !stream.in.empty();
  session_.retire(stream);
  note_silence();
  streams_ended_.notify();
  if (sends) {
    wake();
  }
}

void Http2Connection::account(Http2Stream& stream) {
  const auto body = std::max<std::uint64_t>(stream.request.body.capacity(), stream.reserved);
  const auto now = body + stream.head.held() + stream.request.head.capacity() +
                   stream.in.capacity() + stream.out.capacity();
  held_ += now - stream.held;
  stream.held = now;
  watch_.holds(held_ + out_.capacity());
}

void Http2Connection::give_up_overdue(Clock::time_point now) {
  // First, as each says by itself what it was refused for.
  if (next_due_ < now) {
    give_up_streams(now);
  }
  if (write_due_ < now) {
    write_due_ = Clock::time_point::max();
    close();
    return;
  }
  if (!reading_ || timed_out_) {
    return;
  }
  const auto head = session_.head_begun();
  if (head && *head + times_.head < now) {
    timed_out_ = http::Reason::head_timeout;
  } else if (silent_ && (idle_since_ + times_.idle < now || session_.done())) {
    // Or the client has said goodbye.
    timed_out_ = http::Reason::idle;
  }
  if (timed_out_) {
    boost::system::error_code error;
    stream_.socket().cancel(error);
  }
}

void Http2Connection::give_up_streams(Clock::time_point now) {
  next_due_ = Clock::time_point::max();
  for (auto& [id, stream] : session_.streams()) {
    if (stream->due < now) {
      stream->due = Clock::time_point::max();
      stream->timed_out = true;
      stream->input.notify();
      stream->output.notify();
    }
    next_due_ = std::min(next_due_, stream->due);
  }
}

bool Http2Connection::has_heard() { return (reading_ && in_[0] != nothing) || stream_.has_input(); }

void Http2Connection::leave(bool last) {
  if (!broken_ && !ending_) {
    session_.leave(last);
    pump();
  }
}

void Http2Connection::close() {
  broken_ = true;
  stream_.close();
}

std::optional<double> Http2Connection::slower_than(std::int64_t sent, std::int64_t taken,
                                                   Clock::time_point now) const {
  if (sending_ + taking_ == 0) {
    return std::nullopt;
  }
  const auto rate = pace_.rate(now);
  const auto least = static_cast<double>(taking_ > 0 ? taken : sent);
  return rate < least ? std::optional(rate) : std::nullopt;
}

}  // namespace sevenstops::stops
