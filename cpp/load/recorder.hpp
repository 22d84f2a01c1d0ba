#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "load/histogram.hpp"
#include "load/plan.hpp"

namespace sevenstops {

/// What became of one kind of request.
struct RequestRecord {
  Histogram latency;
  /// By kind: 2xx, 4xx, …, connect_timeout, connect_error, read_timeout, reset, closed_early.
  std::map<std::string, std::uint64_t> outcomes;
  std::map<unsigned, std::uint64_t> statuses;
  /// Answers without what the request expects of them.
  std::uint64_t unexpected = 0;

  void merge(const RequestRecord& other);
};

/// What became of one crowd.
struct CrowdRecord {
  std::map<unsigned, std::uint64_t> statuses;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_read = 0;

  void merge(const CrowdRecord& other);
};

/// A load's result. Latency counts from the intended send time; failures without an answer have
/// an outcome and no latency.
struct LoadResult {
  std::string fingerprint;
  double duration = 0;
  std::uint64_t requests = 0;
  RequestRecord all;
  Histogram connect;
  std::map<std::string, RequestRecord> by_name;
  std::vector<CrowdRecord> crowds;

  void merge(const LoadResult& other);
};

}  // namespace sevenstops
