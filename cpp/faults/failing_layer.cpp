#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

class FailingLayer final : public Fault {
 public:
  explicit FailingLayer(double share) : share_(share) {}

  bool layer_fails(std::mt19937_64& random) const override {
    return share_ > 0 && std::bernoulli_distribution(share_)(random);
  }

 private:
  double share_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  return std::make_unique<FailingLayer>(number("failing-layer", value, 0, 1));
}

const RegisterFault registered{
    {"failing-layer", "SHARE",
     "the auth layer throws at this share of the requests that bring credentials", make}};

}  // namespace
}  // namespace sevenstops::faults
