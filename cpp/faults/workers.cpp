#include <stdexcept>

#include "base/numbers.hpp"
#include "faults/fault.hpp"

namespace sevenstops::faults {
namespace {

class LimitedWorkers final : public Fault {
 public:
  explicit LimitedWorkers(std::int64_t count) : count_(count) {}

  std::int64_t workers() const override { return count_; }

 private:
  std::int64_t count_;
};

std::unique_ptr<Fault> make(std::string_view value) {
  constexpr std::int64_t most = 1000000;
  const auto count = base::parse_number<std::int64_t>(value);
  if (!count || *count < 1 || *count > most) {
    throw std::invalid_argument("fault workers cannot be '" + std::string(value) + "'");
  }
  return std::make_unique<LimitedWorkers>(*count);
}

const RegisterFault registered{
    {"workers", "N", "an I/O thread does the own work of so many requests at once; others wait",
     make}};

}  // namespace
}  // namespace sevenstops::faults
