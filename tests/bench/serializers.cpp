// How fast rows become JSON: the service's serializer beside others, each over the same rows, in
// turns. Prints a JSON document: for each serializer and count of rows the bytes of an answer and
// the seconds that each round took for one.
//
//   serializers ROWS...        what is said above
//   serializers --page ROWS    an answer of so many rows

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <boost/json.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "stops/serialize/serialize.hpp"
#include "store/store.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using sevenstops::stops::Page;
using sevenstops::store::for_each_column;

std::string with_ours(const Page& page, bool compiled) {
  return sevenstops::stops::json_of(page, compiled);
}

// Into a buffer of the size that ours asks for; with `ready` the keys are written as they are, as
// ours are.
template <bool ready>
std::size_t with_rapidjson(const Page& page, std::string* copy) {
  constexpr std::size_t row_estimate = 200;
  rapidjson::StringBuffer buffer(nullptr, (page.orders.size() + 1) * row_estimate);
  rapidjson::Writer writer(buffer);
  const auto text = [&writer](std::string_view s) {
    writer.String(s.data(), static_cast<rapidjson::SizeType>(s.size()));
  };
  writer.StartObject();
  writer.Key("orders");
  writer.StartArray();
  for (const auto& order : page.orders) {
    writer.StartObject();
    for_each_column(order, [&](const auto& column, const auto& field) {
      if constexpr (ready) {
        // Without the comma in front and the colon behind.
        const auto key = column.key().substr(1, column.key().size() - 2);
        writer.RawValue(key.data(), key.size(), rapidjson::kStringType);
      } else {
        text(column.name());
      }
      if constexpr (std::is_same_v<decltype(field), const std::int64_t&>) {
        writer.Int64(field);
      } else {
        text(field);
      }
    });
    writer.EndObject();
  }
  writer.EndArray();
  writer.Key("next");
  writer.Null();
  writer.EndObject();
  if (copy != nullptr) {
    copy->assign(buffer.GetString(), buffer.GetSize());
  }
  return buffer.GetSize();
}

std::string with_boost(const Page& page, const boost::json::storage_ptr& memory) {
  boost::json::array rows(memory);
  for (const auto& order : page.orders) {
    boost::json::object row(memory);
    for_each_column(order,
                    [&](const auto& column, const auto& field) { row[column.name()] = field; });
    rows.push_back(std::move(row));
  }
  boost::json::object document(memory);
  document["orders"] = std::move(rows);
  document["next"] = nullptr;
  return boost::json::serialize(document);
}

std::string with_nlohmann(const Page& page) {
  nlohmann::ordered_json document;
  auto& rows = document["orders"] = nlohmann::ordered_json::array();
  for (const auto& order : page.orders) {
    nlohmann::ordered_json row;
    for_each_column(order, [&](const auto& column, const auto& field) {
      row[std::string(column.name())] = field;
    });
    rows.push_back(std::move(row));
  }
  document["next"] = nullptr;
  return document.dump();
}

// Gives the bytes of an answer, and the answer itself to whoever wants it.
struct Serializer {
  std::string_view name;
  std::function<std::size_t(const Page&, std::string*)> run;
};

template <class Make>
Serializer to_string(std::string_view name, Make make) {
  return {name, [make](const Page& page, std::string* copy) {
            auto made = make(page);
            const auto size = made.size();
            if (copy != nullptr) {
              *copy = std::move(made);
            }
            return size;
          }};
}

const std::vector<Serializer> serializers = {
    to_string("sevenstops", [](const Page& p) { return with_ours(p, true); }),
    {"RapidJSON Writer", with_rapidjson<false>},
    {"RapidJSON Writer, keys ready", with_rapidjson<true>},
    to_string("Boost.JSON, monotonic",
              [](const Page& p) {
                boost::json::monotonic_resource memory;
                return with_boost(p, &memory);
              }),
    to_string("Boost.JSON", [](const Page& p) { return with_boost(p, {}); }),
    to_string("nlohmann", with_nlohmann),
};

std::string answer_of(const Serializer& serializer, const Page& page) {
  std::string answer;
  (void)serializer.run(page, &answer);
  return answer;
}

Page page_of(std::int64_t rows) {
  return {.orders = sevenstops::store::Store(rows, 1).orders(0, rows)};
}

// Seconds for one answer, over `repeats` of them.
double seconds(const Serializer& serializer, const Page& page, std::int64_t repeats) {
  std::size_t bytes = 0;
  const auto start = Clock::now();
  for (std::int64_t i = 0; i < repeats; ++i) {
    bytes += serializer.run(page, nullptr);
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  if (bytes == 0) {
    std::cerr << "serializers: no bytes came out\n";
  }
  return took.count() / static_cast<double>(repeats);
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int rounds = 9;
  constexpr std::int64_t rows_a_round = 100'000;
  if (argc == 3 && std::string_view(argv[1]) == "--page") {
    std::cout << answer_of(serializers.front(), page_of(std::atoll(argv[2])));
    return 0;
  }
  boost::json::array results;
  for (int i = 1; i < argc; ++i) {
    const std::int64_t rows = std::atoll(argv[i]);
    const auto page = page_of(rows);
    const auto expected = answer_of(serializers.front(), page);
    for (const auto& serializer : serializers) {
      if (answer_of(serializer, page) != expected) {
        std::cerr << "serializers: " << serializer.name << " writes other bytes\n";
        return 1;
      }
    }
    std::vector<boost::json::array> took(serializers.size());
    for (int round = 0; round < rounds; ++round) {
      for (std::size_t turn = 0; turn < serializers.size(); ++turn) {
        const auto which = (static_cast<std::size_t>(round) + turn) % serializers.size();
        took[which].emplace_back(
            seconds(serializers[which], page, std::max<std::int64_t>(1, rows_a_round / rows)));
      }
    }
    for (std::size_t s = 0; s < serializers.size(); ++s) {
      results.push_back({{"name", serializers[s].name},
                         {"rows", rows},
                         {"bytes", expected.size()},
                         {"seconds", took[s]}});
    }
  }
  std::cout << boost::json::serialize(results) << "\n";
}
