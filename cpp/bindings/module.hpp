#pragma once

#include <pybind11/pybind11.h>

namespace sevenstops::bindings {

/// What one file here adds to the module. A new one is a new file that registers itself.
struct Binding {
  void (*bind)(pybind11::module_& module);
  /// The lower first: what names other bindings' types comes after them.
  int rank = 0;
};

struct RegisterBinding {
  explicit RegisterBinding(Binding binding);
};

}  // namespace sevenstops::bindings
