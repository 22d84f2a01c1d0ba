#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/numbers.hpp"
#include "faults/fault.hpp"
#include "probes/isolation.hpp"
#include "service/service.hpp"

namespace {

using namespace sevenstops;
using service::Settings;

constexpr std::string_view usage_begin =
    "usage: sevenstops-service [--preset fragile|hardened] [--set STOP.FIELD=VALUE]...\n"
    "         [--address IPV4] [--port N] [--admin-port N] [--threads N] [--rows N]\n"
    "         [--token-file FILE]\n"
    "         [--access-log FILE] [--tls CERTIFICATE KEY] [--take-over]\n"
    "         the token of protected routes is in FILE, in SEVENSTOPS_TOKEN, or made and said on\n"
    "         stderr\n"
    "         --tls: the port speaks TLS, and nothing else; both files are PEM\n"
    "         --take-over: shares the port with the service there, which is to get SIGTERM then\n"
    "         [--dependency NAME[?][!][*LEAVES]=PORT[,PORT]...]...\n"
    "         ?: a page may be answered without it; !: not to be asked twice for one answer\n";

constexpr std::string_view usage_end =
    "         [--hold-faults]\n"
    "           faults that depend on time begin when POST /faults/begin comes to the admin port\n"
    "         [--die-with PID]\n"
    "       sevenstops-service --guard PID COMMAND [ARG]...\n"
    "         runs COMMAND so that it is killed when the thread that started it ends\n"
    "       sevenstops-service --isolate COMMAND [ARG]...\n"
    "         runs COMMAND in a network namespace of its own, where the kernel allows one;\n"
    "         SEVENSTOPS_ISOLATION tells it which kind: netns, userns+netns or none\n";

void print_usage() {
  std::cout << usage_begin;
  for (const auto& field : service::field_infos()) {
    if (!field.words.empty()) {
      std::cout << "         [--set " << field.name << "=WORD]\n           " << field.type << '\n';
    }
  }
  for (const auto& [name, kind] : faults::fault_kinds()) {
    std::cout << "         [--fault " << name << '=' << kind.usage << "]\n           "
              << kind.meaning << '\n';
  }
  std::cout << usage_end;
}

template <class Number>
Number number(std::string_view option, std::string_view text, double low, double high) {
  const auto value = base::parse_number<Number>(text);
  if (!value || static_cast<double>(*value) < low || static_cast<double>(*value) > high) {
    throw std::invalid_argument(std::string(option) + " takes a number between " +
                                std::to_string(static_cast<long long>(low)) + " and " +
                                std::to_string(static_cast<long long>(high)) + ", not '" +
                                std::string(text) + "'");
  }
  return *value;
}

std::pair<std::string_view, std::string_view> split(std::string_view option, std::string_view text,
                                                    char at) {
  const auto place = text.find(at);
  if (place == std::string_view::npos) {
    throw std::invalid_argument(std::string(option) + " takes NAME" + at + "VALUE, not '" +
                                std::string(text) + "'");
  }
  return {text.substr(0, place), text.substr(place + 1)};
}

void die_with(int parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The parent may have died before the call.
  if (::getppid() != parent) {
    ::_exit(1);
  }
}

struct CommandLine {
  Settings settings = service::hardened();
  service::ServiceOptions options;
};

boost::asio::ip::address_v4 address(std::string_view text) {
  boost::system::error_code error;
  auto read = boost::asio::ip::make_address_v4(text, error);
  if (error || read.is_multicast() || read == boost::asio::ip::address_v4::broadcast()) {
    throw std::invalid_argument("--address takes an IPv4 address that a machine may have, not '" +
                                std::string(text) + "'");
  }
  return read;
}

// NAME[?][!][*LEAVES]=PORT[,PORT]...
upstream::Dependency dependency(std::string_view text) {
  constexpr std::int64_t most_leaves = 10000;
  const auto [left, ports] = split("--dependency", text, '=');
  const auto marks = left.substr(std::min(left.find_first_of("?!*"), left.size()));
  upstream::Dependency made{.name = std::string(left.substr(0, left.size() - marks.size())),
                            .replicas = {}};
  const auto star = std::min(marks.find('*'), marks.size());
  for (const char mark : marks.substr(0, star)) {
    made.optional = made.optional || mark == '?';
    made.idempotent = made.idempotent && mark != '!';
  }
  if (made.name.empty() || marks.substr(0, star).find_first_not_of("?!") != marks.npos) {
    throw std::invalid_argument("--dependency takes NAME[?][!][*LEAVES]=PORT, not '" +
                                std::string(text) + "'");
  }
  if (star < marks.size()) {
    made.leaves = number<std::int64_t>("--dependency", marks.substr(star + 1), 1, most_leaves);
  }
  for (std::size_t begin = 0; begin <= ports.size();) {
    const auto end = std::min(ports.find(',', begin), ports.size());
    made.replicas.push_back(
        number<std::uint16_t>("--dependency", ports.substr(begin, end - begin), 1, 65535));
    begin = end + 1;
  }
  return made;
}

std::string token_in(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!(file >> token)) {
    throw std::invalid_argument("--token-file: " + path + " can't be read, or holds no token");
  }
  return token;
}

