// Large headers that most bindings include, parsed once for all of them. Nothing includes this
// file.
#pragma once

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>
