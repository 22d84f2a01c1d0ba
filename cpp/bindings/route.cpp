#include <pybind11/stl.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bindings/module.hpp"
#include "service/settings.hpp"
#include "stops/route/router.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

using Clock = std::chrono::steady_clock;
// Methods with patterns, or with paths.
using Lines = std::vector<std::pair<std::string, std::string>>;

struct Found {
  std::optional<std::size_t> route;
  std::string parameter;
  std::string location;
  std::string allow;
  std::string refused;
  unsigned status = 0;
  bool odd = false;
};

// A router without handlers, which knows its routes by their numbers.
class Table {
 public:
  Table(const Lines& routes, const service::Settings& settings) : router_(settings.route) {
    for (const auto& [method, pattern] : routes) {
      router_.add({.method = method, .pattern = pattern});
    }
    for (const auto& route : router_.routes()) {
      numbers_.emplace(&route, numbers_.size());
    }
  }

  [[nodiscard]] Found match(const std::string& method, const std::string& path) const {
    auto match = router_.match(method, path);
    if (!match) {
      const auto& refusal = match.error();
      return {.allow = std::string(refusal.allow),
              .refused = std::string(refusal.name()),
              .status = refusal.status()};
    }
    Found found{.parameter = match->parameter,
                .location = match->location,
                .allow = std::string(match->allow),
                .odd = match->odd};
    if (match->route != nullptr) {
      found.route = numbers_.at(match->route);
    }
    return found;
  }

  [[nodiscard]] double match_seconds(const Lines& requests, int rounds) const {
    if (requests.empty() || rounds < 1) {
      throw std::invalid_argument("match_seconds needs a request and a round");
    }
    // They lie together: what is timed shall wait for the router's memory, not for theirs.
    std::string text;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> sizes;
    for (const auto& [method, path] : requests) {
      if (const auto match = router_.match(method, path); !match || match->route == nullptr) {
        throw std::invalid_argument(
            std::string("no route matches ").append(method).append(" ").append(path));
      }
      text.append(method).append(path);
      sizes.emplace_back(method.size(), path.size());
    }
    double fastest = std::numeric_limits<double>::infinity();
    for (int i = 0; i < rounds; ++i) {
      const auto begin = Clock::now();
      std::size_t matched = 0;
      const char* at = text.data();
      for (const auto& [method, path] : sizes) {
        matched += router_.match({at, method}, {at + method, path}).has_value() ? 1 : 0;
        at += method + path;
      }
      const std::chrono::duration<double> took = Clock::now() - begin;
      fastest = std::min(fastest, took.count() / static_cast<double>(matched));
    }
    return fastest;
  }

 private:
  stops::Router router_;
  std::unordered_map<const stops::Route*, std::size_t> numbers_;
};

void bind(py::module_& module) {
  py::class_<Found>(module, "RouteMatch", "What a router makes of a request.")
      .def_readonly("route", &Found::route)
      .def_readonly("parameter", &Found::parameter)
      .def_readonly("location", &Found::location)
      .def_readonly("allow", &Found::allow)
      .def_readonly("refused", &Found::refused)
      .def_readonly("status", &Found::status)
      .def_readonly("odd", &Found::odd);
  py::class_<Table>(module, "Router", "A table of routes without handlers.")
      .def(py::init<const Lines&, const service::Settings&>(), py::arg("routes"),
           py::arg("settings"))
      .def("match", &Table::match, py::arg("method"), py::arg("path"))
      .def("match_seconds", &Table::match_seconds, py::arg("requests"), py::arg("rounds"),
           py::call_guard<py::gil_scoped_release>());
}

// After the settings that it names.
const RegisterBinding registered{{bind, 1}};

}  // namespace
}  // namespace sevenstops::bindings
