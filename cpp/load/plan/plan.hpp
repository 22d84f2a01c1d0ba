#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sevenstops::load {

/// A stretch of time in which requests come in one manner. A plan's phases follow each other.
struct Phase {
  /// constant: evenly spaced; poisson: with exponential gaps; trace: at `times`; closed: each
  /// connection asks again when it has its answer (then the only phase of its plan).
  std::string kind = "constant";
  /// Seconds.
  double duration = 1;
  /// Requests a second at the start; `rate_end` at the end, by a ramp or in `steps` equal stairs.
  double rate = 0;
  std::optional<double> rate_end;
  std::int64_t steps = 0;
  /// Requests that come at once each time.
  std::int64_t burst = 1;
  /// Seconds of arrivals and seconds of silence, in turn; a rate is that of the seconds on.
  double on = 0;
  double off = 0;
  /// Closed: seconds between an answer and the next request.
  double think = 0;
  /// Trace: seconds from the phase's start, ascending.
  std::vector<double> times;
};

/// One kind of request in the mix.
struct RequestSpec {
  std::string name = "request";
  std::string method = "GET";
  /// A path and query; "{1..500}" stands for a number drawn from that range, "{a|b}" for one of
  /// the words.
  std::string target = "/healthz";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  /// Bytes of a made-up body in place of `body`.
  std::int64_t body_size = 0;
  double weight = 1;
  /// What the answer's first 64 KiB have to hold; empty: anything will do.
  std::string expect;
  /// The crowd, by name, whose kind of client sends it; empty: an honest user.
  std::string client;
};

/// Clients that misbehave, or go their own way: `count` of them from the start, or as many as
/// requests of the mix name them. Which fields a kind reads, `client_kinds()` tells.
struct Crowd {
  std::string kind;
  /// What requests call it; its kind when empty.
  std::string name;
  std::string target = "/healthz";
  std::int64_t count = 1;
  /// Most that the mix may have under way at once; beyond it an arrival counts as blocked.
  std::int64_t at_most = 1000;
  /// Begin again, for as long as the load lasts, when one has come to its end.
  bool repeat = false;
  /// Bytes each sends or reads.
  std::int64_t bytes = 0;
  /// Bytes a second; of a pager, fetches of the whole list a second.
  double rate = 0;
  /// Seconds of waiting.
  double pause = 0;
  /// Requests in a row.
  std::int64_t depth = 1;
  /// Bytes to send (latin-1) and the seconds to wait after them.
  std::vector<std::pair<std::string, double>> pieces;

  [[nodiscard]] const std::string& label() const { return name.empty() ? kind : name; }
};

/// How HTTP/2 is spoken, where it is. Sizes in bytes.
struct Http2Spec {
  std::int64_t streams = 100;
  std::int64_t stream_window = 65535;
  std::int64_t connection_window = 65535;
};

/// A seeded, complete description of a load. Times in seconds.
struct Plan {
  std::uint64_t seed = 7;
  std::vector<Phase> arrivals;
  /// Seconds at the start whose requests are sent and not recorded.
  double warm_up = 0;
  /// Seconds after the last arrival in which answers are waited for; what is missing then is lost.
  double cool_down = 15;
  std::int64_t connections = 1;
  std::int64_t threads = 1;
  /// "http/1.1" or "h2" (RFC 9113; without TLS by prior knowledge).
  std::string protocol = "http/1.1";
  bool keep_alive = true;
  double connect_timeout = 5;
  double read_timeout = 10;
  std::vector<RequestSpec> requests{RequestSpec{}};
  std::vector<Crowd> crowds;
  Http2Spec http2;
  /// Hosts beside loopback that the load may be sent to.
  std::vector<std::string> allow;

  /// Of all phases together.
  [[nodiscard]] double duration() const;
  /// Whether it is a closed loop.
  [[nodiscard]] bool closed() const;
  /// The place of the crowd that sends this request; nothing for honest users.
  [[nodiscard]] std::optional<std::size_t> crowd_of(const RequestSpec& request) const;
  /// Descriptors that the clients may need at once.
  [[nodiscard]] std::int64_t descriptors() const;

  /// Throws std::invalid_argument naming the field that makes no sense.
  void check() const;
  /// The canonical form: JSON with every field in a fixed order.
  [[nodiscard]] std::string canonical() const;
  /// "sha256:" and the digest of the canonical form without `threads` and `allow`, which do not
  /// change the load.
  [[nodiscard]] std::string fingerprint() const;
};

/// Reads a plan from JSON; what is not there keeps its default. Throws std::invalid_argument naming
/// a field that is unknown or of the wrong type. Does not `check`.
[[nodiscard]] Plan plan_from_json(std::string_view text);

// The fields of each part, once: JSON in both directions and the bindings read these lists.

template <class AnyPhase, class Visitor>
void for_each_field(AnyPhase& p,
                    Visitor&& visit) requires std::is_same_v<std::remove_const_t<AnyPhase>, Phase> {
  visit("kind", p.kind);
  visit("duration", p.duration);
  visit("rate", p.rate);
  visit("rate_end", p.rate_end);
  visit("steps", p.steps);
  visit("burst", p.burst);
  visit("on", p.on);
  visit("off", p.off);
  visit("think", p.think);
  visit("times", p.times);
}

template <class AnyRequest, class Visitor>
void for_each_field(AnyRequest& r, Visitor&& visit) requires
    std::is_same_v<std::remove_const_t<AnyRequest>, RequestSpec> {
  visit("name", r.name);
  visit("method", r.method);
  visit("target", r.target);
  visit("headers", r.headers);
  visit("body", r.body);
  visit("body_size", r.body_size);
  visit("weight", r.weight);
  visit("expect", r.expect);
  visit("client", r.client);
}

template <class AnyCrowd, class Visitor>
void for_each_field(AnyCrowd& c,
                    Visitor&& visit) requires std::is_same_v<std::remove_const_t<AnyCrowd>, Crowd> {
  visit("kind", c.kind);
  visit("name", c.name);
  visit("target", c.target);
  visit("count", c.count);
  visit("at_most", c.at_most);
  visit("repeat", c.repeat);
  visit("bytes", c.bytes);
  visit("rate", c.rate);
  visit("pause", c.pause);
  visit("depth", c.depth);
  visit("pieces", c.pieces);
}

template <class AnyHttp2, class Visitor>
void for_each_field(AnyHttp2& h, Visitor&& visit) requires
    std::is_same_v<std::remove_const_t<AnyHttp2>, Http2Spec> {
  visit("streams", h.streams);
  visit("stream_window", h.stream_window);
  visit("connection_window", h.connection_window);
}

template <class AnyPlan, class Visitor>
void for_each_field(AnyPlan& p,
                    Visitor&& visit) requires std::is_same_v<std::remove_const_t<AnyPlan>, Plan> {
  visit("seed", p.seed);
  visit("arrivals", p.arrivals);
  visit("warm_up", p.warm_up);
  visit("cool_down", p.cool_down);
  visit("connections", p.connections);
  visit("threads", p.threads);
  visit("protocol", p.protocol);
  visit("keep_alive", p.keep_alive);
  visit("connect_timeout", p.connect_timeout);
  visit("read_timeout", p.read_timeout);
  visit("requests", p.requests);
  visit("crowds", p.crowds);
  visit("http2", p.http2);
  visit("allow", p.allow);
}

}  // namespace sevenstops::load
