#include "load/plan/plan.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "load/plan/client_kind.hpp"
#include "load/plan/pattern.hpp"

namespace sevenstops::load {
namespace {

void require(bool holds, const std::string& sentence) {
  if (!holds) {
    throw std::invalid_argument("plan: " + sentence);
  }
}

bool visible(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

bool one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

bool one_of(std::string_view text, std::initializer_list<std::string_view> known) {
  return std::ranges::find(known, text) != known.end();
}

// Comparisons with NaN are false, so each bound is said as what must hold.
void check(const Phase& p, const std::string& where) {
  constexpr double longest = 86400;
  constexpr double fastest = 1e7;
  require(one_of(p.kind, {"constant", "poisson", "trace", "closed"}),
          where + ".kind must be constant, poisson, trace or closed, not '" + p.kind + "'");
  require(p.duration > 0 && p.duration <= longest,
          where + ".duration must lie above 0 and at most at 86400 seconds");
  require(p.rate >= 0 && p.rate <= fastest, where + ".rate must lie between 0 and 1e7");
  require(p.rate_end.value_or(0) >= 0 && p.rate_end.value_or(0) <= fastest,
          where + ".rate_end must lie between 0 and 1e7");
  if (one_of(p.kind, {"constant", "poisson"})) {
    require(p.rate > 0 || p.rate_end.value_or(0) > 0,
            where + ".rate must be above 0 for arrivals of its own");
  } else {
    require(p.rate == 0 && !p.rate_end, where + ".rate means nothing where kind is " + p.kind);
  }
  require(p.steps >= 0 && p.steps != 1 && p.steps <= 100000,
          where + ".steps must be 0 or at least 2");
  require(p.steps == 0 || p.rate_end, where + ".steps need a rate_end");
  require(p.burst >= 1 && p.burst <= 1000000, where + ".burst must lie between 1 and 1000000");
  require(p.on >= 0 && p.off >= 0 && (p.on > 0) == (p.off > 0),
          where + ".on and .off must both be above 0, or both 0");
  require(p.think >= 0 && p.think <= longest, where + ".think must not be negative");
  require((p.kind == "trace") == !p.times.empty(),
          where + ".times belong to a trace, which needs them");
  require(std::ranges::is_sorted(p.times), where + ".times must ascend");
  require(p.times.empty() || (p.times.front() >= 0 && p.times.back() < p.duration),
          where + ".times must lie between 0 and the phase's duration");
}

void check(const RequestSpec& r, const std::string& where) {
  require(r.weight > 0 && std::isfinite(r.weight), where + ".weight must be above 0");
  require(r.target.starts_with('/') && visible(r.target),
          where + ".target must start with '/' and hold no blank or control character");
  require(!r.method.empty() && visible(r.method), where + ".method must be a word");
  for (const auto& [name, value] : r.headers) {
    require(!name.empty() && visible(name) && one_line(value),
            where + ".headers must be names and values of one line");
  }
  require(r.body_size >= 0 && r.body_size <= std::int64_t{1} << 30,
          where + ".body_size must lie between 0 and 1 GiB");
  require(r.body_size == 0 || r.body.empty(), where + " has both a body and a body_size");
  try {
    (void)Pattern(r.target);
  } catch (const std::invalid_argument& error) {
    require(false, where + ".target " + error.what());
  }
}

void check(const Crowd& c, const std::string& where) {
  const auto* kind = client_kind(c.kind);
  if (kind == nullptr) {
    std::string known;
    for (const auto& [name, each] : client_kinds()) {
      known.append(known.empty() ? "" : ", ").append(name);
    }
    require(false, where + ".kind must be one of " + known + ", not '" + c.kind + "'");
  }
  require(c.target.starts_with('/') && visible(c.target), where + ".target must start with '/'");
  require(c.count >= 0 && c.count <= 1000000, where + ".count must lie between 0 and 1000000");
  require(c.at_most >= 1, where + ".at_most must be at least 1");
  require(c.bytes >= 0, where + ".bytes must not be negative");
  require(c.rate >= 0 && std::isfinite(c.rate), where + ".rate must not be negative");
  require(c.pause >= 0 && std::isfinite(c.pause), where + ".pause must not be negative");
  require(c.depth >= 1 && c.depth <= 100000, where + ".depth must lie between 1 and 100000");
  const auto needs = [&](std::string_view field) {
    return std::ranges::find(kind->needs, field) != kind->needs.end();
  };
  require(!needs("rate") || c.rate > 0, where + ".rate must be above 0 for a " + c.kind);
  require(!needs("bytes") || c.bytes > 0, where + ".bytes must be above 0 for a " + c.kind);
  require(!needs("pieces") || !c.pieces.empty(), where + ".pieces are what a " + c.kind + " sends");
  for (const auto& [text, pause] : c.pieces) {
    require(pause >= 0 && std::isfinite(pause), where + ".pieces wait for 0 seconds or more");
  }
}

std::string at(const char* list, std::size_t place) {
  return std::string(list) + "[" + std::to_string(place) + "]";
}

}  // namespace

double Plan::duration() const {
  double sum = 0;
  for (const auto& phase : arrivals) {
    sum += phase.duration;
  }
  return sum;
}

bool Plan::closed() const { return !arrivals.empty() && arrivals.front().kind == "closed"; }

std::optional<std::size_t> Plan::crowd_of(const RequestSpec& request) const {
  for (std::size_t i = crowds.size(); i > 0; --i) {
    if (!request.client.empty() && crowds[i - 1].label() == request.client) {
      return i - 1;
    }
  }
  return std::nullopt;
}

std::int64_t Plan::descriptors() const {
  auto count = connections;
  for (const auto& crowd : crowds) {
    const bool named = std::ranges::any_of(
        requests, [&](const RequestSpec& r) { return r.client == crowd.label(); });
    count += crowd.count + (named ? crowd.at_most : 0);
  }
  return count;
}

void Plan::check() const {
  require(!arrivals.empty(), "arrivals must have at least one phase");
  for (std::size_t i = 0; i < arrivals.size(); ++i) {
    load::check(arrivals[i], at("arrivals", i));
    require(arrivals[i].kind != "closed" || arrivals.size() == 1,
            "arrivals[" + std::to_string(i) + "].kind closed must be the only phase");
  }
  require(warm_up >= 0 && warm_up < duration(), "warm_up must be shorter than the load");
  require(cool_down >= 0 && cool_down <= 3600, "cool_down must lie between 0 and 3600 seconds");
  require(connections >= 1 && connections <= 100000, "connections must lie between 1 and 100000");
  require(threads >= 1 && threads <= 256, "threads must lie between 1 and 256");
  require(one_of(protocol, {"http/1.1", "h2"}), "protocol must be http/1.1 or h2");
  require(protocol != "h2" || keep_alive, "keep_alive can't be off with h2");
  require(connect_timeout > 0 && connect_timeout <= 3600, "connect_timeout must be above 0");
  require(read_timeout > 0 && read_timeout <= 3600, "read_timeout must be above 0");
  require(!requests.empty(), "requests must name at least one request");
  for (std::size_t i = 0; i < requests.size(); ++i) {
    load::check(requests[i], at("requests", i));
    const auto& client = requests[i].client;
    require(client.empty() || crowd_of(requests[i]),
            at("requests", i) + ".client '" + client + "' is not the name of a crowd");
    for (std::size_t j = 0; j < i; ++j) {
      require(requests[j].name != requests[i].name,
              at("requests", i) + ".name '" + requests[i].name + "' is taken already");
    }
  }
  require(
      !closed() || std::ranges::all_of(requests, [](const auto& r) { return r.client.empty(); }),
      "requests of a closed loop are sent by honest users only");
  for (std::size_t i = 0; i < crowds.size(); ++i) {
    load::check(crowds[i], at("crowds", i));
  }
  require(http2.streams >= 1 && http2.streams <= 10000,
          "http2.streams must lie between 1 and 10000");
  constexpr std::int64_t largest_window = 2147483647;
  require(http2.stream_window >= 0 && http2.stream_window <= largest_window,
          "http2.stream_window must lie between 0 and 2147483647");
  require(http2.connection_window >= 65535 && http2.connection_window <= largest_window,
          "http2.connection_window must lie between 65535 and 2147483647");
}

}  // namespace sevenstops::load
