#include <stdexcept>

#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "stuck-acceptor";
constexpr std::string_view usage = "LISTENER/SECONDS";

class StuckAcceptor final : public Fault {
 public:
  StuckAcceptor(double listener, double stall)
      : listener_(static_cast<int>(listener)), stall_(base::seconds(stall)) {}

  base::Clock::duration stall(base::Clock::duration elapsed, int listener) const override {
    return listener + 1 == listener_ && elapsed < stall_ ? stall_ - elapsed
                                                         : base::Clock::duration{};
  }

 private:
  int listener_;
  base::Clock::duration stall_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  constexpr double most = 1000;
  const auto given = parts(value, 2, name, usage);
  const double listener = number(name, given[0], 1, most);
  if (listener != static_cast<int>(listener)) {
    throw std::invalid_argument("stuck-acceptor counts listeners from 1");
  }
  return std::make_unique<StuckAcceptor>(listener, number(name, given[1], 0, base::hour));
}

const RegisterFault registered{
    {name, usage, "of several listeners the one of this number, from 1, takes nothing for a while",
     make}};

}  // namespace
}  // namespace sevenstops::faults