// The environment's token, or a new one of 128 bits, said once.
std::string token_otherwise() {
  if (const char* given = std::getenv("SEVENSTOPS_TOKEN"); given != nullptr && *given != '\0') {
    return given;
  }
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::runtime_error("the system gives no random bytes for a token");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string token;
  for (const auto byte : bytes) {
    token.push_back(digits[byte >> 4]);
    token.push_back(digits[byte & 15]);
  }
  std::cerr << "sevenstops-service: the token of protected routes is " << token << std::endl;
  return token;
}

CommandLine read(int argc, char** argv) {
  CommandLine line;
  std::vector<std::string_view> sets;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--hold-faults") {
      line.options.hold_faults = true;
      continue;
    }
    if (option == "--take-over") {
      sets.emplace_back("accept.take_over=true");
      continue;
    }
    if (i + 1 >= argc) {
      throw std::invalid_argument("option " + std::string(option) +
                                  " is unknown or lacks its value");
    }
    const std::string_view value = argv[++i];
    if (option == "--die-with") {
      die_with(number<int>(option, value, 1, std::numeric_limits<int>::max()));
    } else if (option == "--preset") {
      if (value != "fragile" && value != "hardened") {
        throw std::invalid_argument("--preset takes fragile or hardened, not '" +
                                    std::string(value) + "'");
      }
      line.settings = value == "fragile" ? service::fragile() : service::hardened();
    } else if (option == "--set") {
      sets.push_back(value);
    } else if (option == "--address") {
      line.options.address = address(value);
    } else if (option == "--port") {
      line.options.port = number<std::uint16_t>(option, value, 0, 65535);
    } else if (option == "--admin-port") {
      line.options.admin_port = number<std::uint16_t>(option, value, 0, 65535);
    } else if (option == "--threads") {
      line.options.threads = number<int>(option, value, 0, 1024);
    } else if (option == "--rows") {
      line.options.rows = number<std::int64_t>(option, value, 0, 10000000);
    } else if (option == "--token-file") {
      line.options.token = token_in(std::string(value));
    } else if (option == "--access-log") {
      if (value.empty()) {
        throw std::invalid_argument("--access-log takes a file, not ''");
      }
      line.options.access_log = value;
    } else if (option == "--tls") {
      if (i + 1 >= argc) {
        throw std::invalid_argument("--tls takes two files: a certificate and its key");
      }
      line.options.tls = {.certificate = std::string(value), .key = argv[++i]};
    } else if (option == "--dependency") {
      line.options.dependencies.push_back(dependency(value));
    } else if (option == "--fault") {
      line.options.faults.push_back(faults::make_fault(value));
    } else {
      throw std::invalid_argument("unknown option " + std::string(option));
    }
  }
  if (line.options.token.empty()) {
    line.options.token = token_otherwise();
  }
  for (const auto set : sets) {
    const auto [name, value] = split("--set", set, '=');
    service::set_field(line.settings, name, value);
  }
  return line;
}

