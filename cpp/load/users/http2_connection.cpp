#include "load/users/http2_connection.hpp"

#include <array>
#include <charconv>

#include "http/nghttp2.hpp"
#include "http/response_scanner.hpp"
#include "load/users/users.hpp"

namespace sevenstops::load {
namespace {

// RFC 9113, 4.1: before each frame's payload.
constexpr std::size_t frame_head = 9;
constexpr unsigned first_final_status = 200;

std::string lower(std::string text) {
  for (auto& c : text) {
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return text;
}

}  // namespace

// What nghttp2 tells as it reads and sends.
struct Http2Connection::Callbacks {
  static Http2Connection& of(void* user_data) { return *static_cast<Http2Connection*>(user_data); }
  static Http2Slot* slot_of(nghttp2_session* session, std::int32_t stream) {
    return static_cast<Http2Slot*>(nghttp2_session_get_stream_user_data(session, stream));
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void* user_data) {
    auto* slot = slot_of(session, frame->hd.stream_id);
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    if (slot != nullptr && key == ":status") {
      const auto* text = reinterpret_cast<const char*>(value);
      std::from_chars(text, text + value_size, slot->status);
      slot->first = of(user_data).worker_.engine().now();
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t stream,
                     const std::uint8_t* data, std::size_t size, void* user_data) {
    auto* slot = slot_of(session, stream);
    if (slot != nullptr && slot->job &&
        !of(user_data).worker_.plan().requests[slot->job->request].expect.empty()) {
      const auto room = http::ResponseScanner::kept_bytes - slot->kept.size();
      slot->kept.append(reinterpret_cast<const char*>(data), std::min(size, room));
    }
    return 0;
  }

  // A head goes out only when the peer has room for its stream, which may be long after the submit.
  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    auto* slot = slot_of(session, frame->hd.stream_id);
    if (slot == nullptr || !slot->job) {
      return 0;
    }
    auto& worker = of(user_data).worker_;
    worker.recorder().carried(*slot->job, frame_head + frame->hd.length, 0);
    if (frame->hd.type == NGHTTP2_HEADERS) {
      worker.recorder().sent(*slot->job, std::max(slot->started, worker.engine().now()));
    }
    return 0;
  }

  static int on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* head,
                            void* user_data) {
    const auto* slot = slot_of(session, head->stream_id);
    if (slot != nullptr && slot->job) {
      of(user_data).worker_.recorder().carried(*slot->job, 0, frame_head + head->length);
    }
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void*) {
    auto* slot = slot_of(session, frame->hd.stream_id);
    const bool of_an_answer = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (slot != nullptr && of_an_answer) {
      slot->ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    }
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t stream, std::uint32_t error,
                      void* user_data) {
    auto* slot = slot_of(session, stream);
    if (slot != nullptr && slot->job) {
      of(user_data).closed(*slot, error);
    }
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* room, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    auto& left = static_cast<Http2Slot*>(source->ptr)->body_left;
    const auto take = std::min(size, left.size());
    std::copy_n(left.data(), take, room);
    left.remove_prefix(take);
    if (left.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
    }
    return static_cast<ssize_t>(take);
  }
};

Http2Connection::Http2Connection(Worker& worker, Channel& channel)
    : worker_(worker), channel_(channel) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const std::unique_ptr<nghttp2_session_callbacks, http::FreeOfNghttp2> callbacks(made);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::on_sent);
  nghttp2_session_callbacks_set_on_begin_frame_callback(made, Callbacks::on_begin_frame);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::on_close);
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, made, this);
  session_.reset(session);
  configure(worker.plan().http2);
  for (std::int64_t i = 0; i < worker.plan().http2.streams; ++i) {
    slots_.push_back(std::make_unique<Http2Slot>(*this, worker.dispatcher()));
  }
}

void Http2Connection::configure(const Http2Spec& spec) {
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
                             static_cast<std::uint32_t>(spec.stream_window)}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(spec.connection_window));
}

Task<> Http2Connection::run(const Job& first_job) {
  TaskGroup writer;
  writer.spawn(write());
  slots_.front()->job = first_job;
  submit(*slots_.front());
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    slots_[i]->next();
  }
  flush();
  std::exception_ptr failure;
  try {
    co_await read();
  } catch (...) {
    failure = std::current_exception();
  }
  retire();
  co_await writer.join();
  if (failure) {
    std::rethrow_exception(failure);
  }
}

Task<> Http2Connection::read() {
  while (!done()) {
    channel_.socket().expire_at(next_deadline());
    const auto got = co_await channel_.receive();
    if (!got.ended()) {
      const auto used = nghttp2_session_mem_recv(
          session_.get(), reinterpret_cast<const std::uint8_t*>(got.bytes.data()),
          got.bytes.size());
      flush();
      if (used < 0 || unsendable_) {
        co_return;
      }
    } else if (cut_by_us(got.error) && !unsendable_) {
      fail_overdue();
      flush();
    } else {
      error_ = got.error;
      co_return;
    }
  }
}

Task<> Http2Connection::write() {
  while (!unsendable_) {
    co_await Wanted{*this};
    if (retired_) {
      co_return;
    }
    for (gather(); !out_.empty() && !unsendable_; gather()) {
      unsendable_ = co_await channel_.send(out_) != 0;
    }
  }
  wake_reader();
}

