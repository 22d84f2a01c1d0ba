#pragma once

#include <utility>
#include <vector>

#include "load/plan/plan.hpp"

namespace sevenstops::load {

/// A plan of these phases and nothing else, checked.
inline Plan of(std::vector<Phase> phases) {
  Plan plan;
  plan.arrivals = std::move(phases);
  plan.check();
  return plan;
}

}  // namespace sevenstops::load
