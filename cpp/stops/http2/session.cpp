#include "stops/http2/session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "http/nghttp2.hpp"
#include "http/response.hpp"
#include "stops/http2/response_fields.hpp"

namespace sevenstops::stops {

using http::Reason;

namespace {

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

// What nghttp2 tells as it reads and writes.
struct Http2Session::Callbacks {
  static Http2Session& of(void* user_data) { return *static_cast<Http2Session*>(user_data); }
  static Http2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame,
                              void* user_data) {
    auto& self = of(user_data);
    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
      return 0;
    }
    const auto id = frame->hd.stream_id;
    auto& made = self.streams_[id] = std::make_unique<Http2Stream>(id, self.limits_.early);
    made->arrived = self.head_begun_.value_or(made->arrived);
    nghttp2_session_set_stream_user_data(session, id, made.get());
    return 0;
  }

  static int on_header(nghttp2_session* session, const nghttp2_frame* frame,
                       const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                       std::size_t value_size, std::uint8_t, void* user_data) {
    const auto& limits = of(user_data).limits_.trailer;
    auto* stream = stream_of(session, frame->hd.stream_id);
    if (stream == nullptr) {
      return 0;
    }
    const auto key = text(name, name_size);
    if (frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      stream->head.add(key, text(value, value_size));
      return 0;
    }
    stream->trailer_bytes += static_cast<std::int64_t>(name_size + value_size);
    stream->bad_trailer = stream->bad_trailer || !http::may_trail(key) ||
                          ++stream->trailer_fields > limits.fields ||
                          stream->trailer_bytes > limits.bytes;
    return 0;
  }

  // RFC 9113, 8.2.1: a message with such a field is malformed; nghttp2 alone would drop the field.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*,
                               std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
    auto& self = of(user_data);
    const bool ended = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    auto* stream = stream_of(session, frame->hd.stream_id);
    const bool of_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (of_message && ended) {
      self.history_.ended(frame->hd.stream_id);
    }
    self.resets_ += frame->hd.type == NGHTTP2_RST_STREAM ? 1 : 0;
    if (stream == nullptr) {
      return 0;
    }
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      self.head_is_whole(*stream, ended);
    } else if (of_message && ended) {
      stream->received = true;
      stream->input.notify();
    }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* data, std::size_t size, void* user_data) {
    auto* stream = stream_of(session, id);
    if (stream == nullptr) {
      nghttp2_session_consume(session, id, size);
      return 0;
    }
    stream->in.append(text(data, size));
    if (auto& fed = of(user_data).fed_; fed.empty() || fed.back() != id) {
      fed.push_back(id);
    }
    stream->input.notify();
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t, void* user_data) {
    if (auto* stream = stream_of(session, id)) {
      of(user_data).close(*stream);
    }
    return 0;
  }

  static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    of(user_data).frame_sent(*frame);
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* room,
                           std::size_t size, std::uint32_t* flags, nghttp2_data_source*,
                           void* user_data) {
    constexpr std::size_t most_behind = 65536;
    auto* stream = stream_of(session, id);
    if (stream == nullptr) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    const auto pending = stream->pending();
    const auto take = std::min(size, pending.size());
    if (take == 0 && !stream->finished) {
      stream->deferred = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::copy_n(pending.data(), take, room);
    of(user_data).touch(*stream);
    stream->begin += take;
    if (stream->begin == stream->out.size()) {
      stream->out.clear();
      stream->begin = 0;
      *flags |= stream->finished ? NGHTTP2_DATA_FLAG_EOF : NGHTTP2_DATA_FLAG_NONE;
    } else if (stream->begin > most_behind && stream->begin > stream->out.size() / 2) {
      stream->out.erase(0, std::exchange(stream->begin, 0));
    }
    return static_cast<ssize_t>(take);
  }
};

