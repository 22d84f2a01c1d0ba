#include "load/users/http2_connection.hpp"
#include "load/users/users.hpp"

namespace sevenstops::load {

Task<> http2_user(Worker& worker) {
  auto& recorder = worker.recorder();
  while (auto job = co_await worker.dispatcher().next_job()) {
    const auto started = worker.now();
    Channel channel(worker.engine(), worker.peer());
    channel.socket().expire_at(started + base::seconds(worker.plan().connect_timeout));
    const auto opened = co_await channel.open();
    if (!opened.ok()) {
      const auto ending = opened.error != 0 ? ending_of(opened.error, Ending::connect_error,
                                                        worker.engine().stopping())
                                            : Ending::tls_error;
      recorder.not_connected(*job, ending, started, worker.engine().now());
      continue;
    }
    recorder.connected(*job, worker.now() - started);
    Http2Connection connection(worker, channel);
    co_await connection.run(*job);
  }
}

}  // namespace sevenstops::load
