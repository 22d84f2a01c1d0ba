#include "probes/listener.hpp"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace sevenstops::probes {
namespace {

struct Descriptor {
  explicit Descriptor(int fd) : value(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(value); }
  int value;
};

void add(ListenerProbe& probe, const nlmsghdr& header) {
  const auto* message = static_cast<const inet_diag_msg*>(NLMSG_DATA(&header));
  ++probe.listeners;
  // For a listener the kernel puts the queue's depth and bound here (tcp_diag.c).
  probe.queue_depth += message->idiag_rqueue;
  const std::uint64_t granted = message->idiag_wqueue;
  probe.backlog = probe.backlog == 0 ? granted : std::min(probe.backlog, granted);
  const auto* attribute = reinterpret_cast<const rtattr*>(message + 1);
  auto left = static_cast<int>(header.nlmsg_len - NLMSG_LENGTH(sizeof *message));
  for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
    if (attribute->rta_type == INET_DIAG_SKMEMINFO) {
      std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
      std::memcpy(memory.data(), RTA_DATA(attribute),
                  std::min<std::size_t>(sizeof memory, RTA_PAYLOAD(attribute)));
      probe.drops += memory[SK_MEMINFO_DROPS];
    }
  }
}

}  // namespace

ListenerProbe probe_listener(std::uint16_t port) {
  const Descriptor netlink(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
  struct {
    nlmsghdr header;
    inet_diag_req_v2 request;
  } ask{};
  ask.header.nlmsg_len = sizeof ask;
  ask.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  ask.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  ask.request.sdiag_family = AF_INET;
  ask.request.sdiag_protocol = IPPROTO_TCP;
  ask.request.idiag_ext = 1 << (INET_DIAG_SKMEMINFO - 1);
  ask.request.idiag_states = 1 << TCP_LISTEN;
  if (netlink.value < 0 || ::send(netlink.value, &ask, sizeof ask, 0) < 0) {
    throw std::runtime_error("the kernel's sock_diag socket cannot be asked");
  }
  ListenerProbe probe;
  alignas(nlmsghdr) std::array<char, 32768> buffer{};
  while (true) {
    auto size = ::recv(netlink.value, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      throw std::runtime_error("the kernel's sock_diag socket does not answer");
    }
    auto left = static_cast<unsigned>(size);
    for (auto* header = reinterpret_cast<nlmsghdr*>(buffer.data()); NLMSG_OK(header, left);
         header = NLMSG_NEXT(header, left)) {
      if (header->nlmsg_type == NLMSG_DONE) {
        if (probe.listeners == 0) {
          throw std::runtime_error("nothing listens on port " + std::to_string(port));
        }
        return probe;
      }
      if (header->nlmsg_type == NLMSG_ERROR) {
        throw std::runtime_error("the kernel's sock_diag socket refuses the question");
      }
      const auto* message = static_cast<const inet_diag_msg*>(NLMSG_DATA(header));
      if (ntohs(message->id.idiag_sport) == port) {
        add(probe, *header);
      }
    }
  }
}

}  // namespace sevenstops::probes
