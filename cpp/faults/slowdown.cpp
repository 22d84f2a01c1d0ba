#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "slowdown";
constexpr std::string_view usage = "FACTOR/BEGIN/SECONDS";

class Slowdown final : public Fault {
 public:
  Slowdown(double factor, double begin, double length)
      : factor_(factor), begin_(base::seconds(begin)), length_(base::seconds(length)) {}

  int rank() const override { return 2; }
  void work_at(double& seconds, base::Clock::duration elapsed) const override {
    const auto into = elapsed - begin_;
    seconds *= into >= base::Clock::duration{} && into < length_ ? factor_ : 1;
  }

 private:
  double factor_;
  base::Clock::duration begin_;
  base::Clock::duration length_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  constexpr double most = 1000000;
  const auto given = parts(value, 3, name, usage);
  return std::make_unique<Slowdown>(number(name, given[0], 0, most),
                                    number(name, given[1], 0, base::hour),
                                    number(name, given[2], 0, base::hour));
}

const RegisterFault registered{
    {name, usage, "the own work takes so many times as long, for a while from BEGIN on", make}};

}  // namespace
}  // namespace sevenstops::faults
