#include "bindings/module.hpp"

#include <algorithm>
#include <vector>

namespace sevenstops::bindings {
namespace {

std::vector<Binding>& registry() {
  static std::vector<Binding> bindings;
  return bindings;
}

}  // namespace

RegisterBinding::RegisterBinding(Binding binding) { registry().push_back(binding); }

PYBIND11_MODULE(_core, module) {
  module.doc() = "The C++ core of sevenstops.";
  std::ranges::stable_sort(registry(), {}, &Binding::rank);
  for (const auto& binding : registry()) {
    binding.bind(module);
  }
}

}  // namespace sevenstops::bindings
