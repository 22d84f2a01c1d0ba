#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

class Fail final : public Fault {
 public:
  explicit Fail(double share) : share_(share) {}

  bool fails(std::mt19937_64& random) const override {
    return share_ > 0 && std::bernoulli_distribution(share_)(random);
  }

 private:
  double share_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  return std::make_unique<Fail>(number("fail", value, 0, 1));
}

const RegisterFault registered{
    {"fail", "SHARE", "this share of GET /page is answered with 500", make}};

}  // namespace
}  // namespace sevenstops::faults
