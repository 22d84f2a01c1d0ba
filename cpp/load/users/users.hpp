#pragma once

#include "load/dispatch/worker.hpp"

namespace sevenstops::load {

/// One honest user over HTTP/1.1: takes a job, sends it, records it, again.
[[nodiscard]] Task<> http1_user(Worker& worker);

/// One honest user over HTTP/2: a connection with as many jobs at once as the plan has streams.
[[nodiscard]] Task<> http2_user(Worker& worker);

/// How an errno of the engine reads as an ending; `otherwise` where it says nothing of its own.
[[nodiscard]] Ending ending_of(int error, Ending otherwise, bool stopping);

}  // namespace sevenstops::load
