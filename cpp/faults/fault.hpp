#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.hpp"
#include "base/time.hpp"

namespace sevenstops::faults {

/// A fault as the stops meet it. Each hook below is asked at one place of a stop, and by itself
/// changes nothing; a fault overrides those that it needs. Safe to use from several threads.
class Fault {
 public:
  virtual ~Fault() = default;

  // Hooks that depend on time are told `elapsed`, on the clock of the service's faults, and are not
  // asked before it runs.

  /// Accept: how long nothing is taken from now on by the I/O thread of this number, from 0.
  [[nodiscard]] virtual base::Clock::duration stall(base::Clock::duration /*elapsed*/,
                                                    int /*acceptor*/) const {
    return {};
  }
  /// Any stop but accept: by which share of its time a stop's work is prolonged.
  [[nodiscard]] virtual double prolong(base::Stop /*stop*/) const { return 0; }

  /// Middleware: whether a layer throws at a request that brings credentials.
  [[nodiscard]] virtual bool layer_fails(std::mt19937_64& /*random*/) const { return false; }

  /// GET /page, own work. Faults are asked in the order of `rank`, the lower first.
  [[nodiscard]] virtual int rank() const { return 0; }
  /// Whether there is any own work.
  [[nodiscard]] virtual bool works() const { return false; }
  /// Changes how long the work of one request takes, in seconds.
  virtual void work(double& /*seconds*/, std::mt19937_64& /*random*/) const {}
  /// The same, by the time; asked after `work`.
  virtual void work_at(double& /*seconds*/, base::Clock::duration /*elapsed*/) const {}
  /// Whether a request fails at the end of its work.
  [[nodiscard]] virtual bool fails(std::mt19937_64& /*random*/) const { return false; }
  /// Requests worked on at once by an I/O thread; 0: any number.
  [[nodiscard]] virtual std::int64_t workers() const { return 0; }
  /// What draws begin with.
  [[nodiscard]] virtual std::optional<std::uint64_t> seed() const { return std::nullopt; }
};

/// A kind of fault. A new one is a new file here that registers itself.
struct FaultKind {
  std::string_view name;
  /// How its value is written, as in "SHARE/SECONDS".
  std::string_view usage;
  /// What it does, for people.
  std::string_view meaning;
  /// Throws std::invalid_argument in one sentence for a value that makes no sense.
  std::unique_ptr<Fault> (*make)(std::string_view value) = nullptr;
};

[[nodiscard]] const std::map<std::string_view, FaultKind>& fault_kinds();

struct RegisterFault {
  explicit RegisterFault(FaultKind kind);
};

/// From "NAME=VALUE", as --fault takes it. Throws std::invalid_argument in one sentence.
[[nodiscard]] std::shared_ptr<const Fault> make_fault(std::string_view text);

/// The parts of a value, between its slashes. Throws std::invalid_argument, naming the fault's
/// usage, when there are not `count` of them.
[[nodiscard]] std::vector<std::string_view> parts(std::string_view value, std::size_t count,
                                                  std::string_view fault, std::string_view usage);

/// One part as a number from `low` to `high`. Throws std::invalid_argument.
[[nodiscard]] double number(std::string_view fault, std::string_view text, double low, double high);

using Faults = std::vector<std::shared_ptr<const Fault>>;

}  // namespace sevenstops::faults
