#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/dispatch/job.hpp"
#include "load/plan/pattern.hpp"
#include "load/plan/plan.hpp"

namespace sevenstops::load {

/// What goes onto the wire for a job; made once where nothing is drawn.
class RequestBytes {
 public:
  /// `host` is what the requests name as their Host.
  RequestBytes(const Plan& plan, std::string_view host);

  /// The whole HTTP/1.1 request. `scratch` is used where it has to be made, and the view is valid
  /// until that changes.
  [[nodiscard]] std::string_view http1(const Job& job, std::string& scratch) const;
  /// Appends the job's target.
  void append_target(const Job& job, std::string& out) const;
  [[nodiscard]] const std::string& body(const Job& job) const {
    return templates_[job.request].body;
  }

 private:
  struct Template {
    Pattern target;
    std::string body;
    // The request line up to the target, and what follows the target.
    std::string before;
    std::string after;
    // The whole, where the target is fixed; else empty.
    std::string prebuilt;
  };
  std::vector<Template> templates_;
};

}  // namespace sevenstops::load
