#include "load/recorder.hpp"

namespace sevenstops {
namespace {

template <class Map>
void add(Map& to, const Map& from) {
  for (const auto& [key, count] : from) {
    to[key] += count;
  }
}

}  // namespace

void RequestRecord::merge(const RequestRecord& other) {
  latency.merge(other.latency);
  add(outcomes, other.outcomes);
  add(statuses, other.statuses);
  unexpected += other.unexpected;
}

void CrowdRecord::merge(const CrowdRecord& other) {
  add(statuses, other.statuses);
  bytes_sent += other.bytes_sent;
  bytes_read += other.bytes_read;
}

void LoadResult::merge(const LoadResult& other) {
  requests += other.requests;
  all.merge(other.all);
  connect.merge(other.connect);
  for (const auto& [name, record] : other.by_name) {
    by_name[name].merge(record);
  }
  crowds.resize(std::max(crowds.size(), other.crowds.size()));
  for (std::size_t i = 0; i < other.crowds.size(); ++i) {
    crowds[i].merge(other.crowds[i]);
  }
}

}  // namespace sevenstops
