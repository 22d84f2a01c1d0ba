#include "faults/dependency_model.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace sevenstops {
namespace {

constexpr double hour = 3600;

std::vector<std::string_view> parts(std::string_view text) {
  std::vector<std::string_view> found;
  while (true) {
    const auto end = text.find('/');
    found.push_back(text.substr(0, end));
    if (end == std::string_view::npos) {
      return found;
    }
    text.remove_prefix(end + 1);
  }
}

template <class Number>
Number read(std::string_view fault, std::string_view text, Number low, Number high) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= low) ||
      !(value <= high)) {
    throw std::invalid_argument("fault " + std::string(fault) + " cannot be '" + std::string(text) +
                                "'");
  }
  return value;
}

void set_latency(DependencyModel& model, std::string_view value) {
  const auto given = parts(value);
  if (given[0] == "constant" && given.size() == 2) {
    model.shape = DependencyModel::Shape::constant;
  } else if (given[0] == "lognormal" && given.size() == 3) {
    model.shape = DependencyModel::Shape::lognormal;
    model.spread = read("latency", given[2], 0.0, 10.0);
  } else if (given[0] == "pareto" && given.size() == 3) {
    model.shape = DependencyModel::Shape::pareto;
    model.spread = read("latency", given[2], 0.1, 100.0);
  } else {
    throw std::invalid_argument(
        "fault latency is constant/SECONDS, lognormal/MEDIAN/SIGMA or pareto/LEAST/ALPHA, not '" +
        std::string(value) + "'");
  }
  model.typical = read("latency", given[1], 0.0, hour);
}

}  // namespace

double DependencyModel::draw(std::mt19937_64& random) const {
  std::uniform_real_distribution<double> uniform(0, 1);
  double seconds = typical;
  if (shape == Shape::lognormal) {
    seconds = typical * std::exp(std::normal_distribution<double>(0, spread)(random));
  } else if (shape == Shape::pareto) {
    seconds = typical * std::pow(1 - uniform(random), -1 / spread);
  }
  if (straggler_share > 0 && uniform(random) < straggler_share) {
    seconds += straggler_seconds;
  }
  return std::min(seconds, hour);
}

bool set_fault(DependencyModel& model, std::string_view name, std::string_view value) {
  if (name == "slow-dependency") {
    model.shape = DependencyModel::Shape::constant;
    model.typical = read(name, value, 0.0, hour);
  } else if (name == "latency") {
    set_latency(model, value);
  } else if (name == "straggle") {
    const auto given = parts(value);
    if (given.size() != 2) {
      throw std::invalid_argument("fault straggle is SHARE/SECONDS, not '" + std::string(value) +
                                  "'");
    }
    model.straggler_share = read(name, given[0], 0.0, 1.0);
    model.straggler_seconds = read(name, given[1], 0.0, hour);
  } else if (name == "fail") {
    model.error_share = read(name, value, 0.0, 1.0);
  } else if (name == "workers") {
    model.workers = read<std::int64_t>(name, value, 1, 1000000);
  } else if (name == "slowdown") {
    const auto given = parts(value);
    if (given.size() != 3) {
      throw std::invalid_argument("fault slowdown is FACTOR/BEGIN/SECONDS, not '" +
                                  std::string(value) + "'");
    }
    model.slowdown_factor = read(name, given[0], 0.0, 1000000.0);
    model.slowdown_begin = read(name, given[1], 0.0, hour);
    model.slowdown_seconds = read(name, given[2], 0.0, hour);
  } else if (name == "seed") {
    model.seed = read<std::uint64_t>(name, value, 0, std::numeric_limits<std::uint64_t>::max());
  } else {
    return false;
  }
  return true;
}

}  // namespace sevenstops
