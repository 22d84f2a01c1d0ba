#pragma once

#include <string>

#include "http/request.hpp"
#include "stops/http1/connection.hpp"
#include "stops/writer.hpp"

namespace sevenstops::stops {

/// Writes responses to one HTTP/1 connection.
class Http1Writer final : public Writer {
 public:
  /// `request` is what the next response answers.
  Http1Writer(Connection& connection, const http::Request& request)
      : connection_(connection), request_(request) {}

  /// Bytes that it holds memory for.
  [[nodiscard]] std::size_t held() const { return out_.capacity(); }

  void head(const Response& response, bool keep_alive) override;
  void piece(std::string_view bytes) override;
  void end() override;
  [[nodiscard]] std::uint64_t framed() const override { return framed_; }
  [[nodiscard]] std::size_t pending() const override { return out_.size(); }
  [[nodiscard]] bool flush_some() override;
  [[nodiscard]] asio::awaitable<http::Outcome<void>> flush(Clock::duration timeout) override;

  /// Sends an interim response; nothing to a client of HTTP/1.0 (RFC 9110, 15.2).
  [[nodiscard]] asio::awaitable<http::Outcome<void>> interim(unsigned status,
                                                             Clock::duration timeout);
  /// Whether "102 Processing" may be sent to learn whether the peer is there: not to one of
  /// HTTP/1.0, nor to one whose request is tied, where it says that the work has begun.
  [[nodiscard]] bool may_probe() const;
  /// The same as `interim` without waiting: what the kernel does not take at once goes before the
  /// next bytes; once for each request. False when the peer is gone.
  [[nodiscard]] bool interim_at_once(unsigned status);

  /// Whether another response can follow the one that was sent.
  [[nodiscard]] bool reusable() const { return reusable_; }

 private:
  Connection& connection_;
  const http::Request& request_;
  std::string out_;
  // The rest of an interim response.
  std::string before_;
  std::uint64_t framed_ = 0;
  bool chunked_ = false;
  bool reusable_ = true;
  // Whether an interim response is under way, and whether one was sent to see if the peer is there.
  bool sending_ = false;
  bool probed_ = false;
};

}  // namespace sevenstops::stops
