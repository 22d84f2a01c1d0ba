#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace sevenstops {

/// Fault: how long the service needs for its own part of GET /page, and how often it fails at it.
/// Draws are seeded, so that a run can be repeated.
struct DependencyModel {
  enum class Shape { constant, lognormal, pareto };

  Shape shape = Shape::constant;
  /// Seconds: the constant, the lognormal's median, the Pareto's least value.
  double typical = 0;
  /// The lognormal's sigma, the Pareto's alpha.
  double spread = 0;
  /// This share of requests takes so many seconds more.
  double straggler_share = 0;
  double straggler_seconds = 0;
  /// This share of requests is answered with 500.
  double error_share = 0;
  /// Requests worked on at once by an I/O thread, the others queue; 0: any number.
  std::int64_t workers = 0;
  /// Work takes so many times as long for a while, counted in seconds from the first work on.
  double slowdown_factor = 1;
  double slowdown_begin = 0;
  double slowdown_seconds = 0;
  std::uint64_t seed = 7;

  /// What `draw` is to be multiplied with at that time.
  [[nodiscard]] double slowdown(double since_first) const {
    const double into = since_first - slowdown_begin;
    return into >= 0 && into < slowdown_seconds ? slowdown_factor : 1;
  }
  [[nodiscard]] bool works() const { return typical > 0 || straggler_share > 0; }
  /// Seconds of one request's work.
  [[nodiscard]] double draw(std::mt19937_64& random) const;
};

/// Changes a model by a fault's name and value: slow-dependency=SECONDS,
/// latency=constant/SECONDS, latency=lognormal/MEDIAN/SIGMA, latency=pareto/LEAST/ALPHA,
/// straggle=SHARE/SECONDS, fail=SHARE, workers=N, slowdown=FACTOR/BEGIN/SECONDS, seed=N. False for
/// a name that is none of these. Throws std::invalid_argument in one sentence for a value that
/// can't be read.
bool set_fault(DependencyModel& model, std::string_view name, std::string_view value);

}  // namespace sevenstops