// Gives the process over to `command`; comes back only when that fails.
int become(char** command) {
  ::execvp(command[0], command);
  std::cerr << "sevenstops-service: cannot run " << command[0] << ": " << std::strerror(errno)
            << '\n';
  return 1;
}

int become_isolated(char** command) {
  std::string kind = "none";
  try {
    kind = probes::isolate();
  } catch (const std::exception& error) {
    std::cerr << "sevenstops: " << error.what()
              << "; the run goes on with the counters of each listener\n";
  }
  ::setenv("SEVENSTOPS_ISOLATION", kind.c_str(), 1);
  return become(command);
}

// With SIGHUP, which opens the log anew; without one it ends the process, unless that is not to be
// (nohup): one that is waited for comes though it is ignored.
sigset_t with_hangup(sigset_t signals, bool logs) {
  struct sigaction now {};
  ::sigaction(SIGHUP, nullptr, &now);
  if (logs || now.sa_handler != SIG_IGN) {
    sigaddset(&signals, SIGHUP);
  }
  return signals;
}

// The signal that ends the process; a SIGHUP that does is as SIGTERM.
int wait_for_end(service::Service& running, const sigset_t& signals, bool logs) {
  int signal = 0;
  while (::sigwait(&signals, &signal) == 0 && signal == SIGHUP && logs) {
    running.reopen_log();
  }
  return signal == SIGHUP ? SIGTERM : signal;
}

// Waits for a signal for so long; whether one has come.
bool signalled(const sigset_t& signals, base::Clock::duration most) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(most);
  const timespec wait{.tv_sec = whole.count(), .tv_nsec = (most - whole).count()};
  return ::sigtimedwait(&signals, nullptr, &wait) > 0;
}

// Gives those who are there the time that the settings say; a second signal ends it.
void leave(service::Service& running, const stops::DrainSettings& settings,
           const sigset_t& signals) {
  constexpr std::chrono::milliseconds look{10};
  running.say_unready();
  if (signalled(signals, base::seconds(settings.notice))) {
    return;
  }
  running.leave();
  const auto end = base::Clock::now() + base::seconds(settings.grace);
  while (!running.left() && base::Clock::now() < end && !signalled(signals, look)) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (argc == 2 && first == "--help") {
    print_usage();
    return 0;
  }
  try {
    if (argc > 3 && first == "--guard") {
      die_with(number<int>(first, argv[2], 1, std::numeric_limits<int>::max()));
      return become(argv + 3);
    }
    if (argc > 2 && first == "--isolate") {
      return become_isolated(argv + 2);
    }
    const auto line = read(argc, argv);
    ::signal(SIGPIPE, SIG_IGN);
    // Large buffers leave the process when they are freed, and not only when the heap's end does.
    constexpr int large = 128 << 10;
    ::mallopt(M_MMAP_THRESHOLD, large);
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
      files.rlim_cur = files.rlim_max;
      ::setrlimit(RLIMIT_NOFILE, &files);
    }
    // Who was started in the background of a shell inherits that it is ignored.
    ::signal(SIGINT, SIG_DFL);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    const bool logs = !line.options.access_log.empty();
    const auto signals = with_hangup(ends, logs);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    service::Service running(line.settings, line.options);
    std::cout << R"({"port":)" << running.port() << R"(,"admin_port":)" << running.admin_port()
              << "}" << std::endl;
    const int signal = wait_for_end(running, signals, logs);
    if (signal == SIGTERM && line.settings.drain.grace > 0) {
      leave(running, line.settings.drain, ends);
    }
    running.stop();
    if (!running.drain_log()) {
      // The log's thread is in a write that nobody ends, with a lock that an exit would wait for.
      ::_exit(0);
    }
  } catch (const std::exception& error) {
    std::cerr << "sevenstops-service: " << error.what() << '\n';
    return 2;
  }
  return 0;
}
