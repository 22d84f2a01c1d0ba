// Boost.JSON compiled here once; the other files see declarations only.
#include <boost/json/src.hpp>
