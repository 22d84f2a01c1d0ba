#include "service/report.hpp"

#include <boost/json.hpp>
#include <map>
#include <sstream>

namespace sevenstops {
namespace {

struct Durations {
  std::array<std::uint64_t, DurationHistogram::buckets> counts{};
  double seconds = 0;

  void add(const DurationHistogram& histogram) {
    for (int i = 0; i < DurationHistogram::buckets; ++i) {
      counts[static_cast<std::size_t>(i)] += histogram.count(i);
    }
    seconds += histogram.seconds();
  }
};

struct StopSum {
  std::uint64_t entered = 0;
  std::uint64_t bytes = 0;
  Durations durations;
  std::map<std::string, std::uint64_t> refused;
};

StopSum sum(const std::vector<const Metrics*>& threads, std::size_t stop) {
  StopSum total;
  for (const auto* thread : threads) {
    const auto& m = thread->stops[stop];
    total.entered += m.entered.value();
    total.bytes += m.bytes.value();
    total.durations.add(m.seconds);
    for (const auto& slot : m.refusals) {
      if (const char* reason = slot.reason.load(std::memory_order_acquire); reason != nullptr) {
        total.refused[reason] += slot.count.value();
      }
    }
  }
  return total;
}

struct Gauge {
  const char* name;
  const char* type;
  const char* help;
  Counter Metrics::*field;
  bool maximum;
};

constexpr std::array gauges = {
    Gauge{"requests_total", "counter", "Requests parsed.", &Metrics::requests, false},
    Gauge{"connections_open", "gauge", "Connections open now.", &Metrics::connections_open, false},
    Gauge{"walks_broken_total", "counter", "Connections ended by an exception.",
          &Metrics::walks_broken, false},
    Gauge{"refused_buffered_bytes_max", "gauge", "Most bytes held for one refused request.",
          &Metrics::refused_buffered_max, true},
    Gauge{"refused_body_bytes_total", "counter", "Body bytes read for refused requests.",
          &Metrics::refused_body_bytes, false},
    Gauge{"unauthenticated_body_bytes_total", "counter",
          "Body bytes read on protected routes without the token.",
          &Metrics::unauthenticated_body_bytes, false},
    Gauge{"queued_bytes", "gauge", "Bytes produced that clients have not taken.",
          &Metrics::queued_bytes, false},
    Gauge{"queued_bytes_max", "gauge", "The most there ever were, summed over threads.",
          &Metrics::queued_bytes_max, false},
    Gauge{"work_completed_total", "counter", "Own work that came to its end.",
          &Metrics::work_completed, false},
    Gauge{"work_orphaned_total", "counter", "Own work that ended after the caller had left.",
          &Metrics::work_orphaned, false},
    Gauge{"work_cancelled_total", "counter", "Own work given up before its end.",
          &Metrics::work_cancelled, false},
    Gauge{"work_in_progress", "gauge", "Own work under way now.", &Metrics::work_in_progress,
          false},
    Gauge{"dependency_requests_total", "counter", "Requests to services beneath, hedges included.",
          &Metrics::dependency_requests, false},
    Gauge{"dependency_hedges_total", "counter", "Requests to another replica beside the first.",
          &Metrics::hedges, false},
    Gauge{"dependency_hedges_won_total", "counter", "Hedges that answered first.",
          &Metrics::hedges_won, false},
    Gauge{"dependency_hedges_denied_total", "counter", "Hedges that the budget denied.",
          &Metrics::hedges_denied, false},
    Gauge{"pages_given_up_total", "counter", "Pages given up since the client had left.",
          &Metrics::asks_given_up, false},
    Gauge{"pages_partial_total", "counter", "Pages answered without an optional dependency.",
          &Metrics::pages_partial, false},
    Gauge{"dependency_retries_total", "counter", "Requests to services beneath that were repeated.",
          &Metrics::retries, false},
    Gauge{"dependency_retries_denied_total", "counter", "Repeats that the budget denied.",
          &Metrics::retries_denied, false},
    Gauge{"dependency_stopped_total", "counter", "Requests that a circuit breaker stopped.",
          &Metrics::asks_stopped, false},
    Gauge{"breakers_open", "gauge", "Circuit breakers that are not closed now.",
          &Metrics::breakers_open, false},
    Gauge{"breakers_opened_total", "counter", "How often a circuit breaker opened.",
          &Metrics::breakers_opened, false},
    Gauge{"dependency_connects_total", "counter", "Connections made to services beneath.",
          &Metrics::dependency_connects, false},
    Gauge{"pool_waits_total", "counter", "Requests that waited for a connection of a pool.",
          &Metrics::pool_waits, false},
    Gauge{"pool_timeouts_total", "counter", "Such waits that were in vain.",
          &Metrics::pool_timeouts, false},
    Gauge{"queries_total", "counter", "Reports asked of the data set.", &Metrics::queries, false},
    Gauge{"queries_cancelled_total", "counter", "Reports given up before their end.",
          &Metrics::queries_cancelled, false},
};

struct Timed {
  const char* name;
  const char* help;
  DurationHistogram Metrics::*field;
};

constexpr std::array histograms = {
    Timed{"pool_wait_duration_seconds", "Waits for a connection of a pool, of those who waited.",
          &Metrics::pool_wait},
    Timed{"worker_wait_duration_seconds", "How long blocking jobs waited for a worker.",
          &Metrics::worker_wait},
    Timed{"worker_busy_duration_seconds", "How long blocking jobs kept a worker.",
          &Metrics::worker_busy},
};

std::uint64_t total(const std::vector<const Metrics*>& threads, const Gauge& gauge) {
  std::uint64_t value = 0;
  for (const auto* thread : threads) {
    const auto n = (thread->*gauge.field).value();
    value = gauge.maximum ? std::max(value, n) : value + n;
  }
  return value;
}

// `labels` without braces; a histogram's own label is put behind them.
void append_histogram(std::ostringstream& out, std::string_view name, const std::string& labels,
                      const Durations& durations) {
  std::uint64_t below = 0;
  for (int b = 0; b < DurationHistogram::buckets; ++b) {
    below += durations.counts[static_cast<std::size_t>(b)];
    out << "sevenstops_" << name << "_bucket{" << labels << (labels.empty() ? "" : ",") << "le=\"";
    if (b + 1 == DurationHistogram::buckets) {
      out << "+Inf";
    } else {
      out << DurationHistogram::bound(b);
    }
    out << "\"} " << below << '\n';
  }
  const auto braced = labels.empty() ? "" : "{" + labels + "}";
  out << "sevenstops_" << name << "_sum" << braced << ' ' << durations.seconds << '\n'
      << "sevenstops_" << name << "_count" << braced << ' ' << below << '\n';
}

}  // namespace

std::string report_prometheus(const std::vector<const Metrics*>& threads) {
  std::ostringstream out;
  const auto header = [&](std::string_view name, std::string_view type, std::string_view help) {
    out << "# HELP sevenstops_" << name << ' ' << help << "\n# TYPE sevenstops_" << name << ' '
        << type << '\n';
  };
  for (const auto& gauge : gauges) {
    header(gauge.name, gauge.type, gauge.help);
    out << "sevenstops_" << gauge.name << ' ' << total(threads, gauge) << '\n';
  }
  std::array<StopSum, stop_names.size()> stops;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    stops[i] = sum(threads, i);
  }
  const auto label = [](std::size_t stop) {
    return "stop=\"" + std::string(stop_names[stop]) + "\"";
  };
  header("stop_entered_total", "counter", "What entered a stop.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out << "sevenstops_stop_entered_total{" << label(i) << "} " << stops[i].entered << '\n';
  }
  header("stop_bytes_total", "counter", "Bytes a stop dealt with.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out << "sevenstops_stop_bytes_total{" << label(i) << "} " << stops[i].bytes << '\n';
  }
  header("stop_refused_total", "counter", "What a stop refused, by reason.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    for (const auto& [reason, count] : stops[i].refused) {
      out << "sevenstops_stop_refused_total{" << label(i) << ",reason=\"" << reason << "\"} "
          << count << '\n';
    }
  }
  header("stop_duration_seconds", "histogram", "Time spent in a stop.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    append_histogram(out, "stop_duration_seconds", label(i), stops[i].durations);
  }
  for (const auto& histogram : histograms) {
    header(histogram.name, "histogram", histogram.help);
    Durations durations;
    for (const auto* thread : threads) {
      durations.add(thread->*histogram.field);
    }
    append_histogram(out, histogram.name, "", durations);
  }
  return out.str();
}

std::string report_json(const std::vector<const Metrics*>& threads) {
  boost::json::object document;
  for (const auto& gauge : gauges) {
    document[gauge.name] = total(threads, gauge);
  }
  boost::json::object stops;
  for (std::size_t i = 0; i < stop_names.size(); ++i) {
    const auto s = sum(threads, i);
    boost::json::object refused;
    for (const auto& [reason, count] : s.refused) {
      refused[reason] = count;
    }
    std::uint64_t timed = 0;
    for (const auto n : s.durations.counts) {
      timed += n;
    }
    stops[stop_names[i]] = {{"entered", s.entered},
                            {"bytes", s.bytes},
                            {"seconds", s.durations.seconds},
                            {"timed", timed},
                            {"refused", std::move(refused)}};
  }
  document["stops"] = std::move(stops);
  return boost::json::serialize(document);
}

}  // namespace sevenstops
