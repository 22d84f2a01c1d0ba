#include <stdexcept>

#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "stalled-acceptor";
constexpr std::string_view usage = "SECONDS/PERIOD";

class StalledAcceptor final : public Fault {
 public:
  StalledAcceptor(double stall, double period)
      : stall_(base::seconds(stall)), period_(base::seconds(period)) {}

  base::Clock::duration stall(base::Clock::duration elapsed, int /*acceptor*/) const override {
    const auto into = elapsed % period_;
    return into < stall_ ? stall_ - into : base::Clock::duration{};
  }

 private:
  base::Clock::duration stall_;
  base::Clock::duration period_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  const auto given = parts(value, 2, name, usage);
  const double stall = number(name, given[0], 0, base::hour);
  const double period = number(name, given[1], 0, base::hour);
  if (base::seconds(period).count() <= 0) {
    throw std::invalid_argument("stalled-acceptor needs a period");
  }
  if (stall > period) {
    throw std::invalid_argument("stalled-acceptor cannot stall for longer than its period");
  }
  return std::make_unique<StalledAcceptor>(stall, period);
}

const RegisterFault registered{
    {name, usage, "the acceptor takes nothing for so long, at the start of every period", make}};

}  // namespace
}  // namespace sevenstops::faults
