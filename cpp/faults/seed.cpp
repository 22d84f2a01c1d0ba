#include <stdexcept>

#include "base/numbers.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

class Seed final : public Fault {
 public:
  explicit Seed(std::uint64_t value) : value_(value) {}

  std::optional<std::uint64_t> seed() const override { return value_; }

 private:
  std::uint64_t value_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  const auto seed = base::parse_number<std::uint64_t>(value);
  if (!seed) {
    throw std::invalid_argument("fault seed cannot be '" + std::string(value) + "'");
  }
  return std::make_unique<Seed>(*seed);
}

const RegisterFault registered{
    {"seed", "N", "what the draws of the other faults begin with; 7 without", make}};

}  // namespace
}  // namespace sevenstops::faults