// What nghttp2 has to send, about 64 KiB of it at most.
void Http2Connection::gather() {
  constexpr std::size_t enough = 65536;
  out_.clear();
  const std::uint8_t* piece = nullptr;
  while (out_.size() < enough) {
    const auto size = nghttp2_session_mem_send(session_.get(), &piece);
    if (size <= 0) {
      break;
    }
    out_.append(reinterpret_cast<const char*>(piece), static_cast<std::size_t>(size));
  }
}

void Http2Connection::flush() {
  flush_wanted_ = true;
  // Elsewhere it is sending, and looks again when it has sent.
  if (writer_) {
    std::exchange(writer_, nullptr).resume();
  }
}

bool Http2Connection::takes_requests() const {
  return !unsendable_ && nghttp2_session_check_request_allowed(session_.get()) != 0;
}

void Http2Connection::submit(Http2Slot& slot) {
  const auto& job = *slot.job;
  const auto& spec = worker_.plan().requests[job.request];
  slot.started = worker_.now();
  slot.first = {};
  slot.status = 0;
  slot.ended = false;
  slot.kept.clear();
  slot.body_left = worker_.bytes().body(job);
  target_.clear();
  worker_.bytes().append_target(job, target_);
  std::vector<std::string> names;
  names.reserve(spec.headers.size());
  std::vector<nghttp2_nv> fields = {
      http::field_of_nghttp2(":method", spec.method),
      http::field_of_nghttp2(":scheme", channel_.plain() ? "http" : "https"),
      http::field_of_nghttp2(":authority", worker_.peer().host),
      http::field_of_nghttp2(":path", target_)};
  for (const auto& [name, value] : spec.headers) {
    // RFC 9113, 8.2.1: names travel in lower case.
    names.push_back(lower(name));
    fields.push_back(http::field_of_nghttp2(names.back(), value));
  }
  nghttp2_data_provider provider{};
  provider.source.ptr = &slot;
  provider.read_callback = Callbacks::read_body;
  slot.stream = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                       slot.body_left.empty() ? nullptr : &provider, &slot);
  if (slot.stream < 0) {
    fail(slot, Ending::reset);
    return;
  }
  started_.push_back(&slot);
}

void Http2Connection::dismissed() {
  if (++dismissed_ == slots_.size()) {
    wake_reader();
  }
}

void Http2Connection::closed(Http2Slot& slot, std::uint32_t error) {
  std::erase(started_, &slot);
  if (error == NGHTTP2_REFUSED_STREAM) {
    // RFC 9113, 8.7: nothing of it was done.
    worker_.dispatcher().requeue(*std::exchange(slot.job, std::nullopt));
  } else if (error != NGHTTP2_NO_ERROR || slot.status < first_final_status || !slot.ended) {
    fail(slot, Ending::reset);
  } else {
    answered(slot);
  }
  slot.next();
}

void Http2Connection::answered(Http2Slot& slot) {
  const auto job = *std::exchange(slot.job, std::nullopt);
  const auto& expect = worker_.plan().requests[job.request].expect;
  const auto now = worker_.engine().now();
  auto& recorder = worker_.recorder();
  recorder.phases(job, slot.first - slot.started, now - slot.first);
  recorder.answered(job, slot.started, now, slot.status,
                    expect.empty() || slot.kept.find(expect) != std::string::npos);
}

void Http2Connection::fail(Http2Slot& slot, Ending ending) {
  worker_.recorder().failed(*slot.job, ending, worker_.engine().now());
  slot.job.reset();
}

bool Http2Connection::done() const {
  return dismissed_ == slots_.size() || (started_.empty() && !takes_requests()) ||
         (nghttp2_session_want_read(session_.get()) == 0 &&
          nghttp2_session_want_write(session_.get()) == 0);
}

Clock::time_point Http2Connection::next_deadline() const {
  return started_.empty() ? Clock::time_point::max()
                          : started_.front()->started + base::seconds(worker_.plan().read_timeout);
}

void Http2Connection::fail_overdue() {
  const auto now = worker_.now();
  while (!started_.empty() && next_deadline() <= now) {
    auto& slot = *started_.front();
    started_.pop_front();
    nghttp2_session_set_stream_user_data(session_.get(), slot.stream, nullptr);
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, slot.stream, NGHTTP2_CANCEL);
    fail(slot, Ending::read_timeout);
    slot.next();
  }
}

// A sending begun in between makes a deadline look like a cancelling.
bool Http2Connection::cut_by_us(int error) const {
  return (error == ETIMEDOUT || error == ECANCELED) && !worker_.engine().stopping();
}

// Ends every slot and then the writer.
void Http2Connection::retire() {
  const bool stopping = worker_.engine().stopping();
  for (auto& slot : slots_) {
    slot->leave();
    if (!slot->job) {
      continue;
    }
    // nghttp2 may look at a slot once more, when the session is closed.
    const auto* stream = nghttp2_session_find_stream(session_.get(), slot->stream);
    const bool unsent =
        stream == nullptr ||
        nghttp2_stream_get_state(const_cast<nghttp2_stream*>(stream)) == NGHTTP2_STREAM_STATE_IDLE;
    if (unsent && !stopping) {
      worker_.dispatcher().requeue(*std::exchange(slot->job, std::nullopt));
    } else {
      const auto otherwise = error_ == 0 ? Ending::closed_early : Ending::reset;
      fail(*slot, ending_of(error_, otherwise, stopping));
    }
  }
  retired_ = true;
  flush();
}

}  // namespace sevenstops::load
