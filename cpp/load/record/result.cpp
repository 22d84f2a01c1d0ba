#include "load/record/result.hpp"

#include <algorithm>

namespace sevenstops::load {

void RequestRecord::merge(const RequestRecord& other) {
  latency.merge(other.latency);
  response.merge(other.response);
  for (std::size_t i = 0; i < status_counts.size(); ++i) {
    status_counts[i] += other.status_counts[i];
  }
  for (std::size_t i = 0; i < endings.size(); ++i) {
    endings[i] += other.endings[i];
  }
  unexpected += other.unexpected;
}

std::map<unsigned, std::uint64_t> RequestRecord::statuses() const {
  std::map<unsigned, std::uint64_t> found;
  for (unsigned status = 0; status < status_counts.size(); ++status) {
    if (status_counts[status] > 0) {
      found[status] = status_counts[status];
    }
  }
  return found;
}

std::map<std::string, std::uint64_t> RequestRecord::outcomes() const {
  std::map<std::string, std::uint64_t> found;
  for (const auto& [status, count] : statuses()) {
    found[std::to_string(status / 100) + "xx"] += count;
  }
  for (std::size_t i = 1; i < endings.size(); ++i) {
    if (endings[i] > 0) {
      found[std::string(ending_names[i])] = endings[i];
    }
  }
  return found;
}

void CrowdRecord::merge(const CrowdRecord& other) {
  started += other.started;
  for (const auto& [status, count] : other.statuses) {
    statuses[status] += count;
  }
  bytes_sent += other.bytes_sent;
  bytes_read += other.bytes_read;
}

void PhaseRecord::merge(const PhaseRecord& other) {
  connect.merge(other.connect);
  send.merge(other.send);
  first_byte.merge(other.first_byte);
  last_byte.merge(other.last_byte);
}

void BlockedRecord::merge(const BlockedRecord& other) {
  seconds.merge(other.seconds);
  no_connection += other.no_connection;
  no_socket += other.no_socket;
  no_client += other.no_client;
}

void ClientRecord::merge(const ClientRecord& other) {
  engine = other.engine;
  lateness.merge(other.lateness);
  cpu_seconds += other.cpu_seconds;
  busiest = std::max(busiest, other.busiest);
}

}  // namespace sevenstops::load
