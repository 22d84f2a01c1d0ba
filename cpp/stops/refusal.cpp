#include "stops/refusal.hpp"

#include <stdexcept>

namespace sevenstops {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error(refusal.reason);
}

}  // namespace sevenstops
