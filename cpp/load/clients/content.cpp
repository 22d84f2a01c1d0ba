#include "load/clients/content.hpp"

#include "load/engine/engine.hpp"

namespace sevenstops::load {

// The scanner keeps so much of a content, and what it kept is taken away after each receiving.
static_assert(Socket::everything <= http::ResponseScanner::kept_bytes);

void Content::begin(bool to_head_request) {
  scanner_.begin(to_head_request, &piece_);
  state_ = State::more;
  piece_.clear();
}

Content::State Content::feed(std::string_view& bytes) {
  piece_.clear();
  if (state_ == State::more) {
    state_ = scanner_.feed(bytes);
    bytes_ += piece_.size();
    digest_.update(piece_);
  }
  return state_;
}

Content::State Content::closed() {
  piece_.clear();
  if (state_ == State::more) {
    state_ = scanner_.end();
  }
  return state_;
}

unsigned Content::status() const {
  constexpr unsigned first_final = 200;
  return scanner_.status() >= first_final ? scanner_.status() : 0;
}

}  // namespace sevenstops::load
