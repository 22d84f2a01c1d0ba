#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_set>

#include "load/clients/content.hpp"
#include "load/clients/page.hpp"
#include "load/dispatch/worker.hpp"
#include "load/engine/channel.hpp"
#include "load/plan/client_kind.hpp"

namespace sevenstops::load {
namespace {

using State = Content::State;

constexpr std::string_view load_ended = "the load ended";

// What one fetch of a whole list has found so far.
struct Fetch {
  explicit Fetch(Clock::time_point when) : due(when) {}

  const Clock::time_point due;
  unsigned status = 0;
  std::uint64_t pages = 0;
  std::unordered_set<std::string> followed;
  std::uint64_t followed_bytes = 0;
  RowIds ids;
  Content content;
};

class Pager {
 public:
  Pager(Worker& worker, const Crowd& crowd, CrowdRecord& record)
      : worker_(worker), crowd_(crowd), record_(record) {}

  // Fetches again and again until the load's end.
  [[nodiscard]] Task<> run();

 private:
  // Each gives why the fetch is not whole, or nothing.
  [[nodiscard]] Task<std::string_view> fetch(Fetch& list);
  [[nodiscard]] Task<std::string_view> ask(const std::string& path);
  [[nodiscard]] Task<std::string_view> read(Fetch& list, Page& page);
  [[nodiscard]] static std::string_view follow(Fetch& list, const std::string& path);
  [[nodiscard]] std::string_view broken(int error) const;

  void list_fetch(const Fetch& list, std::string_view why);
  void expire_within(double seconds) {
    channel_->socket().expire_at(std::min(worker_.now() + base::seconds(seconds), worker_.end()));
  }

  Worker& worker_;
  const Crowd& crowd_;
  CrowdRecord& record_;
  std::optional<Channel> channel_;
  unsigned status_ = 0;
};

Task<> Pager::run() {
  // One that is turned away at once must not make this a loop without a pause.
  constexpr std::chrono::milliseconds at_least{10};
  auto& engine = worker_.engine();
  const auto start = worker_.now();
  const auto phase = worker_.chance();
  const auto lasts = base::in_seconds(worker_.end() - start);
  std::uint64_t begun = 0;
  while (!worker_.over()) {
    const auto due = (static_cast<double>(begun) + phase) / crowd_.rate;
    if (due >= lasts) {
      break;
    }
    Fetch list(start + base::seconds(due));
    co_await engine.sleep_until(list.due);
    if (worker_.over()) {
      break;
    }
    ++begun;
    const auto began = worker_.now();
    const auto why = co_await fetch(list);
    list_fetch(list, why);
    channel_.reset();
    if (!why.empty() && !worker_.over()) {
      co_await engine.sleep_until(began + at_least);
    }
  }
  const auto lasted = std::min(lasts, base::in_seconds(worker_.now() - start));
  constexpr double surely_enough = 1e15;
  const auto came_due = std::clamp(std::ceil(lasted * crowd_.rate - phase), 0.0, surely_enough);
  record_.fetches_due += std::max(begun, static_cast<std::uint64_t>(came_due));
  ++record_.statuses[status_];
}

void Pager::list_fetch(const Fetch& list, std::string_view why) {
  status_ = list.status != 0 ? list.status : status_;
  record_.add({.status = list.status,
               .body_bytes = list.content.bytes(),
               .sha256 = list.content.sha256(),
               .whole = why.empty(),
               .seconds = base::in_seconds(worker_.now() - list.due),
               .pages = list.pages,
               .rows = list.ids.distinct(),
               .repeated = list.ids.repeated(),
               .why = std::string(why)});
}

Task<std::string_view> Pager::fetch(Fetch& list) {
  auto path = crowd_.target;
  while (true) {
    if (const auto why = follow(list, path); !why.empty()) {
      co_return why;
    }
    if (const auto why = co_await ask(path); !why.empty()) {
      co_return why;
    }
    Page page(list.ids);
    if (const auto why = co_await read(list, page); !why.empty()) {
      co_return why;
    }
    ++list.pages;
    if (!page.next()) {
      break;
    }
    path = *page.next();
  }
  if (list.ids.nameless() > 0) {
    co_return "a row without an id";
  }
  co_return list.ids.repeated() > 0 ? "a row that came again" : "";
}

std::string_view Pager::follow(Fetch& list, const std::string& path) {
  constexpr std::uint64_t most_pages = 100'000;
  constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;
  const auto visible = [](unsigned char c) { return c > ' ' && c != 0x7f; };
  if (!path.starts_with('/') || !std::ranges::all_of(path, visible)) {
    return "its next is no path";
  }
  list.followed_bytes += path.size();
  if (list.pages == most_pages || list.followed_bytes > most_bytes) {
    return "more pages than are followed";
  }
  return list.followed.insert(path).second ? "" : "its next was followed before";
}

Task<std::string_view> Pager::ask(const std::string& path) {
  if (!channel_) {
    channel_.emplace(worker_.engine(), worker_.peer());
    expire_within(worker_.plan().connect_timeout);
    const auto opened = co_await channel_->open();
    if (!opened.ok()) {
      co_return worker_.over() ? load_ended : "no connection";
    }
  }
  const auto request = "GET " + path + " HTTP/1.1\r\nHost: " + worker_.peer().host + "\r\n\r\n";
  expire_within(worker_.plan().read_timeout);
  const int error = co_await channel_->send(request);
  record_.bytes_sent += error == 0 ? request.size() : 0;
  co_return error == 0 ? "" : broken(error);
}

Task<std::string_view> Pager::read(Fetch& list, Page& page) {
  constexpr std::uint64_t most_bytes = std::uint64_t{64} << 20;
  constexpr unsigned ok = 200;
  auto& content = list.content;
  const auto before = content.bytes();
  content.begin(false);
  std::string_view left;
  while (content.state() == State::more) {
    expire_within(worker_.plan().read_timeout);
    const auto got = co_await channel_->receive();
    record_.bytes_read += got.bytes.size();
    if (got.ended() && (got.error != 0 || content.closed() != State::done)) {
      co_return broken(got.error);
    }
    left = got.bytes;
    content.feed(left);
    list.status = content.status() != 0 ? content.status() : list.status;
    if (content.bytes() - before > most_bytes) {
      co_return "a page of more than 64 MiB";
    }
    if (content.status() == ok && !page.feed(content.piece())) {
      co_return page.why();
    }
  }
  if (content.state() == State::malformed) {
    co_return "an answer that is no HTTP";
  }
  if (content.status() != ok) {
    co_return "an answer other than 200";
  }
  if (!content.keep_alive() || !left.empty()) {
    channel_.reset();
  }
  co_return page.finish() ? "" : page.why();
}

std::string_view Pager::broken(int error) const {
  if (worker_.over()) {
    return load_ended;
  }
  return error == ETIMEDOUT ? "no answer in time" : "the connection broke";
}

Task<> run(Worker& worker, const Crowd& crowd, CrowdRecord& record) {
  Pager pager(worker, crowd, record);
  co_await pager.run();
}

const RegisterClient registered(
    {.name = "pager",
     .meaning = "honest: fetches a whole list, page by page as each names its `next`, `rate` times "
                "a second",
     .needs = {"rate"},
     .lasting = true,
     .run = run});

}  // namespace
}  // namespace sevenstops::load
