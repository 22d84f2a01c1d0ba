#include <pybind11/stl.h>

#include "bindings/module.hpp"
#include "load/fetch.hpp"
#include "load/load.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

// A constructor that takes any of the object's fields by keyword.
template <class Object>
auto from_fields() {
  return py::init([](const py::kwargs& fields) {
    auto object = py::cast(Object{});
    for (const auto& [name, value] : fields) {
      if (!py::hasattr(object, name)) {
        throw py::type_error("there is no field '" + py::cast<std::string>(name) + "'");
      }
      object.attr(name) = value;
    }
    return py::cast<Object>(object);
  });
}

// Ctrl-C has to end a load of an hour at once, and only the interpreter sees it.
LoadResult interruptible_load(const Plan& plan, const Target& target) {
  constexpr std::chrono::milliseconds look_for_signals{50};
  const py::gil_scoped_release released;
  LoadRun run(plan, target);
  while (!run.wait_for(look_for_signals)) {
    const py::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) {
      throw py::error_already_set();
    }
  }
  return run.result();
}

}  // namespace

void bind_load(py::module_& module) {
  py::enum_<Arrivals>(module, "Arrivals",
                      "When requests come: as answers do (closed), or at their own times.")
      .value("closed", Arrivals::closed)
      .value("constant", Arrivals::constant)
      .value("poisson", Arrivals::poisson)
      .value("burst", Arrivals::burst);
  py::class_<RequestSpec>(module, "RequestSpec", "One kind of request in a plan's mix.")
      .def(from_fields<RequestSpec>())
      .def_readwrite("name", &RequestSpec::name)
      .def_readwrite("method", &RequestSpec::method)
      .def_readwrite("target", &RequestSpec::target)
      .def_readwrite("headers", &RequestSpec::headers)
      .def_readwrite("body", &RequestSpec::body)
      .def_readwrite("weight", &RequestSpec::weight)
      .def_readwrite("expect", &RequestSpec::expect);
  py::class_<Crowd>(module, "Crowd", "Clients that misbehave beside a plan's mix.")
      .def(from_fields<Crowd>())
      .def_readwrite("kind", &Crowd::kind)
      .def_readwrite("target", &Crowd::target)
      .def_readwrite("count", &Crowd::count)
      .def_readwrite("bytes", &Crowd::bytes)
      .def_readwrite("rate", &Crowd::rate);
  py::class_<Plan>(
      module, "Plan",
      "A seeded, complete description of a load; times in seconds, rates in requests a "
      "second. Takes any field by keyword.")
      .def(from_fields<Plan>())
      .def_readwrite("seed", &Plan::seed)
      .def_readwrite("arrivals", &Plan::arrivals)
      .def_readwrite("rate", &Plan::rate)
      .def_readwrite("burst_size", &Plan::burst_size)
      .def_readwrite("burst_period", &Plan::burst_period)
      .def_readwrite("duration", &Plan::duration)
      .def_readwrite("connections", &Plan::connections)
      .def_readwrite("threads", &Plan::threads)
      .def_readwrite("keep_alive", &Plan::keep_alive)
      .def_readwrite("connect_timeout", &Plan::connect_timeout)
      .def_readwrite("read_timeout", &Plan::read_timeout)
      .def_readwrite("requests", &Plan::requests)
      .def_readwrite("crowds", &Plan::crowds)
      .def("check", &Plan::check)
      .def("canonical", &Plan::canonical)
      .def("fingerprint", &Plan::fingerprint);
  py::class_<Histogram>(module, "Histogram",
                        "Latencies from 1 µs to 60 s with three significant digits.")
      .def(py::init<>())
      .def("record", &Histogram::record, py::arg("micros"))
      .def("merge", &Histogram::merge, py::arg("other"))
      .def("quantile", &Histogram::quantile_seconds, py::arg("q"))
      .def("slower_than", &Histogram::slower_than, py::arg("seconds"))
      .def_property_readonly("total", &Histogram::total)
      .def_property_readonly("mean", &Histogram::mean_seconds)
      .def_property_readonly("max", &Histogram::max_seconds);
  py::class_<RequestRecord>(module, "RequestRecord", "What became of one kind of request.")
      .def_readonly("latency", &RequestRecord::latency)
      .def_readonly("outcomes", &RequestRecord::outcomes)
      .def_readonly("statuses", &RequestRecord::statuses)
      .def_readonly("unexpected", &RequestRecord::unexpected);
  py::class_<CrowdRecord>(module, "CrowdRecord", "What became of one crowd.")
      .def_readonly("statuses", &CrowdRecord::statuses)
      .def_readonly("bytes_sent", &CrowdRecord::bytes_sent)
      .def_readonly("bytes_read", &CrowdRecord::bytes_read);
  py::class_<LoadResult>(module, "LoadResult", "What became of a load.")
      .def_readonly("fingerprint", &LoadResult::fingerprint)
      .def_readonly("duration", &LoadResult::duration)
      .def_readonly("requests", &LoadResult::requests)
      .def_readonly("all", &LoadResult::all)
      .def_readonly("connect", &LoadResult::connect)
      .def_readonly("by_name", &LoadResult::by_name)
      .def_readonly("crowds", &LoadResult::crowds);
  py::class_<Target>(module, "Target", "Where a load goes.")
      .def(py::init([](std::uint16_t port, std::string address, std::string host) {
             return Target{port, std::move(address), std::move(host)};
           }),
           py::arg("port"), py::arg("address") = Target{}.address, py::arg("host") = Target{}.host)
      .def_readonly("port", &Target::port)
      .def_readonly("address", &Target::address)
      .def_readonly("host", &Target::host);
  module.def(
      "fetch",
      [](const Target& target, const std::string& path, double patience) {
        const auto limit = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::duration<double>(patience));
        const auto answer = fetch(target, path, limit);
        return std::pair(answer.status, answer.body);
      },
      py::arg("target"), py::arg("path"), py::arg("patience") = 5.0,
      "Status and body of one GET; RuntimeError when no answer comes within `patience` seconds.",
      py::call_guard<py::gil_scoped_release>());
  module.def("run_load", &interruptible_load, py::arg("plan"), py::arg("target"),
             "Sends the plan's load and waits for its end, without the GIL; Ctrl-C ends it.");
}

}  // namespace sevenstops::bindings
