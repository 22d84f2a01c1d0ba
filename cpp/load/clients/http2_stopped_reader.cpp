#include <array>
#include <charconv>
#include <memory>

#include "http/nghttp2.hpp"
#include "load/clients/conversation.hpp"

namespace sevenstops::load {
namespace {

template <class Value>
using Owned = std::unique_ptr<Value, http::FreeOfNghttp2>;

// A request that is waited for.
struct Asked {
  unsigned status = 0;
  std::uint64_t bytes = 0;
  bool closed = false;
  bool whole = false;
};

// One connection with the windows that a client has which says nothing about them.
class StoppedReader {
 public:
  StoppedReader(Worker& worker, const Crowd& crowd, CrowdRecord& record);

  [[nodiscard]] Task<> run();

 private:
  struct Callbacks;

  [[nodiscard]] std::int32_t submit(const std::string& target, Asked* asked);
  [[nodiscard]] Task<bool> flush();
  // Asks, and waits for the answer or until it is too late. False where the connection has ended.
  [[nodiscard]] Task<bool> ask(const std::string& target);

  Worker& worker_;
  const Crowd& crowd_;
  CrowdRecord& record_;
  Conversation with_;
  Owned<nghttp2_session> session_;
};

struct StoppedReader::Callbacks {
  static Asked* asked(nghttp2_session* session, std::int32_t stream) {
    return static_cast<Asked*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void*) {
    auto* request = asked(session, frame->hd.stream_id);
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    if (request != nullptr && key == ":status") {
      const auto* text = reinterpret_cast<const char*>(value);
      std::from_chars(text, text + value_size, request->status);
    }
    return 0;
  }

  // The windows stay shut by what nobody asked for.
  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                     const std::uint8_t*, std::size_t size, void*) {
    if (auto* request = asked(session, stream)) {
      request->bytes += size;
      nghttp2_session_consume(session, stream, size);
    }
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t stream, std::uint32_t error, void*) {
    if (auto* request = asked(session, stream)) {
      request->closed = true;
      request->whole = error == NGHTTP2_NO_ERROR;
    }
    return 0;
  }
};

StoppedReader::StoppedReader(Worker& worker, const Crowd& crowd, CrowdRecord& record)
    : worker_(worker), crowd_(crowd), record_(record), with_(worker, crowd, record) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const Owned<nghttp2_session_callbacks> callbacks(made);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::on_close);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  const Owned<nghttp2_option> option(options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new2(&session, made, this, options);
  session_.reset(session);
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, nullptr, 0);
}

std::int32_t StoppedReader::submit(const std::string& target, Asked* asked) {
  const std::array fields = {
      http::field_of_nghttp2(":method", "GET"),
      http::field_of_nghttp2(":scheme", with_.channel().plain() ? "http" : "https"),
      http::field_of_nghttp2(":authority", worker_.peer().host),
      http::field_of_nghttp2(":path", target)};
  return nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), nullptr,
                                asked);
}

Task<bool> StoppedReader::flush() {
  std::string out;
  const std::uint8_t* piece = nullptr;
  for (auto size = nghttp2_session_mem_send(session_.get(), &piece); size > 0;
       size = nghttp2_session_mem_send(session_.get(), &piece)) {
    out.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
  }
  bool sent = out.empty();
  if (!sent) {
    sent = co_await with_.send(out);
  }
  co_return sent;
}

Task<bool> StoppedReader::ask(const std::string& target) {
  Asked asked;
  const auto began = worker_.now();
  const auto end = began + base::seconds(worker_.plan().read_timeout);
  const auto stream = submit(target, &asked);
  bool going = stream >= 0 && co_await flush();
  while (going && !asked.closed && worker_.now() < end) {
    with_.channel().socket().expire_at(end);
    const auto got = co_await with_.channel().receive();
    with_.channel().socket().never_expire();
    record_.bytes_read += got.bytes.size();
    if (got.ended()) {
      going = got.error == ETIMEDOUT;
      break;
    }
    going = nghttp2_session_mem_recv(session_.get(),
                                     reinterpret_cast<const std::uint8_t*>(got.bytes.data()),
                                     got.bytes.size()) >= 0;
    if (going) {
      going = co_await flush();
    }
  }
  record_.add({.status = asked.status,
               .body_bytes = asked.bytes,
               .whole = asked.whole,
               .seconds = base::in_seconds(worker_.now() - began),
               .why = asked.whole    ? ""
                      : asked.closed ? "reset"
                                     : "no answer in time"});
  if (going && !asked.closed) {
    nghttp2_session_set_stream_user_data(session_.get(), stream, nullptr);
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, NGHTTP2_CANCEL);
  }
  co_return going;
}

Task<> StoppedReader::run() {
  record_.fetches_due += static_cast<std::uint64_t>(crowd_.depth) * crowd_.pieces.size();
  if (!co_await with_.open()) {
    co_return;
  }
  bool going = submit(crowd_.target, nullptr) >= 0 && co_await flush();
  // What the windows let through comes first.
  co_await with_.pause(crowd_.pause);
  for (std::int64_t asked = 0; going && asked < crowd_.depth; ++asked) {
    for (const auto& [target, seconds] : crowd_.pieces) {
      if (going && !worker_.engine().stopping()) {
        going = co_await ask(target);
        co_await with_.pause(seconds);
      }
    }
  }
}

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  StoppedReader reader(worker, crowd, record);
  co_await reader.run();
}

const RegisterClient registered(
    {.name = "http2_stopped_reader",
     .meaning = "HTTP/2: asks for `target`, opens no window for it, and `pause` seconds later asks "
                "`depth` times for each target in `pieces` on the same connection, waiting the "
                "seconds beside it after the answer",
     .needs = {"pieces"},
     .run = run});

}  // namespace
}  // namespace sevenstops::load
