#include <cmath>

#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "latency";
constexpr std::string_view usage = "constant/SECONDS, lognormal/MEDIAN/SIGMA or pareto/LEAST/ALPHA";

// What every distribution of the own work has: a typical time, in seconds.
class Latency : public Fault {
 public:
  explicit Latency(double typical) : typical_(typical) {}
  bool works() const override { return typical_ > 0; }
  void work(double& seconds, std::mt19937_64& random) const override {
    seconds = std::min(typical_ * factor(random), base::hour);
  }

 private:
  [[nodiscard]] virtual double factor(std::mt19937_64& /*random*/) const { return 1; }
  double typical_;
};

class Lognormal final : public Latency {
 public:
  Lognormal(double median, double sigma) : Latency(median), sigma_(sigma) {}

 private:
  double factor(std::mt19937_64& random) const override {
    return std::exp(std::normal_distribution<double>(0, sigma_)(random));
  }
  double sigma_;
};

class Pareto final : public Latency {
 public:
  Pareto(double least, double alpha) : Latency(least), alpha_(alpha) {}

 private:
  double factor(std::mt19937_64& random) const override {
    return std::pow(1 - std::uniform_real_distribution<double>(0, 1)(random), -1 / alpha_);
  }
  double alpha_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  const auto shape = value.substr(0, value.find('/'));
  const auto given = parts(value, shape == "constant" ? 2 : 3, name, usage);
  const double typical = number(name, given[1], 0, base::hour);
  if (shape == "constant") {
    return std::make_unique<Latency>(typical);
  }
  if (shape == "lognormal") {
    return std::make_unique<Lognormal>(typical, number(name, given[2], 0, 10));
  }
  if (shape == "pareto") {
    return std::make_unique<Pareto>(typical, number(name, given[2], 0.1, 100));
  }
  // Says how it is written.
  (void)parts(value, 0, name, usage);
  return nullptr;
}

std::unique_ptr<Fault> make_constant(std::string_view value) {
  return std::make_unique<Latency>(number("slow-dependency", value, 0, base::hour));
}

const RegisterFault registered{{name, usage, "how long the own work of GET /page takes", make}};
const RegisterFault constant{
    {"slow-dependency", "SECONDS", "the same as latency=constant/SECONDS", make_constant}};

}  // namespace
}  // namespace sevenstops::faults
