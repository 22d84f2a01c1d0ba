#include "load/load.hpp"

#include <pybind11/stl.h>

#include "bindings/module.hpp"
#include "load/fetch.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

// Ctrl-C has to end a load of an hour at once, and only the interpreter sees it.
void require_no_signal() {
  if (PyErr_CheckSignals() != 0) {
    throw py::error_already_set();
  }
}

bool interruptible_wait(load::LoadRun& run, double patience) {
  constexpr std::chrono::milliseconds look_for_signals{50};
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  bool ended = false;
  do {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    {
      const py::gil_scoped_release released;
      ended = run.wait_for(std::clamp(left, std::chrono::milliseconds{0}, look_for_signals));
    }
    require_no_signal();
  } while (!ended && std::chrono::steady_clock::now() < end);
  return ended;
}

template <load::Fetched (*ask)(const load::Target&, const std::string&, std::chrono::milliseconds)>
std::pair<unsigned, std::string> ask_once(const load::Target& target, const std::string& path,
                                          double patience) {
  const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(patience));
  auto answer = ask(target, path, limit);
  return {answer.status, std::move(answer.body)};
}

void bind(py::module_& module) {
  py::class_<load::Target>(module, "Target", "Where a load goes.")
      .def(py::init([](std::uint16_t port, std::string address, std::string host, bool tls,
                       bool verify, std::string authorities) {
             return load::Target{port, std::move(address), std::move(host),
                                 load::TlsOptions{tls, verify, std::move(authorities)}};
           }),
           py::arg("port"), py::arg("address") = load::Target{}.address,
           py::arg("host") = load::Target{}.host, py::arg("tls") = false, py::arg("verify") = true,
           py::arg("authorities") = "")
      .def_readonly("port", &load::Target::port)
      .def_readonly("address", &load::Target::address)
      .def_readonly("host", &load::Target::host);
  module.def("fetch", &ask_once<load::fetch>, py::arg("target"), py::arg("path"),
             py::arg("patience") = 5.0,
             "Status and body of one GET; RuntimeError when no answer comes within `patience` "
             "seconds.",
             py::call_guard<py::gil_scoped_release>());
  module.def("post", &ask_once<load::post>, py::arg("target"), py::arg("path"),
             py::arg("patience") = 5.0, "The same by POST, without a body.",
             py::call_guard<py::gil_scoped_release>());
  py::class_<load::LoadRun>(module, "LoadRun", "A load on its way, in threads of its own.")
      .def(py::init<const load::Plan&, const load::Target&, const std::string&>(), py::arg("plan"),
           py::arg("target"), py::arg("engine") = "auto", py::call_guard<py::gil_scoped_release>())
      .def("wait", &interruptible_wait, py::arg("patience"))
      .def("cancel", &load::LoadRun::cancel)
      .def("series", &load::LoadRun::series)
      .def_property_readonly("elapsed", &load::LoadRun::elapsed)
      .def("result", &load::LoadRun::result, py::call_guard<py::gil_scoped_release>());
}

const RegisterBinding registered{{bind, 1}};

}  // namespace
}  // namespace sevenstops::bindings
