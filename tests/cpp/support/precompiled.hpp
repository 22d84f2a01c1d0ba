// Large headers that most tests include, parsed once for all of them. Nothing includes this file.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "stops/handle/endpoint.hpp"
#include "upstream/client.hpp"
