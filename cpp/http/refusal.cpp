#include "http/refusal.hpp"

#include <stdexcept>
#include <string>

namespace sevenstops::http {

void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error(std::string(refusal.name()));
}

}  // namespace sevenstops::http
