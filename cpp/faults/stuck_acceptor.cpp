#include <stdexcept>

#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "stuck-acceptor";
constexpr std::string_view usage = "ACCEPTOR/SECONDS";

class StuckAcceptor final : public Fault {
 public:
  StuckAcceptor(double acceptor, double stall)
      : acceptor_(static_cast<int>(acceptor)), stall_(base::seconds(stall)) {}

  base::Clock::duration stall(base::Clock::duration elapsed, int acceptor) const override {
    return acceptor + 1 == acceptor_ && elapsed < stall_ ? stall_ - elapsed
                                                         : base::Clock::duration{};
  }

 private:
  int acceptor_;
  base::Clock::duration stall_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  constexpr double most = 1000;
  const auto given = parts(value, 2, name, usage);
  const double acceptor = number(name, given[0], 1, most);
  if (acceptor != static_cast<int>(acceptor)) {
    throw std::invalid_argument("stuck-acceptor counts acceptors from 1");
  }
  return std::make_unique<StuckAcceptor>(acceptor, number(name, given[1], 0, base::hour));
}

const RegisterFault registered{
    {name, usage,
     "of several I/O threads the one of this number, from 1, takes no connection for a while",
     make}};

}  // namespace
}  // namespace sevenstops::faults
