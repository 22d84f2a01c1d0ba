#include "load/record/result.hpp"

#include <pybind11/stl.h>

#include "bindings/module.hpp"

namespace sevenstops::bindings {

namespace py = pybind11;

namespace {

void bind_histogram(py::module_& module) {
  py::class_<Histogram>(module, "Histogram",
                        "Latencies from 1 µs to 60 s with three significant digits.")
      .def(py::init<>())
      .def("record", &Histogram::record, py::arg("micros"), py::arg("times") = 1)
      .def("merge", &Histogram::merge, py::arg("other"))
      .def("quantile", &Histogram::quantile_seconds, py::arg("q"))
      .def("slower_than", &Histogram::slower_than, py::arg("seconds"))
      .def("counts", &Histogram::counts)
      .def_property_readonly("total", &Histogram::total)
      .def_property_readonly("mean", &Histogram::mean_seconds)
      .def_property_readonly("max", &Histogram::max_seconds)
      .def("__eq__", [](const Histogram& a, const Histogram& b) { return a == b; })
      .def(py::pickle(
          [](const Histogram& h) { return py::make_tuple(h.counts(), h.sum(), h.highest_seen()); },
          [](const py::tuple& state) {
            return Histogram(state[0].cast<std::vector<std::pair<std::uint64_t, std::uint64_t>>>(),
                             state[1].cast<double>(), state[2].cast<std::uint64_t>());
          }));
}

}  // namespace

void bind_record(py::module_& module) {
  bind_histogram(module);
  py::class_<RequestRecord>(module, "RequestRecord", "What became of one kind of request.")
      .def_readonly("latency", &RequestRecord::latency)
      .def_readonly("response", &RequestRecord::response)
      .def_property_readonly("outcomes", &RequestRecord::outcomes)
      .def_property_readonly("statuses", &RequestRecord::statuses)
      .def_readonly("unexpected", &RequestRecord::unexpected);
  py::class_<CrowdRecord>(module, "CrowdRecord", "What became of one crowd.")
      .def_readonly("started", &CrowdRecord::started)
      .def_readonly("statuses", &CrowdRecord::statuses)
      .def_readonly("bytes_sent", &CrowdRecord::bytes_sent)
      .def_readonly("bytes_read", &CrowdRecord::bytes_read);
  py::class_<PhaseRecord>(module, "PhaseRecord", "How requests spent their time.")
      .def_readonly("connect", &PhaseRecord::connect)
      .def_readonly("send", &PhaseRecord::send)
      .def_readonly("first_byte", &PhaseRecord::first_byte)
      .def_readonly("last_byte", &PhaseRecord::last_byte);
  py::class_<BlockedRecord>(module, "BlockedRecord", "Arrivals that the client itself held up.")
      .def_readonly("seconds", &BlockedRecord::seconds)
      .def_readonly("no_connection", &BlockedRecord::no_connection)
      .def_readonly("no_socket", &BlockedRecord::no_socket)
      .def_readonly("no_client", &BlockedRecord::no_client);
  py::class_<ClientRecord>(module, "ClientRecord", "How the client itself fared.")
      .def_readonly("engine", &ClientRecord::engine)
      .def_readonly("lateness", &ClientRecord::lateness)
      .def_readonly("cpu_seconds", &ClientRecord::cpu_seconds)
      .def_readonly("busiest", &ClientRecord::busiest);
  py::class_<IntervalSum>(module, "Interval", "What happened in 100 ms of a load.")
      .def_readonly("sent", &IntervalSum::sent)
      .def_readonly("answered", &IntervalSum::answered)
      .def_readonly("errors", &IntervalSum::errors)
      .def_readonly("failed", &IntervalSum::failed)
      .def("quantile", &IntervalSum::quantile, py::arg("q"))
      .def("merge", &IntervalSum::merge, py::arg("other"));
  py::class_<LoadResult>(module, "LoadResult", "What became of a load.")
      .def_readonly("fingerprint", &LoadResult::fingerprint)
      .def_readonly("duration", &LoadResult::duration)
      .def_readonly("sending", &LoadResult::sending)
      .def_readonly("requests", &LoadResult::requests)
      .def_readonly("warm_up_requests", &LoadResult::warm_up_requests)
      .def_readonly("all", &LoadResult::all)
      .def_readonly("phases", &LoadResult::phases)
      .def_readonly("blocked", &LoadResult::blocked)
      .def_readonly("client", &LoadResult::client)
      .def_readonly("by_name", &LoadResult::by_name)
      .def_readonly("crowds", &LoadResult::crowds)
      .def_readonly("series", &LoadResult::series);
}

}  // namespace sevenstops::bindings
