#include "base/setting.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

constexpr std::string_view name = "straggle";
constexpr std::string_view usage = "SHARE/SECONDS";

class Straggle final : public Fault {
 public:
  Straggle(double share, double longer) : share_(share), longer_(longer) {}

  int rank() const override { return 1; }
  bool works() const override { return share_ > 0; }
  void work(double& seconds, std::mt19937_64& random) const override {
    if (share_ > 0 && std::uniform_real_distribution<double>(0, 1)(random) < share_) {
      seconds = std::min(seconds + longer_, base::hour);
    }
  }

 private:
  double share_;
  double longer_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  const auto given = parts(value, 2, name, usage);
  return std::make_unique<Straggle>(number(name, given[0], 0, 1),
                                    number(name, given[1], 0, base::hour));
}

const RegisterFault registered{
    {name, usage, "this share of the own work of GET /page takes so much longer", make}};

}  // namespace
}  // namespace sevenstops::faults
