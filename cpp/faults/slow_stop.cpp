#include <algorithm>
#include <stdexcept>

#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "slow-stop";
constexpr std::string_view usage = "STOP/SHARE";

class SlowStop final : public Fault {
 public:
  SlowStop(base::Stop stop, double share) : stop_(stop), share_(share) {}

  double prolong(base::Stop stop) const override { return stop == stop_ ? share_ : 0; }

 private:
  base::Stop stop_;
  double share_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  constexpr double most = 1000;
  const auto given = parts(value, 2, name, usage);
  const auto known = std::ranges::find(base::stop_names, given[0]);
  // Accept only takes what the kernel has queued: there is no work of its own to prolong.
  if (known == base::stop_names.end() || known == base::stop_names.begin()) {
    throw std::invalid_argument("slow-stop knows no stop '" + std::string(given[0]) + "'");
  }
  return std::make_unique<SlowStop>(static_cast<base::Stop>(known - base::stop_names.begin()),
                                    number(name, given[1], 0, most));
}

const RegisterFault registered{
    {name, usage, "a stop's work takes longer, by this share of its time", make}};

}  // namespace
}  // namespace sevenstops::faults
