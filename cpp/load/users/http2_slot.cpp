#include "load/users/http2_connection.hpp"

namespace sevenstops::load {

void Http2Slot::assign(const Job& given) {
  if (!connection_.takes_requests()) {
    dispatcher_.requeue(given);
    return;
  }
  job = given;
  connection_.submit(*this);
  connection_.flush();
}

void Http2Slot::dismiss() { connection_.dismissed(); }

void Http2Slot::next() {
  if (!connection_.takes_requests()) {
    return;
  }
  if (!dispatcher_.try_acquire(job)) {
    dispatcher_.wait(*this);
  } else if (job) {
    connection_.submit(*this);
  } else {
    connection_.dismissed();
  }
}

}  // namespace sevenstops::load
