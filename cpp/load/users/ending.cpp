#include <cerrno>

#include "load/users/users.hpp"

namespace sevenstops::load {

Ending ending_of(int error, Ending otherwise, bool stopping) {
  if (stopping && (error == ECANCELED || error == ETIMEDOUT)) {
    return Ending::lost;
  }
  switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:
      return Ending::no_socket;
    case ECANCELED:
    case ETIMEDOUT:
      return otherwise == Ending::connect_error ? Ending::connect_timeout : Ending::read_timeout;
    default:
      return otherwise;
  }
}

}  // namespace sevenstops::load
