#include "load/plan.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <stdexcept>

namespace sevenstops {
namespace {

void require(bool holds, const char* sentence) {
  if (!holds) {
    throw std::invalid_argument(std::string("plan: ") + sentence);
  }
}

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

void Plan::check() const {
  require(duration > 0 && duration <= 3600,
          "duration must lie above 0 and at most at 3600 seconds");
  require(connections >= 1 && connections <= 100000, "connections must lie between 1 and 100000");
  require(threads >= 1 && threads <= 256, "threads must lie between 1 and 256");
  require(connect_timeout > 0 && read_timeout > 0, "timeouts must be above 0");
  const bool open = arrivals == Arrivals::constant || arrivals == Arrivals::poisson;
  require(!open || (rate > 0 && rate <= 1e7), "rate must lie above 0 for open arrivals");
  require(arrivals != Arrivals::burst || (burst_size > 0 && burst_period > 0),
          "burst_size and burst_period must be above 0");
  require(!requests.empty(), "requests must name at least one request");
  for (const auto& request : requests) {
    require(request.weight > 0, "weight of a request must be above 0");
    require(request.target.starts_with('/') && visible(request.target),
            "target of a request must start with '/' and hold no blank or control character");
    require(!request.method.empty() && visible(request.method),
            "method of a request must be a word");
    for (const auto& [name, value] : request.headers) {
      require(!name.empty() && visible(name) && one_line(value),
              "headers of a request must be names and values of one line");
    }
  }
  for (const auto& crowd : crowds) {
    require(crowd.kind == "endless_header" || crowd.kind == "endless_body" ||
                crowd.kind == "slow_reader",
            "kind of a crowd must be endless_header, endless_body or slow_reader");
    require(crowd.count >= 1 && crowd.bytes >= 0 && crowd.rate >= 0,
            "count, bytes and rate of a crowd must not be negative");
    require(crowd.kind != "slow_reader" || crowd.rate > 0, "rate of a slow_reader must be above 0");
  }
}

std::string Plan::canonical() const {
  constexpr std::array names = {"closed", "constant", "poisson", "burst"};
  boost::json::array mix;
  for (const auto& r : requests) {
    boost::json::array headers;
    for (const auto& [name, value] : r.headers) {
      headers.push_back(boost::json::array{name, value});
    }
    mix.push_back({{"name", r.name},
                   {"method", r.method},
                   {"target", r.target},
                   {"headers", std::move(headers)},
                   {"body", r.body},
                   {"weight", r.weight},
                   {"expect", r.expect}});
  }
  boost::json::array others;
  for (const auto& c : crowds) {
    others.push_back({{"kind", c.kind},
                      {"target", c.target},
                      {"count", c.count},
                      {"bytes", c.bytes},
                      {"rate", c.rate}});
  }
  return boost::json::serialize(
      boost::json::object{{"seed", seed},
                          {"arrivals", names[static_cast<std::size_t>(arrivals)]},
                          {"rate", rate},
                          {"burst_size", burst_size},
                          {"burst_period", burst_period},
                          {"duration", duration},
                          {"connections", connections},
                          {"keep_alive", keep_alive},
                          {"connect_timeout", connect_timeout},
                          {"read_timeout", read_timeout},
                          {"requests", std::move(mix)},
                          {"crowds", std::move(others)}});
}

std::string Plan::fingerprint() const {
  const auto text = canonical();
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr);
  constexpr std::string_view hex = "0123456789abcdef";
  std::string out = "sha256:";
  for (unsigned i = 0; i < length; ++i) {
    out.push_back(hex[digest[i] >> 4]);
    out.push_back(hex[digest[i] & 15]);
  }
  return out;
}

}  // namespace sevenstops
