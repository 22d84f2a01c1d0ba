#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "../cpp/support/sockets.hpp"
#include "http/refusal.hpp"
#include "service/service.hpp"

namespace sevenstops::test {

/// What a client and the admin listener saw of a provocation.
struct Seen {
  /// The last answer; empty where none was to be seen.
  std::string answer;
  std::string stops;
  std::string metrics;
};

/// A number of /stops.
std::uint64_t count(const std::string& stops, std::string_view name);
/// What a stop refused for a reason.
std::uint64_t refused(const std::string& stops, const http::ReasonInfo& about);
/// What all stops refused, for whatever reason.
std::uint64_t refused(const std::string& stops);

/// Waits, for a good while at most.
bool until(const std::function<bool()>& done);

/// A service that is asked for what it refuses.
class Provocation {
 public:
  explicit Provocation(service::Settings settings = service::hardened(),
                       service::ServiceOptions options = {});

  tcp::socket connect() { return test::connect(io_, service_.port()); }
  /// A whole answer of a declared length, interim ones left out.
  std::string ask(const std::string& bytes);
  void say_unready() { service_.say_unready(); }
  [[nodiscard]] std::string stops() const { return service_.stops_json(); }
  /// What is seen once the refusal has been counted.
  Seen seen(http::Reason reason, std::string answer);

 private:
  asio::io_context io_;
  service::Service service_;
};

/// A whole answer of a declared length, interim ones left out.
std::string receive_answer(tcp::socket& socket);

std::string get(const std::string& target, const std::string& fields = "");
std::string post(const std::string& fields, const std::string& body);
faults::Faults injected(const std::string& fault);

}  // namespace sevenstops::test