Http2Session::Http2Session(const Http2Settings& settings, const Http2HeadLimits& limits,
                           std::function<void(Reason)> refused)
    : settings_(settings),
      limits_(limits),
      refused_(std::move(refused)),
      budget_(settings, limits.early.head) {
  nghttp2_session_callbacks* made = nullptr;
  nghttp2_session_callbacks_new(&made);
  const std::unique_ptr<nghttp2_session_callbacks, http::FreeOfNghttp2> callbacks(made);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, Callbacks::on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(made, Callbacks::on_header);
  nghttp2_session_callbacks_set_on_invalid_header_callback(made, Callbacks::on_invalid_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, Callbacks::on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, Callbacks::on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, Callbacks::on_close);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, Callbacks::on_sent);
  nghttp2_option* options = nullptr;
  nghttp2_option_new(&options);
  const std::unique_ptr<nghttp2_option, http::FreeOfNghttp2> option(options);
  nghttp2_option_set_no_auto_window_update(options, 1);
  nghttp2_option_set_no_closed_streams(options, 1);
  nghttp2_option_set_max_outbound_ack(options, static_cast<std::size_t>(settings.acknowledgements));
  http::lift_limits(options);
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new2(&session, made, this, options);
  session_.reset(session);
  configure();
}

void Http2Session::configure() {
  const auto size = [](std::int64_t n) { return static_cast<std::uint32_t>(n); };
  const std::array entries = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, size(settings_.streams)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, size(settings_.stream_window)},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, size(limits_.last.head)}};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, entries.data(), entries.size());
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(settings_.connection_window));
}

bool Http2Session::feed(std::string_view bytes) {
  std::optional<nghttp2_frame_hd> begun;
  while (!trouble_) {
    const auto piece = scanner_.next(bytes, begun);
    if (piece.empty() || (begun && !may_begin(*begun))) {
      break;
    }
    const auto used = nghttp2_session_mem_recv(
        session_.get(), reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size());
    if (used < 0) {
      give_up(used == NGHTTP2_ERR_FLOODED ? Reason::http2_acknowledgements
                                          : Reason::http2_protocol);
    }
    if (head_ends_ && scanner_.between()) {
      head_begun_.reset();
    }
  }
  return !trouble_;
}

bool Http2Session::may_begin(const nghttp2_frame_hd& frame) {
  if (frame.type == NGHTTP2_HEADERS) {
    head_begun_ = Clock::now();
  }
  head_ends_ = (frame.type == NGHTTP2_HEADERS || frame.type == NGHTTP2_CONTINUATION) &&
               (frame.flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  if (const auto reason = budget_.received(frame)) {
    give_up(*reason);
    return false;
  }
  const bool live = nghttp2_session_find_stream(session_.get(), frame.stream_id) != nullptr;
  if (const auto fault = history_.received(frame, live)) {
    fault_ = *fault;
    give_up(Reason::http2_protocol);
    return false;
  }
  return true;
}

void Http2Session::gather(std::string& out, std::size_t enough) {
  const std::uint8_t* piece = nullptr;
  while (out.size() < enough) {
    const auto size = nghttp2_session_mem_send(session_.get(), &piece);
    if (size <= 0) {
      break;
    }
    out.append(text(piece, static_cast<std::size_t>(size)));
  }
}

void Http2Session::taken() {
  for (const auto id : std::exchange(touched_, {})) {
    if (const auto found = streams_.find(id); found != streams_.end()) {
      found->second->in_flight = false;
      found->second->progress = true;
      found->second->output.notify();
    }
  }
}

void Http2Session::touch(Http2Stream& stream) {
  if (!stream.in_flight) {
    stream.in_flight = true;
    touched_.push_back(stream.id);
  }
}

void Http2Session::leave(bool last) {
  if (ended_ || trouble_) {
    return;
  }
  if (!std::exchange(leaving_, true)) {
    nghttp2_submit_shutdown_notice(session_.get());
  }
  if (last && !std::exchange(left_, true)) {
    nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                          nullptr, 0);
  }
}

