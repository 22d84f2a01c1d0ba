#include "stops/http1/connection.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>

namespace sevenstops::stops {
namespace {

// A scratch for bytes that nobody reads: shared by all lingering connections of a thread.
thread_local std::array<char, 16384> discarded;

}  // namespace

void Connection::consume(std::size_t n) {
  begin_ += n;
  if (begin_ == end_) {
    begin_ = end_ = 0;
  }
}

// Room for at least `n` more bytes behind those that are unread.
void Connection::reserve(std::size_t n) {
  if (buffer_.size() - end_ >= n) {
    return;
  }
  if (begin_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < n) {
    buffer_.resize(std::max(end_ + n, buffer_.size() * 2));
  }
}

asio::awaitable<Bytes::Read> Connection::more(Clock::time_point deadline, std::size_t at_most) {
  reserve(at_most);
  deadline_ = deadline;
  timed_out_ = false;
  const auto room = asio::buffer(buffer_.data() + end_, at_most);
  const auto [error, count] = co_await socket_.async_read_some(room, base::as_tuple);
  deadline_ = Clock::time_point::max();
  if (error) {
    co_return timed_out_ ? Read::timed_out : Read::ended;
  }
  end_ += count;
  co_return Read::some;
}

std::size_t Connection::write_some(std::string_view bytes, boost::system::error_code& error) {
  return socket_.write_some(asio::buffer(bytes), error);
}

asio::awaitable<http::Outcome<void>> Connection::write_all(std::string_view bytes,
                                                           Clock::duration timeout) {
  boost::system::error_code error;
  timed_out_ = false;
  while (!bytes.empty()) {
    auto count = write_some(bytes, error);
    if (error == asio::error::would_block) {
      deadline_ = Clock::now() + timeout;
      const auto [failed, written] =
          co_await socket_.async_write_some(asio::buffer(bytes), base::as_tuple);
      deadline_ = Clock::time_point::max();
      error = failed;
      count = written;
    }
    if (error) {
      co_return timed_out_ ? http::Reason::write_timeout : http::Reason::closed;
    }
    bytes.remove_prefix(count);
  }
  co_return http::Outcome<void>();
}

asio::awaitable<void> Connection::linger(Clock::duration timeout, std::uint64_t at_most,
                                         base::Counter& taken) {
  begin_ = end_ = 0;
  std::vector<char>().swap(buffer_);
  boost::system::error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  timed_out_ = false;
  const auto end = Clock::now() + timeout;
  deadline_ = end;
  while (!error && !timed_out_ && Clock::now() < end && at_most > 0) {
    const auto room = asio::buffer(discarded, std::min<std::uint64_t>(discarded.size(), at_most));
    const auto [failed, count] = co_await socket_.async_read_some(room, base::as_tuple);
    at_most -= count;
    taken.add(count);
    error = failed;
  }
  deadline_ = Clock::time_point::max();
}

void Connection::give_up_overdue(Clock::time_point now) {
  if (deadline_ < now) {
    deadline_ = Clock::time_point::max();
    timed_out_ = true;
    boost::system::error_code error;
    socket_.cancel(error);
  }
}

}  // namespace sevenstops::stops
