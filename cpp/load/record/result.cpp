#include "load/record/result.hpp"

#include <algorithm>

namespace sevenstops::load {

void RequestRecord::merge(const RequestRecord& other) {
  latency.merge(other.latency);
  response.merge(other.response);
  unsuccessful.merge(other.unsuccessful);
  for (std::size_t i = 0; i < status_counts.size(); ++i) {
    status_counts[i] += other.status_counts[i];
  }
  for (std::size_t i = 0; i < endings.size(); ++i) {
    endings[i] += other.endings[i];
  }
  unexpected += other.unexpected;
  due += other.due;
  sent += other.sent;
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
}

Histogram RequestRecord::successful() const {
  auto remaining = latency;
  remaining.take_away(unsuccessful);
  return remaining;
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

void CrowdRecord::add(CrowdClient client) {
  if (clients.size() < most_clients) {
    clients.push_back(std::move(client));
  } else {
    ++clients_cut;
  }
}

std::uint64_t CrowdRecord::answered() const {
  std::uint64_t count = 0;
  for (const auto& [status, clients_of_it] : statuses) {
    count += status == 0 ? 0 : clients_of_it;
  }
  return count;
}

void CrowdRecord::merge(const CrowdRecord& other) {
  due += other.due;
  started += other.started;
  for (const auto& [status, count] : other.statuses) {
    statuses[status] += count;
  }
  bytes_sent += other.bytes_sent;
  bytes_read += other.bytes_read;
  fetches_due += other.fetches_due;
  for (const auto& client : other.clients) {
    add(client);
  }
  clients_cut += other.clients_cut;
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