void Http2Session::end() {
  if (std::exchange(ended_, true) || (left_ && !trouble_)) {
    return;
  }
  std::uint32_t error = NGHTTP2_NO_ERROR;
  if (trouble_) {
    error = trouble_ == Reason::http2_protocol ? fault_ : std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM};
  }
  nghttp2_session_terminate_session(session_.get(), error);
}

void Http2Session::give_up(Reason reason) { trouble_ = trouble_.value_or(reason); }

bool Http2Session::done() const {
  return nghttp2_session_want_read(session_.get()) == 0 &&
         nghttp2_session_want_write(session_.get()) == 0;
}

void Http2Session::head_is_whole(Http2Stream& stream, bool ended) {
  if (served_ >= 2 * settings_.streams) {
    refused_(Reason::http2_streams);
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  stream.received = ended;
  stream.request.arrived = stream.arrived;
  stream.request.secure = limits_.secure;
  stream.parsed = stream.head.finish(stream.request, limits_.last, ended, limits_.leniency);
  stream.served = true;
  ++served_;
  opened_.push_back(stream.id);
}

void Http2Session::frame_sent(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_DATA:
      budget_.sent_data(frame.hd.length);
      [[fallthrough]];
    case NGHTTP2_HEADERS:
      if (auto* stream = Callbacks::stream_of(session_.get(), frame.hd.stream_id)) {
        touch(*stream);
        stream->end_framed = stream->end_framed || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
      }
      break;
    case NGHTTP2_RST_STREAM:
      if (frame.rst_stream.error_code == NGHTTP2_PROTOCOL_ERROR) {
        // RFC 9113, 8.1.1: so ends a message that is malformed.
        refused_(Reason::http2_message);
      }
      if (const auto reason = budget_.sent_reset(frame.rst_stream.error_code)) {
        give_up(*reason);
      }
      break;
    case NGHTTP2_GOAWAY:
      if (frame.goaway.error_code != NGHTTP2_NO_ERROR) {
        give_up(Reason::http2_protocol);
      }
      break;
    default:
      break;
  }
}

void Http2Session::close(Http2Stream& stream) {
  stream.closed = true;
  if (!stream.served) {
    streams_.erase(stream.id);
    return;
  }
  stream.input.notify();
  stream.output.notify();
  stream.left.notify();
}

void Http2Session::submit(Http2Stream& stream, std::string_view head) {
  nghttp2_data_provider provider{};
  provider.read_callback = Callbacks::read_body;
  const bool content = !stream.finished || !stream.pending().empty();
  stream.submitted = true;
  const ResponseFields fields(head);
  nghttp2_submit_response(session_.get(), stream.id, fields.all().data(), fields.all().size(),
                          content ? &provider : nullptr);
}

void Http2Session::interim(const Http2Stream& stream, unsigned status) {
  std::string head;
  http::append_interim(head, status);
  const ResponseFields fields(head);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream.id, nullptr, fields.all().data(),
                         fields.all().size(), nullptr);
}

void Http2Session::resume(Http2Stream& stream) {
  if (std::exchange(stream.deferred, false)) {
    nghttp2_session_resume_data(session_.get(), stream.id);
  }
}

void Http2Session::consume(const Http2Stream& stream, std::size_t bytes) {
  nghttp2_session_consume(session_.get(), stream.id, bytes);
}

void Http2Session::retire(Http2Stream& stream) {
  consume(stream, stream.in.size());
  if (!stream.closed) {
    nghttp2_session_set_stream_user_data(session_.get(), stream.id, nullptr);
    // RFC 9113, 8.1: one whose answer is whole need not send the rest of its body.
    const auto code = stream.end_framed  ? NGHTTP2_NO_ERROR
                      : stream.timed_out ? NGHTTP2_CANCEL
                                         : NGHTTP2_INTERNAL_ERROR;
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id, code);
  }
  --served_;
  streams_.erase(stream.id);
}

}  // namespace sevenstops::stops
