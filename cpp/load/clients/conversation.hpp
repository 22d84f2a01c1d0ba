#pragma once

#include <optional>

#include "load/clients/content.hpp"
#include "load/dispatch/worker.hpp"
#include "load/engine/channel.hpp"
#include "load/plan/client_kind.hpp"

namespace sevenstops::load {

/// What most misbehaving clients share: a connection, a request's head, an answer's status.
class Conversation {
 public:
  Conversation(Worker& worker, const Crowd& crowd, CrowdRecord& record)
      : worker_(worker),
        crowd_(crowd),
        record_(record),
        channel_(worker.engine(), worker.peer()),
        began_(worker.now()) {}
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  /// Counts the status that came, 0 where none did, and lists what came if it is to be.
  ~Conversation();

  /// For clients that read: what comes will be listed in the crowd's record.
  void list_what_comes(bool to_head_request = false);
  /// Whether the answer of one that lists has ended, well or not.
  [[nodiscard]] bool answer_ended() const { return content_->state() != Content::State::more; }
  /// False when there is no connection within the plan's connect timeout.
  [[nodiscard]] Task<bool> open();
  /// "METHOD target HTTP/1.1" and the Host field; `more` follows, with its line ends.
  [[nodiscard]] std::string head(std::string_view method, std::string_view more = "\r\n") const;
  /// Sends and counts the bytes; false when the peer is gone or takes nothing.
  [[nodiscard]] Task<bool> send(std::string_view bytes);
  /// Sends `piece` again and again, `limit` bytes at most, until something comes back. Bytes sent.
  [[nodiscard]] Task<std::int64_t> send_until_answered(std::string_view piece, std::int64_t limit);
  /// Receives at most `limit` bytes, counts them, and learns the status from the first. False at
  /// the end. Waits for `patience` seconds; without, for as long as the load lasts.
  [[nodiscard]] Task<bool> receive(double patience, std::size_t limit = Socket::everything);
  /// Receives until the peer closes.
  [[nodiscard]] Task<> receive_all(double patience);
  [[nodiscard]] Task<> pause(double seconds);
  /// About so many seconds, half to one and a half: slow clients do not march in step.
  [[nodiscard]] Task<> pace(double seconds);
  /// Whether bytes or the peer's close wait to be read.
  [[nodiscard]] bool heard() const;

  /// Bytes that this client has received.
  [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
  [[nodiscard]] Channel& channel() { return channel_; }
  [[nodiscard]] double read_timeout() const { return worker_.plan().read_timeout; }
  [[nodiscard]] bool over() const { return worker_.over(); }

 private:
  Worker& worker_;
  const Crowd& crowd_;
  CrowdRecord& record_;
  mutable Channel channel_;
  std::string beginning_;
  const Clock::time_point began_;
  std::uint64_t bytes_read_ = 0;
  unsigned status_ = 0;
  std::optional<Content> content_;
};

}  // namespace sevenstops::load
