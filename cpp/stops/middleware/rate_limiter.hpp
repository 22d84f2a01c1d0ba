#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.hpp"

namespace sevenstops::stops {

using base::Clock;

/// Where a client stands when it has asked.
struct Quota {
  bool granted = true;
  /// Whole requests that it has left.
  std::int64_t left = 0;
  /// Until there is one more; 0 when nothing is missing.
  Clock::duration wait{};
  /// Whether somebody else had to be forgotten for it.
  bool forgot = false;
};

/// A token bucket for each client, for all I/O threads of a process. Its memory is bounded: for a
/// client beyond that the one is forgotten that was least recently seen, and has a full bucket when
/// it comes back.
class RateLimiter {
 public:
  /// `rate` requests a second, above 0, of which `burst` may come at once, for so many `clients`.
  RateLimiter(double rate, std::int64_t burst, std::int64_t clients);

  /// Takes one request out of the client's bucket, unless that is empty. From any thread.
  [[nodiscard]] Quota take(const boost::asio::ip::address& client, Clock::time_point now);

  /// RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-11, section 3): the burst, and the
  /// whole seconds, rounded up, in which it is there again.
  [[nodiscard]] std::string_view policy() const { return policy_; }
  /// RateLimit (section 4): what is left, and the whole seconds, rounded up, until there is more.
  [[nodiscard]] static std::string standing(const Quota& quota);

 private:
  // An IPv4 address, or the network part of an IPv6 one: a site has all of a /64.
  struct Client {
    std::uint64_t number;
    bool v4;
    bool operator==(const Client&) const = default;
  };
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const Client& client) const;
  };
  struct Bucket {
    Client client;
    double tokens;
    Clock::time_point filled;
  };
  // A part of the clients, under a lock of its own.
  struct Part {
    explicit Part(const Hash& hash) : found(0, hash) {}
    std::mutex mutex;
    // The most recently seen first.
    std::list<Bucket> buckets;
    std::unordered_map<Client, std::list<Bucket>::iterator, Hash> found;
  };

  [[nodiscard]] static Client client_of(const boost::asio::ip::address& address);
  [[nodiscard]] bool meet(Part& part, const Client& client, Clock::time_point now) const;

  double rate_;
  double burst_;
  Hash hash_;
  // Clients that one part may remember.
  std::size_t most_;
  std::vector<std::unique_ptr<Part>> parts_;
  std::string policy_;
};

/// In whole seconds, rounded up.
[[nodiscard]] std::int64_t whole_seconds(Clock::duration duration);

}  // namespace sevenstops::stops
