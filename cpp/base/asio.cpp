// Asio compiled here once; the other files see declarations only.
#include <boost/asio/impl/src.hpp>
