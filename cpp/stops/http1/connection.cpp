#include "stops/http1/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>
#include <utility>

namespace sevenstops::stops {
namespace {

// What a connection that waits keeps of its buffer: a usual head has room in it.
constexpr std::size_t resting_room = 512;

// Where what is beyond that goes first, on each thread, as nobody knows how much it is.
thread_local std::array<char, 65536> scratch;

}  // namespace

void Connection::consume(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
}

// Room for so many bytes behind those that are unread.
void Connection::make_room(std::size_t bytes) {
  if (begin_ > 0 && buffer_.size() - end_ < bytes) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < bytes) {
    buffer_.resize(end_ == 0 ? bytes : std::max(end_ + bytes, buffer_.size() * 2));
  }
}

void Connection::append(std::string_view bytes) {
  make_room(bytes.size());
  std::ranges::copy(bytes, buffer_.begin() + static_cast<std::ptrdiff_t>(end_));
  end_ += bytes.size();
}

void Connection::expect_first_byte() {
  if (begin_ == end_ && !silent_ && watch_ != nullptr) {
    silent_ = true;
    watch_->fell_silent();
  }
}

void Connection::heard() {
  silent_ = false;
  if (watch_ != nullptr) {
    watch_->spoke();
  }
  pace_.begin(Clock::now());
}

void Connection::begin_to_wait(Clock::time_point deadline) {
  deadline_ = deadline;
  timed_out_ = false;
  if (!silent_) {
    if (const auto now = Clock::now(); pace_.rests(now)) {
      // Until now it was not the peer who let others wait.
      pace_.begin(now);
    }
  }
  if (watch_ != nullptr) {
    watch_->waits();
  }
}

std::optional<double> Connection::slower_than(std::int64_t sent, std::int64_t taken,
                                              Clock::time_point now) const {
  if (deadline_ == Clock::time_point::max()) {
    return std::nullopt;
  }
  const auto rate = pace_.rate(now);
  const auto least = static_cast<double>(writing_ ? taken : sent);
  return rate < least ? std::optional(rate) : std::nullopt;
}

bool Connection::has_heard() {
  // A read that went at once has put its bytes there before anybody is told. No request begins
  // with a zero.
  return (end_ < buffer_.size() && buffer_[end_] != '\0') || stream_.has_input();
}

// HTTP/1 can say it in an answer only (RFC 9112, 9.6): a silent client is left to ask once more.
void Connection::leave(bool last) {
  if (last && silent_ && !has_heard()) {
    close();
  }
}

void Connection::close() {
  silent_ = false;
  deadline_ = Clock::time_point::max();
  stream_.close();
}

// As a wait for readability and then a read would cost a system call more, the first bytes have
// their place beforehand.
asio::awaitable<Bytes::Read> Connection::more(Clock::time_point deadline, std::size_t at_most) {
  const auto first = std::min(at_most, resting_room);
  if (begin_ == end_ && buffer_.size() != resting_room) {
    std::vector<char>(resting_room).swap(buffer_);
  }
  make_room(first);
  const auto place = asio::buffer(buffer_.data() + end_, first);
  boost::system::error_code error = asio::error::would_block;
  std::size_t count = 0;
  buffer_[end_] = '\0';
  if (std::exchange(fresh_, false)) {
    // Who comes with a request is not silent for a moment, or he would have to leave for the next.
    count = stream_.read_some(place, error);
  } else if (silent_) {
    // While others have their turn the next request may come, and a read that finds nothing is
    // saved.
    auto& io = static_cast<asio::io_context&>(
        asio::query(stream_.socket().get_executor(), asio::execution::context));
    // All sockets of the house are an io_context's. Named, since Asio would wrap it twice for an
    // executor of any type.
    co_await asio::post(io, asio::bind_executor(io.get_executor(), asio::use_awaitable));
  }
  if (error == asio::error::would_block) {
    begin_to_wait(deadline);
    std::tie(error, count) = co_await stream_.async_read_some(place);
    deadline_ = Clock::time_point::max();
  }
  if (error) {
    co_return timed_out_ ? Read::timed_out : Read::ended;
  }
  end_ += count;
  if (count == first && at_most > first) {
    boost::system::error_code next;
    const auto room = asio::buffer(scratch.data(), std::min(at_most - first, scratch.size()));
    // An error shows itself again when there is nothing else.
    const auto rest = stream_.read_some(room, next);
    append({scratch.data(), rest});
    count += rest;
  }
  if (silent_) {
    heard();
  } else {
    pace_.moved(count, Clock::now());
  }
  co_return Read::some;
}

std::size_t Connection::write_some(std::string_view bytes, boost::system::error_code& error) {
  return stream_.write_some(asio::buffer(bytes), error);
}

asio::awaitable<http::Outcome<void>> Connection::write_all(std::string_view bytes,
                                                           Clock::duration timeout) {
  boost::system::error_code error;
  timed_out_ = false;
  bool waited = false;
  while (!bytes.empty()) {
    auto count = write_some(bytes, error);
    if (error == asio::error::would_block) {
      if (!std::exchange(waited, true)) {
        pace_.begin(Clock::now());
      }
      writing_ = true;
      begin_to_wait(Clock::now() + timeout);
      const auto [failed, written] = co_await stream_.async_write_some(asio::buffer(bytes));
      deadline_ = Clock::time_point::max();
      writing_ = false;
      error = failed;
      count = written;
    }
    if (error) {
      co_return timed_out_ ? http::Reason::write_timeout : http::Reason::closed;
    }
    bytes.remove_prefix(count);
    if (waited) {
      pace_.moved(count, Clock::now());
    }
  }
  co_return http::Outcome<void>();
}

asio::awaitable<void> Connection::say_end(Clock::duration timeout) {
  deadline_ = Clock::now() + timeout;
  (void)co_await stream_.async_say_end();
  deadline_ = Clock::time_point::max();
}

asio::awaitable<void> Connection::linger(Clock::duration timeout, std::uint64_t at_most,
                                         base::Counter& taken) {
  begin_ = end_ = 0;
  std::vector<char>().swap(buffer_);
  boost::system::error_code error;
  stream_.shutdown_send();
  // As it comes: what TLS would make of it is of no use.
  auto& socket = stream_.socket();
  timed_out_ = false;
  const auto end = Clock::now() + timeout;
  deadline_ = end;
  while (!error && !timed_out_ && Clock::now() < end && at_most > 0) {
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
  deadline_ = Clock::time_point::max();
}

void Connection::give_up_overdue(Clock::time_point now) {
  if (deadline_ < now) {
    deadline_ = Clock::time_point::max();
    timed_out_ = true;
    boost::system::error_code error;
    stream_.socket().cancel(error);
  }
}

}  // namespace sevenstops::stops
