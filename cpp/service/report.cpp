#include "service/report.hpp"

#include <boost/json.hpp>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

#include "probes/listener.hpp"

namespace sevenstops::service {
namespace {

using base::DurationHistogram;
using base::stop_names;

struct Durations {
  std::array<std::uint64_t, DurationHistogram::buckets> counts{};
  double seconds = 0;

  void add(const DurationHistogram& histogram) {
    for (int i = 0; i < DurationHistogram::buckets; ++i) {
      counts[static_cast<std::size_t>(i)] += histogram.count(i);
    }
    seconds += histogram.seconds();
  }
  [[nodiscard]] std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto n : counts) {
      sum += n;
    }
    return sum;
  }
};

struct StopSum {
  std::uint64_t entered = 0;
  std::uint64_t bytes = 0;
  Durations durations;
  std::map<std::string_view, std::uint64_t> refused;
};

using StopSums = std::array<StopSum, stop_names.size()>;

StopSums sum_stops(const Threads& threads) {
  StopSums sums;
  for (const auto* thread : threads) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i].entered += thread->stops[i].entered.value();
      sums[i].bytes += thread->stops[i].bytes.value();
      sums[i].durations.add(thread->stops[i].seconds);
    }
    for (const auto& about : http::reasons) {
      if (http::refuses(about.reason)) {
        sums[base::index(about.stop)].refused[about.name] +=
            thread->refused[http::index(about.reason)].value();
      }
    }
  }
  return sums;
}

// Calls `visit(declared, value)` for every number, its value merged over the threads.
void for_each_number(
    const Threads& threads,
    const std::function<void(const base::MetricGroup::Number&, std::uint64_t)>& visit) {
  const auto groups = threads.front()->groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& numbers = groups[g]->numbers();
    for (std::size_t n = 0; n < numbers.size(); ++n) {
      std::uint64_t merged = 0;
      for (const auto* thread : threads) {
        const auto value = thread->groups()[g]->numbers()[n].cell->value();
        merged =
            numbers[n].merge == base::Merge::highest ? std::max(merged, value) : merged + value;
      }
      visit(numbers[n], merged);
    }
  }
}

// Prometheus text, metric by metric.
class Text {
 public:
  void header(std::string_view name, std::string_view type, std::string_view help) {
    out_ << "# HELP sevenstops_" << name << ' ' << help << "\n# TYPE sevenstops_" << name << ' '
         << type << '\n';
  }
  // `labels` without braces.
  void value(std::string_view name, std::string_view labels, std::uint64_t value) {
    out_ << "sevenstops_" << name << braced(labels) << ' ' << value << '\n';
  }
  void histogram(std::string_view name, const std::string& labels, const Durations& durations) {
    std::uint64_t below = 0;
    for (int b = 0; b < DurationHistogram::buckets; ++b) {
      below += durations.counts[static_cast<std::size_t>(b)];
      std::ostringstream bound;
      if (b + 1 == DurationHistogram::buckets) {
        bound << "+Inf";
      } else {
        bound << DurationHistogram::bound(b);
      }
      value(std::string(name) + "_bucket",
            labels + (labels.empty() ? "" : ",") + "le=\"" + bound.str() + "\"", below);
    }
    out_ << "sevenstops_" << name << "_sum" << braced(labels) << ' ' << durations.seconds << '\n';
    value(std::string(name) + "_count", labels, below);
  }
  [[nodiscard]] std::string text() const { return out_.str(); }

 private:
  static std::string braced(std::string_view labels) {
    std::string text;
    if (!labels.empty()) {
      text.append("{").append(labels).append("}");
    }
    return text;
  }
  std::ostringstream out_;
};

std::string label(std::size_t stop) { return "stop=\"" + std::string(stop_names[stop]) + "\""; }

void write_stops(Text& out, const StopSums& stops) {
  out.header("stop_entered_total", "counter", "What entered a stop.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out.value("stop_entered_total", label(i), stops[i].entered);
  }
  out.header("stop_bytes_total", "counter", "Bytes a stop dealt with.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out.value("stop_bytes_total", label(i), stops[i].bytes);
  }
  // Those that have not happened as well: a rate needs a number before the first one.
  out.header("stop_refused_total", "counter", "What a stop refused, by reason.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    for (const auto& [reason, count] : stops[i].refused) {
      out.value("stop_refused_total", label(i) + ",reason=\"" + std::string(reason) + "\"", count);
    }
  }
  out.header("stop_duration_seconds", "histogram", "Time spent in a stop.");
  for (std::size_t i = 0; i < stops.size(); ++i) {
    out.histogram("stop_duration_seconds", label(i), stops[i].durations);
  }
}

void write_histograms(Text& out, const Threads& threads) {
  const auto groups = threads.front()->groups();
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const auto& declared = groups[g]->histograms();
    for (std::size_t h = 0; h < declared.size(); ++h) {
      Durations durations;
      for (const auto* thread : threads) {
        durations.add(*thread->groups()[g]->histograms()[h].histogram);
      }
      out.header(declared[h].name, "histogram", declared[h].help);
      out.histogram(declared[h].name, "", durations);
    }
  }
}

}  // namespace

std::string report_prometheus(const Threads& threads) {
  Text out;
  for_each_number(threads, [&](const base::MetricGroup::Number& number, std::uint64_t value) {
    out.header(number.name, number.type, number.help);
    out.value(number.name, "", value);
  });
  write_stops(out, sum_stops(threads));
  write_histograms(out, threads);
  return out.text();
}

std::string report_listener(std::uint16_t port) {
  Text out;
  bool known = true;
  try {
    const auto listener = probes::probe_listener(port);
    out.header("listen_drops_total", "counter",
               "Connection attempts that the listener's full queue dropped.");
    out.value("listen_drops_total", "", listener.drops);
    out.header("listen_backlog_connections", "gauge",
               "Connections that the kernel's queue has room for: the least of all listeners.");
    out.value("listen_backlog_connections", "", listener.backlog);
    out.header("listen_queue_connections", "gauge",
               "Connections that wait in the kernel's queue to be taken.");
    out.value("listen_queue_connections", "", listener.queue_depth);
  } catch (const std::runtime_error&) {
    // To Prometheus a number that is not known is one that is not there.
    known = false;
  }
  out.header(
      "listen_queue_known", "gauge",
      "1 where the kernel tells of the queue of the service's own port, 0 where it does not.");
  out.value("listen_queue_known", "", known ? 1 : 0);
  return out.text();
}

std::string report_json(const Threads& threads) {
  boost::json::object document;
  for_each_number(threads, [&](const base::MetricGroup::Number& number, std::uint64_t value) {
    document[number.name] = value;
  });
  boost::json::object stops;
  const auto sums = sum_stops(threads);
  for (std::size_t i = 0; i < sums.size(); ++i) {
    boost::json::object refused;
    for (const auto& [reason, count] : sums[i].refused) {
      if (count > 0) {
        refused[reason] = count;
      }
    }
    stops[stop_names[i]] = {{"entered", sums[i].entered},
                            {"bytes", sums[i].bytes},
                            {"seconds", sums[i].durations.seconds},
                            {"timed", sums[i].durations.total()},
                            {"refused", std::move(refused)}};
  }
  document["stops"] = std::move(stops);
  return boost::json::serialize(document);
}

}  // namespace sevenstops::service
